"""botocore's own answer to which endpoint and region it would use, seen from a request.

botocore reads the process's own environment and files. It blocks, and belongs in a
thread.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pannier_server.backends.dynamodb.wire.endpoint import Endpoint, parse_endpoint
from pannier_server.backends.errors import StoreMisconfigured

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session

MISSING_REGION = (
    "no AWS region is set; add ?region=… to the store's URL, or set AWS_DEFAULT_REGION or the "
    "profile's region (botocore, and so Pannier, does not read AWS_REGION)"
)


class _NoAnswer:
    """The body of the answer to a request that is not sent."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield b"{}"


def endpoint_from_botocore(region: str | None, url: str | None) -> Endpoint:
    """Return where botocore sends a request, without sending one.

    The client's ``meta.endpoint_url`` is not it: the rules of endpoints, which come
    later, decide otherwise in some partitions.

    Args:
        region: An explicit region, or None.
        url: An explicit endpoint, or None.

    Raises:
        StoreMisconfigured: botocore has no answer; the message says what to set.
    """
    from botocore.exceptions import BotoCoreError, NoRegionError
    from botocore.session import Session

    try:
        session = Session()
        client = _client(session, region, url)
        sent_to, signed_for = _watch_request(client)
        return parse_endpoint(sent_to, signed_for, session.get_config_variable("ca_bundle"))
    except NoRegionError:
        raise StoreMisconfigured(MISSING_REGION) from None
    except (BotoCoreError, ValueError) as error:
        raise StoreMisconfigured(f"the DynamoDB endpoint cannot be resolved: {error}") from None


def _client(session: "Session", region: str | None, url: str | None) -> "BaseClient":
    from botocore.config import Config

    # The keys are made up, so that nothing looks for real ones; nothing is sent.
    return session.create_client(
        "dynamodb",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
        config=Config(account_id_endpoint_mode="disabled"),
    )


def _watch_request(client: Any) -> tuple[str, str]:
    """Return the URL and the region of the signature of a request."""
    from botocore.awsrequest import AWSResponse
    from botocore.compat import HTTPHeaders

    seen: list[tuple[str, str]] = []

    def answer(request: Any, **_: object) -> AWSResponse:
        authorization = request.headers["Authorization"]
        if isinstance(authorization, bytes):
            authorization = authorization.decode()
        seen.append((request.url, authorization.split("/")[2]))
        return AWSResponse(request.url, 200, HTTPHeaders(), _NoAnswer())

    client.meta.events.register("before-send.dynamodb.ListTables", answer)
    client.list_tables()
    return seen[0]
