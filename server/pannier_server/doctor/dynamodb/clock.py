"""This machine's clock beside DynamoDB's, by the Date of an answer (RFC 9110, section 6.6.1)."""

import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime

import msgspec

from pannier_server.backends.dynamodb.wire.errors import AttemptFailed
from pannier_server.doctor.check import (
    Check,
    Outcome,
    failed,
    ok,
    skipped,
    warning,
)
from pannier_server.doctor.dynamodb.asking import deadline, request
from pannier_server.doctor.dynamodb.known import Known
from pannier_server.units import format_duration

# AWS refuses signatures that are further off than the second.
_WARN_SECONDS = 60
_FAIL_SECONDS = 300

_LIMIT = 5.0

_FIX = (
    "set the clock (NTP, chrony); the sidecar corrects the date of its signatures by DynamoDB's, "
    "but records expire by this machine's clock"
)


def checks(known: Known) -> Sequence[Check]:
    """Return the check of the clock."""

    async def compare() -> Outcome:
        return await _compare(known)

    return [Check("dynamodb.clock", "clock", compare, needs=("dynamodb.tls",), limit=2 * _LIMIT)]


async def _compare(known: Known) -> Outcome:
    try:
        connection = await known.connector.connect()
        sent = time.time()
        answer = await connection.exchange(_request(known), deadline(_LIMIT))
    except AttemptFailed as error:
        return failed(
            f"{known.endpoint.address}: {error.problem}",
            "see whether the endpoint is DynamoDB's, and what stands before it",
        )
    came = time.time()
    connection.abort()
    try:
        # The date is in whole seconds, cut off.
        theirs = parsedate_to_datetime(answer.header("date")).timestamp() + 0.5
    except ValueError:
        return skipped("the endpoint's answers have no date")
    ahead = round((sent + came) / 2 - theirs)
    facts = {"seconds_ahead": ahead}
    if abs(ahead) <= 1:
        return ok("right to the second", **facts)
    way = "ahead of" if ahead > 0 else "behind"
    shown = f"{format_duration(abs(ahead))} {way} DynamoDB's"
    if abs(ahead) > _FAIL_SECONDS:
        return failed(shown, _FIX, **facts)
    if abs(ahead) > _WARN_SECONDS:
        return warning(shown, _FIX, **facts)
    return ok(shown, **facts)


def _request(known: Known) -> bytes:
    """Return a request whose answer has a date; one without a signature will do."""
    if known.credentials is None:
        host = known.endpoint.authority
        return f"GET / HTTP/1.1\r\nhost: {host}\r\n\r\n".encode()
    body = msgspec.json.encode(request(known, "DescribeTable"))
    return known.signer.head("DescribeTable", body, known.credentials) + body
