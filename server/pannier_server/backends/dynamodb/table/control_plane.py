"""The table's control plane through boto3, with its errors turned into the backend's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as aws
from botocore.config import Config

from pannier_server.backends.dynamodb.layout import DynamoDBLocation
from pannier_server.backends.dynamodb.wire.endpoint import AWS_DOMAINS
from pannier_server.backends.errors import (
    AccessDenied,
    CredentialsMissing,
    StorageError,
    StoreMisconfigured,
    StoreUnavailable,
    TableMisconfigured,
    TableMissing,
    Throttled,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "UnrecognizedClientException",
}
_THROTTLED = {"LimitExceededException", "Throttling", "ThrottlingException"}
_UNREACHABLE = (aws.HTTPClientError, aws.ConnectionError)
_NO_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.SSOError,
)


class ControlPlane:
    """The operations on one table that are not reads and writes of rows.

    Attributes:
        table: The table's name or ARN.
        client: The boto3 client.
    """

    def __init__(self, location: DynamoDBLocation) -> None:
        """Make the client; nothing is sent.

        Raises:
            StorageError: The region, the profile or another AWS setting is not usable.
        """
        self.table = location.layout.table
        config = Config(
            connect_timeout=5, read_timeout=15, retries={"mode": "standard", "max_attempts": 4}
        )
        with storage_errors():
            self.client: DynamoDBClient = boto3.Session().client(
                "dynamodb",
                region_name=location.region,
                endpoint_url=location.endpoint,
                config=config,
            )

    @property
    def region(self) -> str:
        """The region that requests are signed for."""
        return self.client.meta.region_name

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        return self.client.meta.endpoint_url

    @property
    def is_aws(self) -> bool:
        """Whether the endpoint is AWS itself rather than a local engine."""
        return (urlsplit(self.endpoint).hostname or "").endswith(AWS_DOMAINS)

    def describe(self) -> dict[str, Any]:
        """Return the table's description.

        Raises:
            TableMissing: The table does not exist.
            StorageError: The question could not be asked.
        """
        with storage_errors():
            return dict(self.client.describe_table(TableName=self.table)["Table"])

    def time_to_live(self) -> tuple[str, str]:
        """Return the status of TTL and the attribute it looks at, empty where there is none.

        Raises:
            StorageError: The question could not be asked.
        """
        with storage_errors():
            answer = self.client.describe_time_to_live(TableName=self.table)
        description = answer["TimeToLiveDescription"]
        return description["TimeToLiveStatus"], description.get("AttributeName", "")

    def point_in_time_recovery(self) -> bool:
        """Return whether point-in-time recovery is on.

        Raises:
            StorageError: The question could not be asked.
        """
        with storage_errors():
            answer = self.client.describe_continuous_backups(TableName=self.table)
        recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return recovery.get("PointInTimeRecoveryStatus") == "ENABLED"


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn botocore's errors into the backend's, with what to do about them.

    Raises:
        StorageError: In place of what botocore raised.
    """
    try:
        yield
    except (aws.BotoCoreError, aws.ClientError, ValueError) as error:
        raise _translate(error) from error


def _translate(error: Exception) -> StorageError:
    if isinstance(error, aws.ClientError):
        return _from_answer(error)
    if isinstance(error, aws.NoRegionError):
        return StoreMisconfigured(
            "no AWS region is set; write it in the store URL (?region=eu-west-1) "
            "or set AWS_DEFAULT_REGION"
        )
    if isinstance(error, _NO_CREDENTIALS):
        return CredentialsMissing(
            f"no usable AWS credentials ({error}); set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (a local engine takes any), AWS_PROFILE, or attach a role"
        )
    if isinstance(error, _UNREACHABLE):
        return StoreUnavailable(f"DynamoDB cannot be reached: {error}")
    if isinstance(error, aws.WaiterError):
        return StoreUnavailable(f"the table did not become ACTIVE: {error}")
    return StoreMisconfigured(f"an AWS setting cannot be used: {error}")


def _from_answer(error: aws.ClientError) -> StorageError:
    code = error.response["Error"].get("Code", "")
    said = f"{error.operation_name}: {error.response['Error'].get('Message', '') or code}"
    match code:
        case "ResourceNotFoundException" | "TableNotFoundException":
            return TableMissing(
                "the table does not exist; make it with: pannier table create --store …"
            )
        case _ if code in _DENIED:
            return AccessDenied(f"AWS refuses {said}")
        case _ if code in _THROTTLED:
            return Throttled(f"AWS asks to wait: {said}; try again later", retry_delay=10)
        case "ValidationException" | "UnknownOperationException":
            return TableMisconfigured(f"DynamoDB refuses {said}")
        case _:
            return StoreUnavailable(f"DynamoDB failed at {said} ({code})")
