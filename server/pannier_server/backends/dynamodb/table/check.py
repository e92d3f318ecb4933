"""Whether a table is as the sidecar needs it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pannier_server.backends.dynamodb.layout import DynamoDBLocation, Layout
from pannier_server.backends.dynamodb.table.control_plane import ControlPlane
from pannier_server.backends.dynamodb.table.findings import Finding, Level, ok, problem, warning
from pannier_server.backends.errors import (
    StorageError,
    StoreUnavailable,
    TableMisconfigured,
    TableMissing,
)

_USABLE = {"ACTIVE", "UPDATING"}


def check_table(location: DynamoDBLocation) -> list[Finding]:
    """Return what is right and wrong about a table; nothing is changed.

    What cannot be found out is a finding too, so only settings that keep the question
    from being asked at all raise.

    Raises:
        StorageError: The region or another AWS setting is not usable.
    """
    plane = ControlPlane(location)
    endpoint = ok("endpoint", f"{plane.endpoint} answers, region {plane.region}")
    try:
        description = plane.describe()
    except TableMissing as error:
        return [endpoint, problem("table", error.message)]
    except StoreUnavailable as error:
        return [problem("endpoint", error.message)]
    except StorageError as error:
        return [problem("access", error.message)]
    return [
        endpoint,
        check_status(description),
        check_keys(description, location.layout),
        _check_time_to_live(plane, location.layout),
        _check_backups(plane),
        check_deletion_protection(description),
    ]


def check_status(description: Mapping[str, Any]) -> Finding:
    """Return whether a table takes reads and writes."""
    status = description.get("TableStatus", "unknown")
    if status in _USABLE:
        return ok("table", f"exists and is {status}")
    if status == "CREATING":
        return problem("table", "is being created; wait until it is ACTIVE")
    if status == "INACCESSIBLE_ENCRYPTION_CREDENTIALS":
        return problem("table", "cannot use its KMS key; enable the key or its grant again")
    return problem("table", f"is {status}; it takes no reads and writes")


def check_keys(description: Mapping[str, Any], layout: Layout) -> Finding:
    """Return whether a table has the keys that the layout names."""
    has = ", ".join(_keys(description))
    wants = f"partition key {layout.partition_key} (S), sort key {layout.sort_key} (S)"
    if has == wants:
        return ok("keys", has)
    return problem(
        "keys",
        f"the table has {has}, wanted is {wants}; use another table, or name its attributes "
        "in the store URL (partition_key=, sort_key=)",
    )


def require_keys(description: Mapping[str, Any], layout: Layout) -> None:
    """Raise where a table has other keys than the layout names.

    Raises:
        TableMisconfigured: It says which it has and which are wanted.
    """
    finding = check_keys(description, layout)
    if finding.level is not Level.OK:
        raise TableMisconfigured(finding.message)


def _keys(description: Mapping[str, Any]) -> Iterator[str]:
    types = {
        attribute["AttributeName"]: attribute["AttributeType"]
        for attribute in description.get("AttributeDefinitions", [])
    }
    for element in description.get("KeySchema", []):
        name = element["AttributeName"]
        kind = "partition key" if element["KeyType"] == "HASH" else "sort key"
        yield f"{kind} {name} ({types.get(name, '?')})"


def _check_time_to_live(plane: ControlPlane, layout: Layout) -> Finding:
    try:
        status, attribute = plane.time_to_live()
    except StorageError as error:
        return warning("TTL", f"cannot be looked at: {error.message}")
    return time_to_live_finding(status, attribute, layout)


def time_to_live_finding(status: str, attribute: str, layout: Layout) -> Finding:
    """Return whether a table's TTL removes expired records.

    Another attribute is a problem, since DynamoDB would delete rows by what else
    stands there; off is a warning, since expired records are hidden either way.
    """
    if status in {"ENABLED", "ENABLING"}:
        if attribute == layout.expires_at:
            return ok("TTL", f"on, by {attribute}")
        return problem(
            "TTL",
            f"on, but by {attribute} instead of {layout.expires_at}; write expires_at={attribute} "
            "in the store URL, or turn it off and run 'pannier table create' an hour later",
        )
    return warning(
        "TTL",
        "off: expired records stay hidden, but nobody removes them and they cost storage; "
        "turn it on with: pannier table create --store …",
    )


def _check_backups(plane: ControlPlane) -> Finding:
    try:
        on = plane.point_in_time_recovery()
    except StorageError as error:
        said = error.message if plane.is_aws else "this endpoint does not offer them"
        return warning("backups", f"cannot be looked at: {said}")
    return backups_finding(on=on)


def backups_finding(*, on: bool) -> Finding:
    """Return whether a table can be brought back to an earlier moment."""
    if on:
        return ok("backups", "point-in-time recovery is on")
    return warning(
        "backups",
        "point-in-time recovery is off: what is overwritten or deleted by mistake is gone; "
        "turn it on with: pannier table create --store …",
    )


def check_deletion_protection(description: Mapping[str, Any]) -> Finding:
    """Return whether a table can be deleted by mistake; both are fine."""
    on = description.get("DeletionProtectionEnabled", False)
    return ok("deletion protection", "on" if on else "off")
