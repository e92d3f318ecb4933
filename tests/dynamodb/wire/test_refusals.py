"""What each of DynamoDB's errors becomes."""

import json

import pytest

from pannier_server.backends.dynamodb.wire.answers import answer_failure
from pannier_server.backends.dynamodb.wire.connection import Answer
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
    StoreUnavailable,
    TableMissing,
    Throttled,
)

PLACE = Place("dynamodb.eu-west-1.amazonaws.com:443", "eu-west-1")
FRONT_END = "com.amazon.coral.service#"


def refused(kind: str, message: str = "", status: int = 400, **members: object) -> Failure:
    body = json.dumps({"__type": kind, "message": message} | members).encode()
    return answer_failure(Answer(status, body, {}), "UpdateItem", PLACE)


@pytest.mark.parametrize(
    ("kind", "message", "error", "says"),
    [
        ("ResourceNotFoundException", "", TableMissing, "eu-west-1.*pannier table create"),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/me is not authorized to perform: dynamodb:UpdateItem",
            AccessDenied,
            "not authorized.*allow dynamodb:UpdateItem",
        ),
        ("UnrecognizedClientException", "invalid", AccessDenied, "belong together"),
        ("InvalidSignatureException", "The Canonical String…", AccessDenied, "belong together"),
        ("MissingAuthenticationTokenException", "", AccessDenied, "credentials"),
        ("MissingAuthenticationToken", "", AccessDenied, "credentials"),
        ("IncompleteSignatureException", "", AccessDenied, "credentials"),
        ("OptInRequired", "", AccessDenied, "enable the region"),
        ("SubscriptionRequiredException", "", AccessDenied, "enable the region"),
        ("KMSAccessDeniedException", "", KeyServiceFailed, "policy"),
        ("KMSDisabledException", "", KeyServiceFailed, "enabled"),
        ("KMSInvalidStateException", "", KeyServiceFailed, "pending deletion"),
        ("KMSNotFoundException", "", KeyServiceFailed, "KMS"),
        (
            "AccessDeniedException",
            "KMS key access denied error: not authorized to perform: kms:Decrypt",
            KeyServiceFailed,
            "KMS",
        ),
        ("ValidationException", "The provided key element does not match", ValidationFailed, "key"),
        ("SerializationException", "", StorageError, "SerializationException"),
        ("ResourceInUseException", "", StoreUnavailable, "ResourceInUseException"),
        ("SomethingNewException", "", StoreUnavailable, "SomethingNewException"),
    ],
)
def test_an_error_that_stays_is_final_and_says_what_to_do(
    kind: str, message: str, error: type[StorageError], says: str
) -> None:
    for name in (kind, FRONT_END + kind, f"com.amazonaws.dynamodb.v20120810#{kind}"):
        failure = refused(name, message)
        assert type(failure.error) is error
        assert failure.cure is Cure.NONE
        assert not failure.maybe_applied
        with pytest.raises(error, match=says):
            raise failure.error


@pytest.mark.parametrize(
    "kind",
    [
        "ProvisionedThroughputExceededException",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "KMSThrottlingException",
        "LimitExceededException",
        "SlowDown",
    ],
)
@pytest.mark.parametrize("status", [400, 503])
def test_what_names_itself_a_throttle_is_one(kind: str, status: int) -> None:
    failure = refused(kind, status=status)
    assert type(failure.error) is Throttled
    assert failure.cure is Cure.WAIT_LONGER
    assert not failure.maybe_applied


@pytest.mark.parametrize("status", [500, 502, 503, 504, 509])
@pytest.mark.parametrize("kind", ["InternalServerError", "ServiceUnavailable", ""])
def test_the_outcome_of_a_fault_is_unknown(status: int, kind: str) -> None:
    failure = refused(kind, status=status)
    assert type(failure.error) is StoreUnavailable
    assert PLACE.address in failure.error.message
    assert failure.cure is Cure.WAIT
    assert failure.maybe_applied


def test_a_collision_with_another_write_was_not_applied() -> None:
    failure = refused("TransactionConflictException")
    assert failure.cure is Cure.WAIT_LONGER
    assert not failure.maybe_applied


@pytest.mark.parametrize(
    "message",
    [
        "Item size has exceeded the maximum allowed size",
        "Item size to update has exceeded the maximum allowed size",
    ],
)
def test_an_item_that_is_too_large_is_told_apart(message: str) -> None:
    assert type(refused("ValidationException", message).error) is ItemTooLarge
    assert type(refused("RequestEntityTooLarge", status=413).error) is ItemTooLarge


def test_the_item_of_a_failed_condition_stays_json() -> None:
    item = {"PK": {"S": "OWNER#a"}, "n": {"N": "12345678901234567890"}, "b": {"B": "AA=="}}
    error = refused("ConditionalCheckFailedException", Item=item).error
    assert isinstance(error, ConditionFailed)
    assert error.item is not None
    assert json.loads(error.item) == item


def test_a_message_with_a_capital_is_read_too() -> None:
    body = b'{"__type":"ValidationException","Message":"DynamoDB Local says so"}'
    assert "Local" in answer_failure(Answer(400, body, {}), "GetItem", PLACE).error.message


def test_the_type_is_found_in_the_header_and_before_a_colon() -> None:
    headers = {b"x-amzn-errortype": b"ResourceNotFoundException:http://internal/"}
    failure = answer_failure(Answer(400, b"{}", headers), "GetItem", PLACE)
    assert type(failure.error) is TableMissing


@pytest.mark.parametrize(
    "kind", ["InvalidSignatureException", "IncompleteSignatureException", "ExpiredTokenException"]
)
def test_texts_that_quote_the_signed_request_are_not_repeated(kind: str) -> None:
    failure = refused(FRONT_END + kind, "x-amz-security-token:SECRET Signature=SECRET")
    assert "SECRET" not in failure.error.message


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]", b'{"__type":1}', b"\xff"])
@pytest.mark.parametrize(("status", "cure"), [(302, Cure.NONE), (403, Cure.NONE), (502, Cure.WAIT)])
def test_an_answer_that_is_not_dynamodbs_is_named(body: bytes, status: int, cure: Cure) -> None:
    failure = answer_failure(Answer(status, body, {}), "GetItem", PLACE)
    assert type(failure.error) is StoreUnavailable
    assert f"answers {status}" in failure.error.message
    assert failure.cure is cure


def test_a_success_that_is_no_json_may_have_been_applied() -> None:
    failure = answer_failure(Answer(200, b"<html>Welcome</html>", {}), "UpdateItem", PLACE)
    assert failure.cure is Cure.NONE
    assert failure.maybe_applied
