"""The DynamoDB backend: rows that existing task stores can share, over a wire of our own."""

from typing import TYPE_CHECKING

from pannier_server.backends.store_url import StoreUrl

if TYPE_CHECKING:
    from pannier_server.backends.dynamodb.backend import DynamoDBBackend


def from_url(url: StoreUrl) -> "DynamoDBBackend":
    """Return the backend for a ``dynamodb:`` URL; see `layout.parse_dynamodb_url`.

    Raises:
        StoreUrlError: The table's name or an option cannot be used.
    """
    # The table commands need this package, and not the wire.
    from pannier_server.backends.dynamodb.backend import DynamoDBBackend
    from pannier_server.backends.dynamodb.layout import parse_dynamodb_url

    return DynamoDBBackend(parse_dynamodb_url(url))
