"""What the credentials may do with the table, and how long that takes."""

import statistics
import time
from collections.abc import Sequence
from functools import partial

from pannier_server.backends.dynamodb.wire.errors import ConditionFailed, Verdict
from pannier_server.backends.errors import (
    KeyServiceFailed,
    StorageError,
    TableMissing,
    Throttled,
)
from pannier_server.doctor.check import (
    Check,
    Outcome,
    failed,
    failed_as,
    ok,
    parted,
    skipped,
    warning,
)
from pannier_server.doctor.dynamodb.asking import ask
from pannier_server.doctor.dynamodb.known import Known
from pannier_server.doctor.dynamodb.policy import allow, is_about_a_right

ACTIONS = (
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "Query",
    "UpdateItem",
    "DeleteItem",
)
"""What serving needs."""

_SAMPLES = 7
_SLOW_MILLISECONDS = 50.0

_LIMIT = 15.0

_UNREACHABLE = "see the checks of the network above, and run it again"
_OTHER_KEYS = "cannot be told of a table with other keys"


def acceptance(known: Known) -> Sequence[Check]:
    """Return the check that DynamoDB takes the signature for someone's."""
    return [
        Check(
            "dynamodb.accepted",
            "signature",
            partial(_accepted, known),
            needs=("dynamodb.tls", "dynamodb.credentials"),
            limit=_LIMIT,
        )
    ]


def checks(known: Known) -> Sequence[Check]:
    """Return a check for each action, of the key that encrypts, and of the time it takes."""
    may_read = ("dynamodb.permission.GetItem",)
    encryption, latency = partial(_encryption, known), partial(_latency, known)
    return [
        *(
            Check(
                f"dynamodb.permission.{action}",
                f"may {action}",
                partial(_permitted, known, action),
                needs=("dynamodb.accepted",),
                limit=_LIMIT,
            )
            for action in ACTIONS
        ),
        Check("dynamodb.encryption", "encryption key", encryption, needs=may_read, limit=_LIMIT),
        Check(
            "dynamodb.latency",
            "time of a Get",
            latency,
            needs=("dynamodb.encryption",),
            limit=_LIMIT,
        ),
    ]


async def _accepted(known: Known) -> Outcome:
    try:
        await ask(known, "GetItem")
    except (Verdict, TableMissing, Throttled, KeyServiceFailed):
        # The request was understood; what is wrong has a check of its own.
        pass
    except StorageError as error:
        if not is_about_a_right(error, "GetItem"):
            return failed_as(error.message, _UNREACHABLE)
    return ok("DynamoDB knows whose it is")


async def _permitted(known: Known, action: str) -> Outcome:
    try:
        await ask(known, action)
    except ConditionFailed:
        return ok("yes; what was tried has a condition that never holds")
    except Verdict:
        return skipped(_OTHER_KEYS)
    except TableMissing:
        return skipped("cannot be told of a table that is not there")
    except Throttled:
        return ok("yes; the table is throttled now")
    except KeyServiceFailed:
        return ok("yes; but the key that encrypts the table is refused")
    except StorageError as error:
        if is_about_a_right(error, action):
            problem = parted(error.message, "")[0]
            return failed(problem, allow(action, known.arn), action=f"dynamodb:{action}")
        return failed_as(error.message, _UNREACHABLE)
    return ok("yes")


async def _encryption(known: Known) -> Outcome:
    told = known.description.get("SSEDescription", {})
    kind, status = told.get("SSEType", "AWS_OWNED"), told.get("Status")
    facts = {"type": kind, "status": status, "key": told.get("KMSMasterKeyArn")}
    try:
        await ask(known, "GetItem")
    except KeyServiceFailed as error:
        return failed_as(error.message, "enable the key, and allow its use", **facts)
    except Verdict:
        return skipped(_OTHER_KEYS)
    return ok(f"{kind}, {status}; it can be used" if told else "AWS's own", **facts)


async def _latency(known: Known) -> Outcome:
    times: list[float] = []
    try:
        for _ in range(_SAMPLES + 1):
            started = time.perf_counter()
            await ask(known, "GetItem")
            times.append((time.perf_counter() - started) * 1000)
    except Verdict:
        return skipped(_OTHER_KEYS)
    # The first may have opened a connection.
    middle = round(statistics.median(times[1:]), 2)
    facts = {"p50_milliseconds": middle, "samples": _SAMPLES}
    shown = f"{middle:g} ms (p50 of {_SAMPLES})"
    if middle > _SLOW_MILLISECONDS:
        return warning(
            f"{shown}, which every call takes at least",
            "run the sidecar in the table's region, with a VPC endpoint for DynamoDB",
            **facts,
        )
    return ok(shown, **facts)
