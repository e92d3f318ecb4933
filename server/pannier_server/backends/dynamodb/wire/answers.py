"""DynamoDB's answers that are no success."""

import msgspec

from pannier_server.backends.dynamodb.wire.connection import Answer
from pannier_server.backends.dynamodb.wire.failures import Cure, Failure, Place
from pannier_server.backends.dynamodb.wire.refusals import Refusal, classify


class _Reason(msgspec.Struct):
    reason: str = ""


class _Body(msgspec.Struct):
    type: str = msgspec.field(default="", name="__type")
    message: str | None = None
    # DynamoDB's front end and DynamoDB Local write it with a capital.
    capital_message: str | None = msgspec.field(default=None, name="Message")
    item: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="Item")
    # ThrottlingException writes them with a small letter.
    reasons: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="ThrottlingReasons")
    small_reasons: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="throttlingReasons")


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_reasons = msgspec.json.Decoder(list[_Reason]).decode


def answer_failure(answer: Answer, operation: str, place: Place) -> Failure:
    """Return what an answer other than a success means.

    Args:
        answer: The answer.
        operation: What was asked for.
        place: Who answered.
    """
    try:
        body = _decode_body(answer.body)
    except msgspec.DecodeError:
        return _foreign(answer, place)
    text = body.type or answer.header("x-amzn-errortype")
    refusal = Refusal(
        operation,
        answer.status,
        text.rpartition("#")[2].partition(":")[0],
        body.message or body.capital_message or "",
        bytes(body.item),
        _reasons(bytes(body.reasons or body.small_reasons)),
        answer.header("x-amzn-requestid"),
        answer.header("date"),
        place,
    )
    return classify(refusal)


def _reasons(listed: bytes) -> tuple[str, ...]:
    """Return why a request was throttled; none where that cannot be read: it only helps."""
    if not listed:
        return ()
    try:
        return tuple(one.reason for one in _decode_reasons(listed))
    except msgspec.DecodeError:
        return ()


def _foreign(answer: Answer, place: Place) -> Failure:
    """Return the failure for an answer that DynamoDB does not give."""
    error = place.unavailable(
        f"answers {answer.status} with something that is no JSON; is the endpoint right, "
        "or does a proxy answer?"
    )
    if answer.status == 429:
        return Failure(error, Cure.WAIT_LONGER)
    if answer.status == 407:
        error = place.unavailable(
            "the proxy wants credentials (407); write http://user:password@host:port in HTTP_PROXY"
        )
        return Failure(error)
    faulty = answer.status >= 500
    return Failure(error, Cure.WAIT if faulty else Cure.NONE, faulty or answer.status < 300)
