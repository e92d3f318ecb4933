"""What earlier checks have found out and later ones need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pannier_server.backends.dynamodb.layout import DynamoDBLocation
from pannier_server.backends.dynamodb.wire.client import DynamoDBClient
from pannier_server.backends.dynamodb.wire.connector import Connector
from pannier_server.backends.dynamodb.wire.credentials import Credentials
from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.backends.dynamodb.wire.proxy import Proxy
from pannier_server.backends.dynamodb.wire.settings import WireSettings
from pannier_server.backends.dynamodb.wire.signing import Signer


@dataclass
class Known:
    """A table, and what is known of the way to it.

    What has no default is set by a check, and used only by checks that need that one.

    Attributes:
        location: What the store's URL says.
        environ: The environment.
        owner: Whose absent record to ask for.
        endpoint: Where requests go, by ``dynamodb.endpoint``.
        proxy: Through which proxy, by ``dynamodb.proxy``.
        signer: What signs requests, by ``dynamodb.tls``.
        connector: What opens connections, by ``dynamodb.tls``.
        credentials: By ``dynamodb.credentials``; None where there are none.
        description: The table's, by ``dynamodb.table``; empty where it may not be seen.
        account: The account's number, by ``dynamodb.identity``; empty where it is not known.
    """

    location: DynamoDBLocation
    environ: Mapping[str, str]
    owner: str
    endpoint: Endpoint = field(init=False)
    proxy: Proxy | None = None
    signer: Signer = field(init=False)
    connector: Connector = field(init=False)
    credentials: Credentials | None = None
    description: dict[str, Any] = field(default_factory=dict)
    account: str = ""
    _client: DynamoDBClient | None = None

    @property
    def wire_settings(self) -> WireSettings:
        """How the sidecar would reach DynamoDB."""
        return WireSettings(region=self.location.region, endpoint=self.location.endpoint)

    @property
    def table(self) -> str:
        """The table's name or ARN."""
        return self.location.layout.table

    @property
    def absent_key(self) -> dict[str, Any]:
        """The primary key of a row that nobody writes."""
        layout = self.location.layout
        return {
            layout.partition_key: {"S": layout.owner_prefix + self.owner},
            layout.sort_key: {"S": f"{layout.name_prefix}no-such-record"},
        }

    async def client(self) -> DynamoDBClient:
        """Return the sidecar's own client.

        Raises:
            StorageError: A setting is missing or wrong.
        """
        if self._client is None:
            self._client = await DynamoDBClient.open(self.wire_settings, environ=self.environ)
        return self._client

    async def close(self) -> None:
        """Close what was opened."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    @property
    def arn(self) -> str:
        """The table's ARN, with stars for what is not known of it."""
        if self.table.startswith("arn:"):
            return self.table
        told = self.description.get("TableArn", "")
        if told:
            return str(told)
        region = self.endpoint.region
        partitions = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        named = (name for start, name in partitions.items() if region.startswith(start))
        account = self.account or "*"
        return f"arn:{next(named, 'aws')}:dynamodb:{region}:{account}:table/{self.table}"
