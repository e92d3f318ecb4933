"""Making a table as the sidecar needs it, or completing one that is there."""

import time
from typing import Any

from pannier_server.backends.dynamodb.layout import DynamoDBLocation, Layout
from pannier_server.backends.dynamodb.table.check import (
    check_deletion_protection,
    check_keys,
    check_status,
    require_keys,
    time_to_live_finding,
)
from pannier_server.backends.dynamodb.table.control_plane import ControlPlane, storage_errors
from pannier_server.backends.dynamodb.table.findings import Finding, Level, ok, problem, warning
from pannier_server.backends.errors import StorageError, TableMissing

# Five minutes; a table is usually there in ten seconds.
_POLL_SECONDS = 2
_WAIT_ATTEMPTS = 150


def create_table(
    location: DynamoDBLocation,
    *,
    point_in_time_recovery: bool = True,
    deletion_protection: bool | None = None,
) -> list[Finding]:
    """Make a table and wait until it is usable, or complete one that fits already.

    Billing is on demand. On a table that exists, TTL and point-in-time recovery are
    turned on where they are off; its deletion protection stays as it is. What cannot be
    turned on is a finding, so that calling it again completes the table.

    Args:
        location: Which table, and where.
        point_in_time_recovery: Keep continuous backups of 35 days.
        deletion_protection: Whether deleting a new table needs a step more. None: on
            AWS yes, on a local engine no.

    Raises:
        TableMisconfigured: A table is there and has other keys; nothing was changed.
        StorageError: AWS refuses, cannot be reached, or its settings are not usable.
    """
    plane = ControlPlane(location)
    protect = plane.is_aws if deletion_protection is None else deletion_protection
    made = _ensure_table(plane, location.layout, protect=protect)
    description = _wait_until_active(plane)
    require_keys(description, location.layout)
    return [
        ok("endpoint", f"{plane.endpoint}, region {plane.region}"),
        ok("table", "created") if made else check_status(description),
        check_keys(description, location.layout),
        _ensure_time_to_live(plane, location.layout),
        *([_ensure_backups(plane)] if point_in_time_recovery else []),
        check_deletion_protection(description),
    ]


def _ensure_table(plane: ControlPlane, layout: Layout, *, protect: bool) -> bool:
    """Make the table unless it is there; tell whether this call made it."""
    try:
        plane.describe()
    except TableMissing:
        return _make_table(plane, layout, protect=protect)
    return False


def _make_table(plane: ControlPlane, layout: Layout, *, protect: bool) -> bool:
    with storage_errors():
        try:
            plane.client.create_table(
                TableName=plane.table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[
                    {"AttributeName": layout.partition_key, "KeyType": "HASH"},
                    {"AttributeName": layout.sort_key, "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": layout.partition_key, "AttributeType": "S"},
                    {"AttributeName": layout.sort_key, "AttributeType": "S"},
                ],
                DeletionProtectionEnabled=protect,
            )
        except plane.client.exceptions.ResourceInUseException:
            # Someone else made it in between; whether it fits is looked at next.
            return False
    return True


def _wait_until_active(plane: ControlPlane) -> dict[str, Any]:
    description = plane.describe()
    if description["TableStatus"] == "CREATING":
        with storage_errors():
            plane.client.get_waiter("table_exists").wait(
                TableName=plane.table,
                WaiterConfig={"Delay": _POLL_SECONDS, "MaxAttempts": _WAIT_ATTEMPTS},
            )
        description = plane.describe()
    return description


def _ensure_time_to_live(plane: ControlPlane, layout: Layout) -> Finding:
    try:
        finding = time_to_live_finding(*plane.time_to_live(), layout)
        if finding.level is not Level.WARNING:
            return finding
        with storage_errors():
            plane.client.update_time_to_live(
                TableName=plane.table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": layout.expires_at},
            )
    except StorageError as error:
        return problem("TTL", f"cannot be turned on: {error.message}")
    return ok("TTL", f"turned on, by {layout.expires_at}")


def _ensure_backups(plane: ControlPlane) -> Finding:
    try:
        if plane.point_in_time_recovery():
            return ok("backups", "point-in-time recovery is on")
        with storage_errors():
            _turn_on_recovery(plane)
    except StorageError as error:
        if plane.is_aws:
            return problem(
                "backups", f"point-in-time recovery cannot be turned on: {error.message}"
            )
        return warning("backups", "this endpoint offers no point-in-time recovery")
    return ok("backups", "point-in-time recovery turned on")


def _turn_on_recovery(plane: ControlPlane) -> None:
    for attempt in range(1, _WAIT_ATTEMPTS + 1):
        try:
            plane.client.update_continuous_backups(
                TableName=plane.table,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            )
        except plane.client.exceptions.ContinuousBackupsUnavailableException:
            # A new table answers so for the first seconds.
            if attempt == _WAIT_ATTEMPTS:
                raise
            time.sleep(_POLL_SECONDS)
        else:
            return
