"""Errors: which exception a status becomes, and which facts it carries."""

import copy
import pickle
from collections.abc import Iterable

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from grpc import StatusCode

import pannier
from pannier._status import read_error
from pannier.v1 import storage_pb2 as pb
from tests.client_python.scripted_sidecar import retry_after, status_details


def error_of(
    code: StatusCode,
    reason: str = "",
    *,
    outcome: str = "",
    details: Iterable[Message] = (),
    text: str = "what happened",
    encoded: bytes | None = None,
) -> pannier.PannierError:
    metadata = grpc.aio.Metadata()
    if reason or encoded is not None:
        sent = status_details(reason, outcome=outcome, details=details)
        metadata.add("grpc-status-details-bin", sent if encoded is None else encoded)
    cause = grpc.aio.AioRpcError(code, None, metadata, text)
    return read_error(cause, "unix:/p.sock")


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (StatusCode.NOT_FOUND, "RECORD_NOT_FOUND", pannier.NotFound),
        (StatusCode.ABORTED, "VERSION_CONFLICT", pannier.VersionConflict),
        (StatusCode.ALREADY_EXISTS, "RECORD_EXISTS", pannier.AlreadyExists),
        (StatusCode.INVALID_ARGUMENT, "KEY_INVALID", pannier.InvalidArgument),
        (StatusCode.INVALID_ARGUMENT, "DATA_TOO_LARGE", pannier.DataTooLarge),
        (StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED", pannier.RequestIdReused),
        (StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED", pannier.Unauthenticated),
        (StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED", pannier.PermissionDenied),
        (StatusCode.RESOURCE_EXHAUSTED, "THROTTLED", pannier.Throttled),
        (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED", pannier.Overloaded),
        (StatusCode.FAILED_PRECONDITION, "TABLE_MISSING", pannier.StoreMisconfigured),
        (StatusCode.UNAVAILABLE, "DRAINING", pannier.Unavailable),
        (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", pannier.DeadlineExceeded),
        (StatusCode.DATA_LOSS, "RECORD_CORRUPT", pannier.CorruptRecord),
        (StatusCode.INTERNAL, "INTERNAL", pannier.InternalError),
    ],
)
def test_each_reason_has_its_exception(
    code: StatusCode, reason: str, kind: type[pannier.PannierError]
) -> None:
    error = error_of(code, reason)
    assert type(error) is kind
    assert (error.code, error.reason, error.message) == (code, reason, "what happened")


def test_an_unknown_reason_is_treated_by_its_code() -> None:
    assert type(error_of(StatusCode.NOT_FOUND, "LATER_INVENTION")) is pannier.NotFound


def test_a_reason_that_does_not_go_with_the_code_is_treated_by_the_code() -> None:
    assert type(error_of(StatusCode.NOT_FOUND, "DATA_TOO_LARGE")) is pannier.NotFound


def test_a_code_without_an_exception_of_its_own_is_a_pannier_error() -> None:
    assert type(error_of(StatusCode.OUT_OF_RANGE)) is pannier.PannierError


def test_a_conflict_carries_what_was_expected_and_what_was_there() -> None:
    facts = pb.VersionConflict(expected_version=3, actual_version=5, actual_etag="5-x")
    error = error_of(StatusCode.ABORTED, "VERSION_CONFLICT", details=[facts])
    assert isinstance(error, pannier.VersionConflict)
    assert (error.expected_version, error.actual_version, error.actual_etag) == (3, 5, "5-x")


def test_too_much_data_carries_both_sizes() -> None:
    facts = pb.DataTooLarge(actual_bytes=11, limit_bytes=10)
    error = error_of(StatusCode.INVALID_ARGUMENT, "DATA_TOO_LARGE", details=[facts])
    assert isinstance(error, pannier.DataTooLarge)
    assert (error.actual_bytes, error.limit_bytes) == (11, 10)


@pytest.mark.parametrize(("asked", "delay"), [(1.25, 1.25), (-3, 0)])
def test_throttling_carries_the_delay(asked: float, delay: float) -> None:
    details = [retry_after(asked)]
    error = error_of(StatusCode.RESOURCE_EXHAUSTED, "THROTTLED", details=details)
    assert isinstance(error, pannier.Throttled)
    assert error.retry_delay == delay


def test_throttling_without_a_delay_says_so() -> None:
    error = error_of(StatusCode.RESOURCE_EXHAUSTED, "THROTTLED")
    assert isinstance(error, pannier.Throttled)
    assert error.retry_delay is None


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("not_applied", pannier.WriteOutcome.NOT_APPLIED),
        ("unknown", pannier.WriteOutcome.UNKNOWN),
        ("", None),
        ("something else", None),
    ],
)
def test_the_outcome_of_a_write_is_read(sent: str, read: pannier.WriteOutcome | None) -> None:
    assert error_of(StatusCode.ABORTED, "VERSION_CONFLICT", outcome=sent).write_outcome is read


def test_details_of_another_domain_are_not_ours() -> None:
    encoded = status_details("QUOTA", domain="googleapis.com", outcome="not_applied")
    error = error_of(StatusCode.ABORTED, encoded=encoded)
    assert (error.reason, error.write_outcome) == ("", None)


def broken_detail() -> bytes:
    status = Status.FromString(status_details("VERSION_CONFLICT", outcome="not_applied"))
    detail = status.details.add()
    detail.type_url = "type.googleapis.com/pannier.v1.VersionConflict"
    detail.value = b"\xff\xff"
    return bytes(status.SerializeToString())


def test_malformed_details_are_left_out() -> None:
    assert error_of(StatusCode.ABORTED, encoded=b"\xff\xff").reason == ""
    error = error_of(StatusCode.ABORTED, encoded=broken_detail())
    assert isinstance(error, pannier.VersionConflict)
    assert (error.reason, error.actual_version) == ("VERSION_CONFLICT", 0)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (StatusCode.UNAVAILABLE, "Socket closed"),
        (StatusCode.CANCELLED, "RST_STREAM with error code CANCEL"),
        (StatusCode.INTERNAL, "Received RST_STREAM with error code 2"),
        (StatusCode.UNKNOWN, "Stream removed"),
    ],
)
def test_a_broken_stream_is_unavailability(code: StatusCode, text: str) -> None:
    error = error_of(code, text=text)
    assert type(error) is pannier.Unavailable
    assert error.code is code
    assert "no answer from the sidecar at unix:/p.sock; is it running there?" in str(error)


def test_a_bug_of_the_sidecar_is_not_taken_for_a_broken_stream() -> None:
    text = "failed after RST_STREAM"
    assert type(error_of(StatusCode.INTERNAL, "INTERNAL", text=text)) is pannier.InternalError
    assert type(error_of(StatusCode.INTERNAL, text="bad message")) is pannier.InternalError


def test_another_server_at_the_address_is_said() -> None:
    assert "no Pannier sidecar" in str(error_of(StatusCode.UNIMPLEMENTED))


def test_the_text_says_that_a_write_may_have_been_applied() -> None:
    unknown = error_of(StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", outcome="unknown")
    assert str(unknown) == "what happened (the write may have been applied)"
    certain = error_of(StatusCode.UNAVAILABLE, "STORE_UNAVAILABLE", outcome="not_applied")
    assert str(certain) == "what happened"


def test_a_refused_argument_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="what happened"):
        raise error_of(StatusCode.INVALID_ARGUMENT, "KEY_INVALID")


@pytest.mark.parametrize("travel", [copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_cross_process_borders_with_their_facts(travel: object) -> None:
    record = pannier.Record("o:n", b"old", 1, "e1", None)
    facts = {"code": StatusCode.ABORTED, "write_outcome": pannier.WriteOutcome.UNKNOWN}
    error = pannier.OutcomeUnknown("lost", record=record, data=b"new", **facts)  # type: ignore[arg-type]
    arrived = travel(error)  # type: ignore[operator]
    assert type(arrived) is pannier.OutcomeUnknown
    assert (arrived.record, arrived.data, str(arrived)) == (record, b"new", str(error))
    assert arrived.code is StatusCode.ABORTED


def test_a_record_is_shown_without_its_data() -> None:
    assert "secret" not in repr(pannier.Record("o:n", b"secret", 1, "e1", None))
