"""For each alert rule, series under which it has to be silent at first, and then to fire.

Values are in promtool's notation, one a minute: ``5x3`` is 5 four times, ``0+2x3`` is 0 2 4 6.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

WHERE = {"job": "pannier", "instance": "one"}


@dataclass(frozen=True)
class Case:
    """What a rule is tried with.

    Attributes:
        alert: Its name.
        series: Values by series.
        silent: The minutes at which it must not fire.
        fires: The minute at which it has to.
        summary: What it says then.
        labels: The alert's labels beside `WHERE` and the severity.
    """

    alert: str
    series: Mapping[str, str]
    silent: tuple[int, ...]
    fires: int
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)


def of(name: str, **labels: str) -> str:
    """Return a series of one sidecar."""
    pairs = ", ".join(f'{label}="{value}"' for label, value in (WHERE | labels).items())
    return f"{name}{{{pairs}}}"


def calls(rpc: str, code: str, **labels: str) -> str:
    """Return the series of an RPC's calls that end with a status."""
    return of("pannier_rpc_calls_total", rpc=rpc, code=code, **labels)


def buckets(name: str, values: Mapping[str, str], **labels: str) -> dict[str, str]:
    """Return the series of a histogram's buckets."""
    return {of(f"{name}_bucket", le=le, **labels): text for le, text in values.items()}


CASES = (
    Case(
        "PannierDown",
        {of("up"): "1x9 0x20", of("up", job="another", instance="two"): "0x30"},
        silent=(9, 10),
        fires=11,
        summary="one does not answer scrapes",
    ),
    Case(
        "PannierStoreDown",
        {of("pannier_store_up"): "1x9 0x20"},
        silent=(9, 10),
        fires=11,
        summary="one cannot use its store",
    ),
    Case(
        "PannierErrors",
        {
            # From 4 in 99 to 10 in 105.
            calls("Get", "OK"): "0+95x40",
            calls("Get", "UNAVAILABLE"): "0+4x20 90+10x20",
            # What callers do in the usual course of things is no error, however often.
            calls("PutIfVersion", "OK"): "0+10x40",
            calls("PutIfVersion", "ABORTED"): "0+90x40",
            calls("Delete", "NOT_FOUND"): "0+90x40",
        },
        silent=(20, 25),
        fires=30,
        summary="9.524% of Get calls fail on one",
        labels={"rpc": "Get"},
    ),
    Case(
        "PannierBug",
        {
            calls("Put", "INTERNAL"): "0x9 1x30",
            calls("Get", "UNAVAILABLE"): "0+1x40",
        },
        silent=(9, 25),
        fires=10,
        summary="Put failed in an unforeseen way on one",
        labels={"rpc": "Put"},
    ),
    Case(
        "PannierMisconfigured",
        {
            calls("Put", "FAILED_PRECONDITION"): "0x9 1+1x30",
            # A single one may be a table that is being made.
            calls("Put", "FAILED_PRECONDITION", instance="two"): "0x9 1x30",
        },
        silent=(9, 14),
        fires=15,
        summary="The store of one needs someone's attention",
    ),
    Case(
        "PannierCorruptRecords",
        {
            of("pannier_store_calls_total", operation="get", result="RECORD_CORRUPT"): "0x9 1x30",
            of("pannier_store_calls_total", operation="get", result="RECORD_NOT_FOUND"): "0+5x40",
        },
        silent=(9, 30),
        fires=10,
        summary="one found rows that are no records",
    ),
    Case(
        "PannierSlow",
        {
            # From none to 2 in 100.
            **buckets(
                "pannier_rpc_duration_seconds",
                {
                    "0.25": "0+100x15 1598+98x30",
                    "0.5": "0+100x45",
                    "+Inf": "0+100x45",
                },
                rpc="Get",
            ),
            # A list lasts as long as its client reads.
            **buckets(
                "pannier_rpc_duration_seconds",
                {"0.25": "0x45", "0.5": "0x45", "+Inf": "0+100x45"},
                rpc="ListByPrefix",
            ),
        },
        silent=(15, 27),
        fires=35,
        summary="One in a hundred Get calls takes 375ms on one",
        labels={"rpc": "Get"},
    ),
    Case(
        "PannierThrottled",
        {
            # From 5 in 1,000 to 20.
            of("pannier_dynamodb_requests_total"): "0+1000x40",
            of("pannier_dynamodb_throttles_total"): "0+5x15 95+20x25",
        },
        silent=(15, 21),
        fires=30,
        summary="DynamoDB throttles 2% of the requests of one",
    ),
    Case(
        "PannierLostRequests",
        {
            of("pannier_dynamodb_requests_total"): "0+1000x40",
            of("pannier_dynamodb_lost_requests_total"): "0+5x15 95+20x25",
        },
        silent=(15, 21),
        fires=30,
        summary="2% of the requests of one to DynamoDB bring no answer",
    ),
    Case(
        "PannierOverloaded",
        {
            # From 5 in 985 to 20 in 1,000, half of them for each reason.
            of("pannier_admission_admitted_total"): "0+980x40",
            of("pannier_admission_refused_total", reason="full"): "0+5x15 85+10x25",
            of("pannier_admission_refused_total", reason="late"): "0x15 10+10x25",
        },
        silent=(15, 21),
        fires=30,
        summary="one refuses 2% of its calls",
    ),
    Case(
        "PannierEventLoopLate",
        buckets(
            "pannier_event_loop_lag_seconds",
            {"0.1": "0+100x15 1598+98x25", "0.25": "0+100x40", "+Inf": "0+100x40"},
        ),
        silent=(15, 22),
        fires=30,
        summary="The event loop of one is 175ms late",
    ),
    Case(
        "PannierWorkersEnd",
        {
            of("pannier_worker_restarts_total"): "0x9 1 2 3x30",
            of("pannier_worker_restarts_total", instance="two"): "0x9 1 2x30",
        },
        silent=(11, 30),
        fires=12,
        summary="Workers of one end again and again",
    ),
    Case(
        "PannierWorkerSilent",
        {of("pannier_workers_silent"): "0x9 1x20"},
        silent=(9, 11),
        fires=12,
        summary="A worker of one does not answer its parent",
    ),
    Case(
        "PannierAuthRefusals",
        {
            # From one in two seconds to two in one.
            of("pannier_auth_refusals_total", reason="unknown_token"): "0+30x15 570+120x25",
            of("pannier_auth_refusals_total", reason="permission_denied"): "0+30x40",
        },
        silent=(15, 21),
        fires=30,
        summary="one turns callers away: unknown_token",
        labels={"reason": "unknown_token"},
    ),
    Case(
        "PannierSweepsFail",
        {
            of("pannier_sweeps_total", result="FAILED"): "0x9 1 2 3x48 4x30",
            of("pannier_sweeps_total", result="OK"): "0+1x90",
        },
        silent=(60,),
        fires=61,
        summary="one cannot remove expired records",
        labels={"result": "FAILED"},
    ),
)
