"""Refusals in the shapes that DynamoDB and its front end give them.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
"""

import json
import time
from collections.abc import Mapping, Sequence
from email.utils import formatdate

from tests.faults.messages import Answer, answer

_SERVICE = "com.amazonaws.dynamodb.v20120810#"
_FRONT_END = "com.amazon.coral.service#"
_AVAILABILITY = "com.amazon.coral.availability#"

SIGNATURE_SECONDS = 300
"""How far the date of a signature may be from the front end's clock."""


def internal_error() -> Answer:
    return _refusal(500, f"{_SERVICE}InternalServerError", "Internal server error")


def unavailable(part: float) -> Answer:
    """Return a 503: with DynamoDB's body, or with none, as a load balancer's."""
    if part < 0.5:
        return answer(503, b"", {"content-type": "text/plain"})
    text = "Service Unavailable. Please try again later."
    return _refusal(503, f"{_AVAILABILITY}ServiceUnavailableException", text)


def throughput_exceeded(hot_key: str | None = None) -> Answer:
    """Return the refusal of a table that is asked for more than it has.

    Args:
        hot_key: ``Read`` or ``Write``: it is the key that is asked for too often. None for
            the table.
    """
    return _refusal(
        400,
        f"{_SERVICE}ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider "
        "increasing your provisioning level with the UpdateTable API.",
        members={"ThrottlingReasons": _reasons(hot_key)} if hot_key else None,
    )


def rate_exceeded(hot_key: str | None = None) -> Answer:
    """Return the refusal of an on-demand table's hot key, or of the account's rate."""
    if hot_key is None:
        text = "Throughput exceeds the current throughput limit for your account."
        return _refusal(400, f"{_SERVICE}RequestLimitExceeded", text)
    text = "Throughput exceeds the maximum OnDemandThroughput of the partition."
    members = {"throttlingReasons": _reasons(hot_key)}
    return _refusal(400, f"{_AVAILABILITY}ThrottlingException", text, members=members)


def token_expired() -> Answer:
    text = "The security token included in the request is expired"
    return _refusal(400, f"{_FRONT_END}ExpiredTokenException", text)


def clock_skewed(signed: str, now: float) -> Answer:
    """Return the refusal of a signature's date; it tells the front end's own time.

    Args:
        signed: The request's x-amz-date.
        now: The front end's clock, in epoch seconds.
    """
    here = _stamp(now)
    if signed < here:
        limit = _stamp(now - SIGNATURE_SECONDS)
        text = f"Signature expired: {signed} is now earlier than {limit} ({here} - 5 min.)"
    else:
        limit = _stamp(now + SIGNATURE_SECONDS)
        text = f"Signature not yet current: {signed} is still later than {limit} ({here} + 5 min.)"
    date = {"date": formatdate(now, usegmt=True)}
    return _refusal(400, f"{_FRONT_END}InvalidSignatureException", text, date)


def _stamp(seconds: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


def _reasons(hot_key: str) -> Sequence[Mapping[str, str]]:
    """Return why a key was throttled.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html
    """
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/tasks"
    return [{"reason": f"Table{hot_key}KeyRangeThroughputExceeded", "resource": arn}]


def _refusal(
    status: int,
    kind: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, object] | None = None,
) -> Answer:
    body = json.dumps({"__type": kind, "message": message, **(members or {})}).encode()
    return answer(status, body, headers)
