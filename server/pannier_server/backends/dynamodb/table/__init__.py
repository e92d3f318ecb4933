"""The DynamoDB table itself: making it and verifying it, with boto3, for people to run.

The sidecar's own reads and writes do not pass here.
"""

from pannier_server.backends.dynamodb.table.check import check_table
from pannier_server.backends.dynamodb.table.create import create_table
from pannier_server.backends.dynamodb.table.findings import Finding, Level

__all__ = ["Finding", "Level", "check_table", "create_table"]
