"""Calls over a sidecar that fails as its script says: what is sent again, and how."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import grpc
import pytest
from grpc import StatusCode

import pannier
from pannier.errors import WriteOutcome
from pannier.v1 import storage_pb2 as pb
from tests.client_python.conftest import Connect
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    Step,
    answer,
    conflict,
    fail,
    found,
    hang,
    retry_after,
    unavailable,
    written,
)


def test_a_put_is_sent_again_as_the_very_same_write(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), unavailable(), written())
    assert store.put("o:n", b"data", ttl=timedelta(hours=1)).version == 2
    first, second, third = sidecar.requests("Put")
    assert first == second == third
    assert str(uuid.UUID(first.request_id)) == first.request_id
    assert first.HasField("expire_time")


def test_each_write_has_a_request_id_of_its_own(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(written(), written())
    store.put("o:n", b"")
    store.put("o:n", b"")
    first, second = sidecar.requests("Put")
    assert first.request_id != second.request_id


def test_a_request_id_can_be_given(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(written(), answer(pb.PutIfVersionResponse(version=1, etag="e1")))
    name = uuid.uuid4()
    store.put("o:n", b"", request_id=name)
    store.create("o:n", b"", request_id=str(name))
    assert sidecar.requests("Put")[0].request_id == str(name)
    assert sidecar.requests("PutIfVersion")[0].request_id == str(name)


@pytest.mark.parametrize(
    "broken",
    [
        unavailable(),
        fail(StatusCode.CANCELLED, "RST_STREAM"),
        fail(StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        fail(StatusCode.UNAVAILABLE, reason="DRAINING", outcome="not_applied"),
        fail(StatusCode.RESOURCE_EXHAUSTED, reason="THROTTLED", details=[retry_after(0.001)]),
    ],
)
def test_a_get_is_sent_again(store: pannier.Store, sidecar: ScriptedSidecar, broken: Step) -> None:
    sidecar.will(broken, found())
    assert store.get("o:n").data == b"data"


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (fail(StatusCode.DEADLINE_EXCEEDED, reason="DEADLINE_EXCEEDED"), pannier.DeadlineExceeded),
        (fail(StatusCode.RESOURCE_EXHAUSTED, reason="OVERLOADED"), pannier.Overloaded),
        (fail(StatusCode.NOT_FOUND, reason="RECORD_NOT_FOUND"), pannier.NotFound),
        (fail(StatusCode.INTERNAL, reason="INTERNAL"), pannier.InternalError),
    ],
)
def test_other_failures_are_raised_at_once(
    store: pannier.Store,
    sidecar: ScriptedSidecar,
    failure: Step,
    kind: type[pannier.PannierError],
) -> None:
    sidecar.will(failure)
    with pytest.raises(kind) as raised:
        store.get("o:n")
    assert len(sidecar.received) == 1
    assert isinstance(raised.value.__cause__, grpc.RpcError)


def test_retries_can_be_switched_off(connect: Connect, sidecar: ScriptedSidecar) -> None:
    sidecar.will(unavailable())
    with pytest.raises(pannier.Unavailable):
        connect(sidecar.address, retries=pannier.NO_RETRIES).get("o:n")
    assert len(sidecar.received) == 1


def test_retries_end_with_the_calls_time(connect: Connect, sidecar: ScriptedSidecar) -> None:
    sidecar.will(*[unavailable()] * 1_000)
    patient = connect(sidecar.address, retries=pannier.RetryPolicy(initial_backoff=0.02))
    with pytest.raises((pannier.Unavailable, pannier.DeadlineExceeded)):
        patient.get("o:n", timeout=0.3)
    assert 1 < len(sidecar.received) < 1_000
    assert all(call.seconds_left < 0.4 for call in sidecar.received)


def test_every_attempt_gets_the_time_that_is_left(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    slow = fail(StatusCode.RESOURCE_EXHAUSTED, reason="THROTTLED", details=[retry_after(0.2)])
    sidecar.will(slow, found())
    store.get("o:n", timeout=5)
    first, second = sidecar.received
    assert first.seconds_left < 5.1
    assert second.seconds_left <= first.seconds_left - 0.15


def test_a_call_ends_with_its_time(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(hang, hang)
    with pytest.raises(pannier.DeadlineExceeded, match="in time; is it running there") as read:
        store.get("o:n", timeout=0.1)
    assert read.value.write_outcome is None
    with pytest.raises(pannier.DeadlineExceeded) as write:
        store.put("o:n", b"", timeout=0.1)
    assert write.value.write_outcome is WriteOutcome.UNKNOWN


def test_the_timeout_is_the_stores_unless_a_call_has_its_own(
    connect: Connect, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(), found())
    store = connect(sidecar.address, timeout=77)
    store.get("o:n")
    store.get("o:n", timeout=33)
    assert [round(call.seconds_left, -1) for call in sidecar.received] == [80, 30]


def test_metadata_goes_with_every_call(connect: Connect, sidecar: ScriptedSidecar) -> None:
    sidecar.will(found(), lambda request, context: iter([pb.ListByPrefixResponse()]))
    store = connect(sidecar.address, metadata=[("authorization", "Bearer t")])
    store.get("o:n")
    list(store.list("o:"))
    assert [call.metadata["authorization"] for call in sidecar.received] == ["Bearer t"] * 2


def test_a_token_goes_with_every_call_beside_the_metadata(
    connect: Connect, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(found(), found())
    store = connect(sidecar.address, token="t-1", metadata=[("x-more", "yes")])
    store.get("o:n")
    store.get("o:n")
    for call in sidecar.received:
        assert (call.metadata["authorization"], call.metadata["x-more"]) == ("Bearer t-1", "yes")


@pytest.mark.parametrize("token", ["", "two\nlines", "nul\0", "schlüssel"])
def test_a_token_is_printable_ascii_and_no_message_repeats_it(token: str) -> None:
    with pytest.raises(ValueError, match="the token must be printable ASCII") as refused:
        pannier.connect("unix:/p.sock", token=token)
    assert token == "" or token not in str(refused.value)


def test_a_conflict_after_an_attempt_that_may_have_been_applied_is_no_proof(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), conflict())
    with pytest.raises(pannier.VersionConflict, match="may have been applied") as raised:
        store.put_if_version("o:n", b"", expected_version=1)
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN


def test_a_conflict_after_attempts_that_were_refused_is_certain(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(fail(StatusCode.UNAVAILABLE, reason="DRAINING", outcome="not_applied"), conflict())
    with pytest.raises(pannier.VersionConflict) as raised:
        store.put_if_version("o:n", b"", expected_version=1)
    assert raised.value.write_outcome is WriteOutcome.NOT_APPLIED
    assert raised.value.actual_version == 9


DELETED = answer(pb.DeleteResponse(deleted=True))


def test_a_delete_that_may_have_been_applied_is_not_sent_again(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), unavailable())
    for condition in ({}, {"expected_version": 3}):
        with pytest.raises(pannier.Unavailable) as raised:
            store.delete("o:n", **condition)  # type: ignore[arg-type]
        assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    assert len(sidecar.received) == 2


def test_a_delete_with_an_etag_is_sent_again(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), DELETED)
    assert store.delete("o:n", etag="e1")


def test_a_delete_that_was_not_applied_is_sent_again(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    draining = fail(StatusCode.UNAVAILABLE, reason="DRAINING", outcome="not_applied")
    sidecar.will(draining, DELETED)
    assert store.delete("o:n")
    assert not sidecar.requests("Delete")[0].HasField("expected_version")


def test_a_cleanup_is_sent_again(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(unavailable(), answer(pb.CleanupExpiredResponse(removed=3, more=True)))
    assert store.cleanup_expired("o:", limit=3) == (3, True)


def test_calls_survive_a_sidecar_that_comes_back(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(written(), *[by_method] * 3)
    store.put("o:n", b"")
    sidecar.stop()
    calls = [
        lambda: store.get("o:n"),
        lambda: store.put("o:n", b""),
        lambda: store.delete("o:n"),
    ]
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(call) for call in calls]
        sidecar.start_again()
        assert all(call.result() for call in running)


def by_method(request: object, context: grpc.ServicerContext) -> object:
    """Answer whatever comes."""
    if isinstance(request, pb.DeleteRequest):
        return DELETED(request, context)
    return (found() if isinstance(request, pb.GetRequest) else written())(request, context)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_store_is_refused_after_a_fork(sidecar: ScriptedSidecar) -> None:
    with pannier.connect(sidecar.address) as store:
        child = os.fork()
        if child == 0:
            try:
                store.get("o:n")
            except RuntimeError as error:
                os._exit(0 if "opened before a fork" in str(error) else 2)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sidecar.received == []


def test_data_must_be_bytes(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    with pytest.raises(TypeError, match="must be bytes, not str; encode text first"):
        store.put("o:n", "text")  # type: ignore[arg-type]
    sidecar.will(written(), written())
    store.put("o:n", bytearray(b"a"))
    store.put("o:n", memoryview(b"b"))
    assert [request.data for request in sidecar.requests("Put")] == [b"a", b"b"]


def test_a_naive_time_is_refused_before_anything_is_sent(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        store.put("o:n", b"", expire_time=datetime(2030, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match='"strong" or "eventual"'):
        store.get("o:n", consistency="weak")  # type: ignore[arg-type]
    assert sidecar.received == []


def test_retries_are_logged_without_keys(
    store: pannier.Store, sidecar: ScriptedSidecar, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "pannier")
    sidecar.will(unavailable(), written())
    store.put("secret-owner:n", b"secret-data")
    assert "after UNAVAILABLE: another attempt in" in caplog.text
    assert "secret" not in caplog.text
