"""The store in DynamoDB, from its name in DNS to what the credentials may do with the table."""

from collections.abc import Mapping

from pannier_server.backends.dynamodb.layout import parse_dynamodb_url
from pannier_server.backends.store_url import StoreUrl
from pannier_server.doctor.check import Area
from pannier_server.doctor.dynamodb import clock, credentials, network, permissions, table
from pannier_server.doctor.dynamodb.known import Known

__all__ = ["area"]


def area(url: StoreUrl, environ: Mapping[str, str], owner: str) -> Area:
    """Return the checks of the table that a store URL names.

    Args:
        url: The URL.
        environ: The environment.
        owner: Whose absent record to ask for.
    """
    known = Known(parse_dynamodb_url(url), environ, owner)
    return Area(
        "Store in DynamoDB",
        [
            *network.checks(known),
            *credentials.checks(known),
            *clock.checks(known),
            *permissions.acceptance(known),
            *credentials.identity(known),
            *table.checks(known),
            *permissions.checks(known),
        ],
        known.close,
    )
