"""What DynamoDB's errors mean, told apart by the end of ``__type`` and then by the status.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from pannier_server.backends.dynamodb.wire.errors import (
    ConditionFailed,
    ItemTooLarge,
    ValidationFailed,
)
from pannier_server.backends.dynamodb.wire.failures import Cure, Failure, Place
from pannier_server.backends.errors import (
    AccessDenied,
    KeyServiceFailed,
    StorageError,
    TableMissing,
    Throttled,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer with an error.

    Attributes:
        operation: What was asked for.
        status: The HTTP status.
        type: The error's type without its namespace, or empty.
        message: AWS's text, or empty.
        item: The item of a failed condition as JSON, or empty.
        reasons: Why it was throttled, such as ``TableReadKeyRangeThroughputExceeded``; empty
            where DynamoDB does not say.
        request_id: AWS's name of the request, or empty.
        date: The answer's Date header, or empty.
        place: Who answered.
    """

    operation: str
    status: int
    type: str
    message: str
    item: bytes
    reasons: tuple[str, ...]
    request_id: str
    date: str
    place: Place

    @property
    def name(self) -> str:
        """The error's name with what AWS's support asks for."""
        request = f", request id {self.request_id}" if self.request_id else ""
        return f"{self.type or 'an error'} (status {self.status}{request})"


_THROTTLES = frozenset(
    {
        "BandwidthLimitExceeded",
        "KMSThrottlingException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Someone else's write to the same item, in a transaction or another region, was first.
_COLLISIONS = frozenset({"ReplicatedWriteConflictException", "TransactionConflictException"})
_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
_SKEWED = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
_SKEWED_SIGNATURE = ("Signature expired", "Signature not yet current")
_FORBIDDEN = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized"})
# Their texts quote the signed request, the session token included.
_BAD_KEYS = frozenset(
    {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_NO_ACCOUNT = frozenset({"NotSignedUp", "OptInRequired", "SubscriptionRequiredException"})
# Only a mistake of ours can cause them.
_OUR_FAULT = frozenset(
    {"InvalidAction", "MissingAction", "SerializationException", "UnknownOperationException"}
)
_MAX_QUOTE = 400


def classify(refusal: Refusal) -> Failure:
    """Return what an error of DynamoDB means."""
    for applies, make in _RULES:
        if applies(refusal):
            return make(refusal)
    return Failure(
        refusal.place.unavailable(f"{refusal.operation} is answered with {refusal.name}")
    )


def _is_one_of(types: frozenset[str]) -> Callable[[Refusal], bool]:
    return lambda refusal: refusal.type in types


def _condition_failed(refusal: Refusal) -> Failure:
    return Failure(ConditionFailed(refusal.item or None))


def _throttled(refusal: Refusal) -> Failure:
    error = Throttled(
        f"DynamoDB asks for fewer requests ({refusal.type or refusal.status}); raise the table's "
        "capacity, or spread the load over more owners",
        retry_delay=1.0,
    )
    return Failure(error, Cure.WAIT_LONGER, hot_key=_is_about_a_key_range(refusal))


def _is_about_a_key_range(refusal: Refusal) -> bool:
    """Say whether the keys asked for are too busy: the table may have room for others.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
    """
    return bool(refusal.reasons) and all("KeyRange" in reason for reason in refusal.reasons)


def _collided(refusal: Refusal) -> Failure:
    error = refusal.place.unavailable(f"another write to the item is under way ({refusal.type})")
    return Failure(error, Cure.WAIT_LONGER)


def _faulty(refusal: Refusal) -> Failure:
    error = refusal.place.unavailable(f"{refusal.operation} failed with {refusal.name}")
    return Failure(error, Cure.WAIT, maybe_applied=True)


def _expired(refusal: Refusal) -> Failure:
    error = AccessDenied(
        f"DynamoDB refuses {refusal.operation}: the AWS session token has expired; "
        "renew the credentials, and where they stand in the environment restart with new ones"
    )
    return Failure(error, Cure.NEW_CREDENTIALS)


def _is_skewed(refusal: Refusal) -> bool:
    return refusal.type in _SKEWED or (
        refusal.type == "InvalidSignatureException"
        and any(text in refusal.message for text in _SKEWED_SIGNATURE)
    )


def _skewed(refusal: Refusal) -> Failure:
    error = AccessDenied(
        f"DynamoDB refuses {refusal.operation}: this machine's clock is wrong, and its own "
        "date did not help; set the clock (NTP)"
    )
    return Failure(error, Cure.RIGHT_CLOCK, server_date=refusal.date)


def _forbidden(refusal: Refusal) -> Failure:
    error = AccessDenied(
        f"DynamoDB refuses {refusal.operation}: {refusal.message[:_MAX_QUOTE] or refusal.type}; "
        f"allow dynamodb:{refusal.operation} on the table to these credentials"
    )
    return Failure(error)


def _bad_keys(refusal: Refusal) -> Failure:
    error = AccessDenied(
        f"DynamoDB does not accept the AWS credentials ({refusal.type}); check that access key, "
        f"secret key and session token belong together, and to the region {refusal.place.region}"
    )
    return Failure(error)


def _no_account(refusal: Refusal) -> Failure:
    error = AccessDenied(
        f"the AWS account cannot use DynamoDB in {refusal.place.region} ({refusal.type}); "
        "enable the region or the service for it"
    )
    return Failure(error)


def _table_missing(refusal: Refusal) -> Failure:
    error = TableMissing(
        f"the table does not exist in {refusal.place.region} at {refusal.place.address}; check its "
        "name and the region, or create it with: pannier table create --store …"
    )
    return Failure(error)


def _is_about_the_key(refusal: Refusal) -> bool:
    return refusal.type.startswith("KMS") or (
        refusal.type in _FORBIDDEN and "kms" in refusal.message.lower()
    )


def _key_failed(refusal: Refusal) -> Failure:
    error = KeyServiceFailed(
        f"DynamoDB cannot use the KMS key that encrypts the table ({refusal.type}); check that "
        "the key is enabled and not pending deletion, and that its policy allows these "
        "credentials to use it through DynamoDB"
    )
    return Failure(error)


def _is_too_large(refusal: Refusal) -> bool:
    return refusal.status == 413 or (
        refusal.type == "ValidationException" and refusal.message.startswith("Item size")
    )


def _too_large(_: Refusal) -> Failure:
    return Failure(ItemTooLarge("the item is larger than the 400 KB that DynamoDB takes"))


def _invalid(refusal: Refusal) -> Failure:
    return Failure(ValidationFailed(refusal.message))


def _our_fault(refusal: Refusal) -> Failure:
    return Failure(
        StorageError(f"DynamoDB does not understand {refusal.operation}: {refusal.name}")
    )


# The first that applies. What names itself a throttle was not applied, whatever the status.
_RULES: tuple[tuple[Callable[[Refusal], bool], Callable[[Refusal], Failure]], ...] = (
    (_is_one_of(frozenset({"ConditionalCheckFailedException"})), _condition_failed),
    (lambda refusal: refusal.type in _THROTTLES or refusal.status == 429, _throttled),
    (_is_one_of(_COLLISIONS), _collided),
    (lambda refusal: refusal.status >= 500 or refusal.status == 408, _faulty),
    (_is_one_of(frozenset({"InternalServerError", "InternalFailure"})), _faulty),
    (_is_one_of(_EXPIRED), _expired),
    (_is_skewed, _skewed),
    (_is_about_the_key, _key_failed),
    (_is_one_of(_FORBIDDEN), _forbidden),
    (_is_one_of(_BAD_KEYS), _bad_keys),
    (_is_one_of(_NO_ACCOUNT), _no_account),
    (_is_one_of(frozenset({"ResourceNotFoundException"})), _table_missing),
    (_is_too_large, _too_large),
    (_is_one_of(frozenset({"ValidationException"})), _invalid),
    (_is_one_of(_OUR_FAULT), _our_fault),
)
