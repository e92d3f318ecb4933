"""DynamoDB's answers that are no success."""

import msgspec

from pannier_server.backends.dynamodb.wire.connection import Answer
from pannier_server.backends.dynamodb.wire.failures import Cure, Failure, Place
from pannier_server.backends.dynamodb.wire.refusals import Refusal, classify


class _Body(msgspec.Struct):
    type: str = msgspec.field(default="", name="__type")
    message: str | None = None
    # DynamoDB's front end and DynamoDB Local write it with a capital.
    capital_message: str | None = msgspec.field(default=None, name="Message")
    item: msgspec.Raw = msgspec.field(default=msgspec.Raw(b""), name="Item")


_decode_body = msgspec.json.Decoder(_Body).decode


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
        answer.header("x-amzn-requestid"),
        answer.header("date"),
        place,
    )
    return classify(refusal)


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
