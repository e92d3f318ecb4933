"""Tables for tests, made with boto3."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from tests.engines.aws_environment import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Table:
    """A DynamoDB table; ``endpoint`` is None where it is a real one in AWS."""

    name: str
    region: str | None = REGION
    endpoint: str | None = None

    @property
    def store_url(self) -> str:
        """The ``--store`` URL of this table."""
        query = {"endpoint": self.endpoint, "region": self.region}
        given = "&".join(f"{name}={value}" for name, value in query.items() if value)
        return f"dynamodb://{self.name}" + (f"?{given}" if given else "")

    def client(self) -> "DynamoDBClient":
        """Return a boto3 client to look at the table's rows, and to write foreign ones."""
        return boto3.client("dynamodb", region_name=self.region, endpoint_url=self.endpoint)


def create_table(
    table: Table,
    *,
    partition_key: str = "PK",
    sort_key: str = "SK",
    ttl_attribute: str | None = "expires_at",
) -> Table:
    """Create ``table`` with string keys, billed per request, and wait until it is active."""
    client = table.client()
    client.create_table(
        TableName=table.name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": partition_key, "AttributeType": "S"},
            {"AttributeName": sort_key, "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": partition_key, "KeyType": "HASH"},
            {"AttributeName": sort_key, "KeyType": "RANGE"},
        ],
    )
    client.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig={"Delay": 1})
    if ttl_attribute is not None:
        client.update_time_to_live(
            TableName=table.name,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": ttl_attribute},
        )
    return table
