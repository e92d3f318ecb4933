"""How records lie in a DynamoDB table: its name, its attributes and their prefixes."""

import re
from dataclasses import dataclass, fields
from urllib.parse import urlsplit

from pannier_server.backends.store_url import StoreUrl, StoreUrlError

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
_TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_TABLE_ARN = re.compile(r"arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table/[A-Za-z0-9_.-]{3,255}")
_ATTRIBUTES = (
    "partition_key",
    "sort_key",
    "version",
    "data",
    "expires_at",
    "write_id",
    "previous_write_id",
)

DEFAULT_TABLE = "pmcp_tasks"
"""The table that existing task stores use, and the one without another name."""

TASK_EXPIRY_JSON_FIELD = "expiresAt"
"""Where existing task stores keep a task's expiry in its JSON."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The names in the table. The defaults are those of existing task stores.

    Attributes:
        table: The table's name or ARN.
        partition_key: The attribute (S) with ``owner_prefix`` and the owner.
        sort_key: The attribute (S) with ``name_prefix`` and the name.
        owner_prefix: What stands before the owner.
        name_prefix: What stands before the name.
        version: The attribute (N) with the version.
        data: The attribute (S where it is UTF-8, else B) with the data.
        expires_at: The attribute (N) with the expiry in epoch seconds, absent for
            never; the table's TTL attribute.
        write_id: The attribute (S) with the id of the write that made the row.
        previous_write_id: The attribute (S) with the id of the write before it.
    """

    table: str = DEFAULT_TABLE
    partition_key: str = "PK"
    sort_key: str = "SK"
    owner_prefix: str = "OWNER#"
    name_prefix: str = "TASK#"
    version: str = "version"
    data: str = "data"
    expires_at: str = "expires_at"
    write_id: str = "write_id"
    previous_write_id: str = "prev_write_id"


@dataclass(frozen=True, slots=True)
class DynamoDBLocation:
    """Everything that a ``dynamodb:`` URL says.

    Attributes:
        layout: Where records lie.
        region: The AWS region, or None for the environment's.
        endpoint: The endpoint's URL, or None for the region's.
        expiry_json_field: See `StorageBackend.expiry_json_field`.
    """

    layout: Layout
    region: str | None
    endpoint: str | None
    expiry_json_field: str | None


def parse_dynamodb_url(url: StoreUrl) -> DynamoDBLocation:
    """Return what a URL such as ``dynamodb://table?region=eu-west-1`` says.

    Options: ``region``, ``endpoint``, ``layout=pmcp-tasks`` (rows as by default, and
    expiry from the JSON field ``expiresAt``), and each name of `Layout`.

    Raises:
        StoreUrlError: The table's name or an option cannot be used.
    """
    preset = url.take("layout")
    if preset not in {"", "pmcp-tasks"}:
        raise StoreUrlError(f"{url.text}: unknown layout {preset!r} (there is pmcp-tasks)")
    location = DynamoDBLocation(
        layout=_parse_layout(url),
        region=_parse_region(url),
        endpoint=_parse_endpoint(url),
        expiry_json_field=url.expiry_json_field or (TASK_EXPIRY_JSON_FIELD if preset else None),
    )
    url.refuse_unknown_options()
    return location


def _parse_layout(url: StoreUrl) -> Layout:
    table = (url.host + url.path) or DEFAULT_TABLE
    if not (_TABLE_NAME.fullmatch(table) or _TABLE_ARN.fullmatch(table)):
        raise StoreUrlError(
            f"{url.text}: what follows the slashes is no table name "
            "(3 to 255 letters, digits, '_', '-', '.')"
        )
    names = {
        field.name: url.take(field.name, str(field.default))
        for field in fields(Layout)
        if field.name != "table"
    }
    layout = Layout(table=table, **names)
    _check_attributes(url, layout)
    return layout


def _check_attributes(url: StoreUrl, layout: Layout) -> None:
    names = [getattr(layout, attribute) for attribute in _ATTRIBUTES]
    for attribute, name in zip(_ATTRIBUTES, names, strict=True):
        if not name or len(name.encode()) > 255:
            raise StoreUrlError(f"{url.text}: {attribute} must be a name of 1 to 255 bytes")
        if names.count(name) > 1:
            raise StoreUrlError(f"{url.text}: two attributes are called {name!r}")


def _parse_region(url: StoreUrl) -> str | None:
    region = url.take("region")
    if region and not re.fullmatch(r"[A-Za-z0-9-]+", region):
        raise StoreUrlError(f"{url.text}: region must be like eu-west-1")
    return region or None


def _parse_endpoint(url: StoreUrl) -> str | None:
    endpoint = url.take("endpoint").rstrip("/")
    if endpoint and not _is_endpoint(endpoint):
        raise StoreUrlError(f"{url.text}: endpoint must be like https://host:port")
    return endpoint or None


def _is_endpoint(text: str) -> bool:
    try:
        urlsplit(text).port  # noqa: B018 (it raises where the port is none)
    except ValueError:
        return False
    return re.fullmatch(r"https?://[^/?#@\s]+", text) is not None
