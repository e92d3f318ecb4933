"""update() reads, changes and writes, and applies its change at most once."""

from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode

import pannier
from pannier.errors import WriteOutcome
from pannier.v1 import storage_pb2 as pb
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    Step,
    answer,
    conflict,
    fail,
    found,
    hang,
    unavailable,
)


def changed(version: int) -> Step:
    return answer(pb.PutIfVersionResponse(version=version, etag=f"e{version}"))


class Append:
    """A change that counts how often it was made."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, data: bytes) -> bytes:
        self.calls += 1
        return data + b"!"


def test_it_writes_over_exactly_what_it_read(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"old", 7), changed(8))
    record = store.update("o:n", Append())
    assert record == pannier.Record("o:n", b"old!", 8, "e8", None)
    read, write = (call.request for call in sidecar.received)
    assert read.consistency == pb.CONSISTENCY_STRONG
    assert (write.expected_version, write.etag, write.data) == (7, "e7", b"old!")


def test_a_lost_race_is_run_again_with_the_newer_data(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"a", 1), conflict(), found(b"b", 2), conflict(), found(b"c", 3), changed(4))
    change = Append()
    assert store.update("o:n", change).data == b"c!"
    assert change.calls == 3
    ids = {request.request_id for request in sidecar.requests("PutIfVersion")}
    assert len(ids) == 3


def test_a_broken_connection_is_no_reason_to_change_again(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), found(b"a", 1), unavailable(), changed(2))
    change = Append()
    assert store.update("o:n", change).version == 2
    assert change.calls == 1
    first, second = sidecar.requests("PutIfVersion")
    assert first == second


@pytest.mark.parametrize(
    "failures",
    [
        [unavailable(), conflict()],
        [conflict(outcome="unknown")],
        [unavailable(), fail(StatusCode.NOT_FOUND, reason="RECORD_NOT_FOUND")],
        [fail(StatusCode.UNAVAILABLE), fail(StatusCode.INTERNAL, reason="INTERNAL")],
        [fail(StatusCode.DEADLINE_EXCEEDED, reason="DEADLINE_EXCEEDED", outcome="unknown")],
    ],
)
def test_a_write_that_may_have_been_applied_is_never_followed_by_another_change(
    store: pannier.Store, sidecar: ScriptedSidecar, failures: list[Step]
) -> None:
    sidecar.will(found(b"a", 1), *failures, found(b"a!", 2), changed(3))
    change = Append()
    with pytest.raises(pannier.OutcomeUnknown, match="read the record again") as raised:
        store.update("o:n", change)
    assert change.calls == 1
    error = raised.value
    assert (error.record.version, error.data) == (1, b"a!")
    assert error.write_outcome is WriteOutcome.UNKNOWN
    assert error.__cause__ is not None


def test_time_that_runs_out_during_the_write_leaves_it_unknown(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"a", 1), hang)
    with pytest.raises(pannier.OutcomeUnknown):
        store.update("o:n", Append(), timeout=0.3)


def test_time_that_runs_out_before_the_write_leaves_the_record_alone(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"a", 1), hang)

    def slow(data: bytes) -> bytes:
        import time

        time.sleep(0.25)
        return data

    with pytest.raises(pannier.DeadlineExceeded, match="before it was sent") as raised:
        store.update("o:n", slow, timeout=0.2)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert len(sidecar.received) == 1


def test_conflicts_until_the_time_is_over_are_raised(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(*[found(), conflict()] * 1_000)
    with pytest.raises((pannier.VersionConflict, pannier.DeadlineExceeded)) as raised:
        store.update("o:n", Append(), timeout=0.3)
    assert raised.value.write_outcome is not WriteOutcome.UNKNOWN


def test_a_write_that_was_refused_is_raised_as_it_is(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    facts = [pb.DataTooLarge(actual_bytes=2, limit_bytes=1)]
    sidecar.will(
        found(),
        fail(
            StatusCode.INVALID_ARGUMENT,
            reason="DATA_TOO_LARGE",
            outcome="not_applied",
            details=facts,
        ),
    )
    with pytest.raises(pannier.DataTooLarge):
        store.update("o:n", Append())


def test_an_update_that_fails_at_its_read_has_written_nothing(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(fail(StatusCode.NOT_FOUND, reason="RECORD_NOT_FOUND"))
    change = Append()
    with pytest.raises(pannier.NotFound) as raised:
        store.update("o:n", change)
    assert change.calls == 0
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED


def test_a_change_that_returns_none_leaves_the_record_alone(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(b"as it is", 7))
    assert store.update("o:n", lambda data: None).data == b"as it is"
    assert sidecar.requests("PutIfVersion") == []


def test_a_change_that_raises_leaves_the_record_alone(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found())
    with pytest.raises(ZeroDivisionError):
        store.update("o:n", lambda data: b"%d" % (1 // 0))
    assert sidecar.requests("PutIfVersion") == []


def test_a_record_keeps_its_expiry(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    stamp = Timestamp(seconds=2_000_000_000)
    record = pb.Record(key="o:n", data=b"", version=1, etag="e1", expire_time=stamp)
    sidecar.will(answer(pb.GetResponse(record=record)), changed(2), found(), changed(2))
    store.update("o:n", Append())
    store.update("o:n", Append())
    expiring, lasting = sidecar.requests("PutIfVersion")
    assert expiring.expire_time == stamp
    assert lasting.never_expires


def test_a_new_expiry_replaces_the_old_one(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(*[found(), changed(2)] * 2)
    moment = datetime(2040, 1, 1, tzinfo=UTC)
    store.update("o:n", Append(), expire_time=moment)
    store.update("o:n", Append(), ttl=timedelta(days=1))
    exact, counted = sidecar.requests("PutIfVersion")
    assert exact.expire_time.ToDatetime(UTC) == moment
    assert counted.HasField("expire_time")


def test_a_ttl_counts_from_the_start_of_the_update(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(), conflict(), found(), changed(2))
    store.update("o:n", Append(), ttl=60)
    first, second = sidecar.requests("PutIfVersion")
    assert first.expire_time == second.expire_time
