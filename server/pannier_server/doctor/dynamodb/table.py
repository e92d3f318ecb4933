"""The table: by the rules of ``pannier table check``, and what only costs or protects."""

from collections.abc import Awaitable, Callable, Sequence

from pannier_server.backends.dynamodb.table.check import (
    backups_finding,
    check_keys,
    check_status,
    time_to_live_finding,
)
from pannier_server.backends.dynamodb.table.findings import Finding, Level
from pannier_server.backends.errors import StorageError
from pannier_server.doctor.check import (
    Check,
    Outcome,
    Status,
    failed_as,
    ok,
    parted,
    skipped,
    warning,
)
from pannier_server.doctor.dynamodb.asking import ask
from pannier_server.doctor.dynamodb.known import Known
from pannier_server.doctor.dynamodb.policy import allow, is_about_a_right

_STATUSES = {
    Level.OK: Status.OK,
    Level.WARNING: Status.WARNING,
    Level.PROBLEM: Status.FAILED,
}

_CREATE = "'pannier table create' makes a table as it should be, and completes one that is there"


def checks(known: Known) -> Sequence[Check]:
    """Return the checks of the table."""
    table = _Table(known)
    aspects: Sequence[tuple[str, str, Callable[[], Awaitable[Outcome]]]] = [
        ("keys", "keys", table.keys),
        ("ttl", "TTL", table.time_to_live),
        ("backups", "backups", table.backups),
        ("deletion_protection", "deletion protection", table.deletion_protection),
        ("billing", "billing", table.billing),
    ]
    return [
        Check("dynamodb.table", "table", table.status, needs=("dynamodb.accepted",), limit=15),
        *(
            Check(f"dynamodb.{name}", title, look, needs=("dynamodb.table",), limit=15)
            for name, title, look in aspects
        ),
    ]


class _Table:
    """One table."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._layout = known.location.layout

    async def status(self) -> Outcome:
        known = self._known
        try:
            known.description = (await ask(known, "DescribeTable"))["Table"]
        except StorageError as error:
            if is_about_a_right(error, "DescribeTable"):
                problem = parted(error.message, "")[0]
                return Outcome(Status.FAILED, problem, allow("DescribeTable", known.arn))
            return failed_as(error.message, _CREATE)
        found = check_status(known.description)
        status = known.description.get("TableStatus")
        return _outcome(found, _CREATE, status=status, arn=known.arn)

    async def keys(self) -> Outcome:
        return _outcome(check_keys(self._known.description, self._layout), _CREATE)

    async def time_to_live(self) -> Outcome:
        action = "DescribeTimeToLive"
        try:
            told = (await ask(self._known, action))["TimeToLiveDescription"]
        except StorageError as error:
            return self._unseen(error, action)
        status, attribute = told["TimeToLiveStatus"], told.get("AttributeName", "")
        found = time_to_live_finding(status, attribute, self._layout)
        return _outcome(found, _CREATE, status=status, attribute=attribute or None)

    async def backups(self) -> Outcome:
        known, action = self._known, "DescribeContinuousBackups"
        try:
            told = (await ask(known, action))["ContinuousBackupsDescription"]
        except StorageError as error:
            if not known.endpoint.is_aws:
                return skipped("the endpoint is not AWS's, and does not offer them")
            return self._unseen(error, action)
        recovery = told.get("PointInTimeRecoveryDescription", {})
        on = recovery.get("PointInTimeRecoveryStatus") == "ENABLED"
        if not on and not known.endpoint.is_aws:
            return skipped("off, and the endpoint is not AWS's")
        return _outcome(backups_finding(on=on), _CREATE, on=on)

    async def deletion_protection(self) -> Outcome:
        known = self._known
        on = bool(known.description.get("DeletionProtectionEnabled"))
        if on or not known.endpoint.is_aws:
            return ok("on" if on else "off, which is fine in a local engine", on=on)
        return warning(
            "off: one call deletes the table and all records",
            f"aws dynamodb update-table --table-name {self._layout.table} "
            "--deletion-protection-enabled",
            on=on,
        )

    async def billing(self) -> Outcome:
        description = self._known.description
        mode = description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        if mode == "PAY_PER_REQUEST":
            return ok("on demand", mode=mode)
        throughput = description.get("ProvisionedThroughput", {})
        read, write = (throughput.get(f"{kind}CapacityUnits", 0) for kind in ("Read", "Write"))
        return ok(
            f"provisioned: {read} read and {write} write units a second, beyond which it throttles",
            mode=mode,
            read_units=read,
            write_units=write,
        )

    def _unseen(self, error: StorageError, action: str) -> Outcome:
        problem = parted(error.message, "")[0]
        return warning(f"cannot be looked at: {problem}", allow(action, self._known.arn))


def _outcome(found: Finding, otherwise: str, **facts: object) -> Outcome:
    if found.level is Level.OK:
        return ok(found.message, **facts)
    summary, fix = parted(found.message, otherwise)
    return Outcome(_STATUSES[found.level], summary, fix, facts)
