"""What every answer must be, however hostile the request and the rows were."""

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from pannier.v1 import storage_pb2 as pb

WRITES = frozenset({"Put", "PutIfVersion", "Delete", "CleanupExpired"})
"""The RPCs whose errors say whether anything was written."""

_CODES = {
    "NOT_FOUND": {"RECORD_NOT_FOUND"},
    "ABORTED": {"VERSION_CONFLICT"},
    "ALREADY_EXISTS": {"RECORD_EXISTS"},
    "DATA_LOSS": {"RECORD_CORRUPT"},
    "INVALID_ARGUMENT": {
        "MESSAGE_INVALID",
        "KEY_INVALID",
        "DATA_TOO_LARGE",
        "PREFIX_INVALID",
        "PAGE_TOKEN_INVALID",
        "PAGE_SIZE_INVALID",
        "EXPECTED_VERSION_INVALID",
        "ETAG_INVALID",
        "EXPIRE_TIME_INVALID",
        "REQUEST_ID_INVALID",
        "REQUEST_ID_REUSED",
    },
}
_MOST_DETAIL_BYTES = 4_096
# So many bytes of a request in a message are no accident.
_QUOTED = 40
_OUTCOMES = {"not_applied", "unknown"}


def check_failure(rpc: str, error: grpc.RpcError, request: bytes) -> None:
    """Check that an error is one that the contract knows, whole, and gives nothing away.

    Args:
        rpc: The method's name.
        error: What the call ended with.
        request: What was sent.

    Raises:
        AssertionError: It is not.
    """
    assert isinstance(error, grpc.aio.AioRpcError)
    code = error.code().name
    problem = f"{rpc} answers {code}: {error.details()}"
    assert code in _CODES, problem
    packed = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
    assert isinstance(packed, bytes), f"{problem}; it has no details"
    assert len(packed) <= _MOST_DETAIL_BYTES, problem
    status = Status.FromString(packed)
    assert status.message == error.details(), problem
    info = ErrorInfo()
    assert status.details[0].Unpack(info), problem
    assert info.domain == "pannier", problem
    assert info.reason in _CODES[code], f"{problem}; its reason is {info.reason}"
    outcome = info.metadata.get("write_outcome")
    if rpc in WRITES:
        assert outcome in _OUTCOMES, f"{problem}; its outcome is {outcome}"
    else:
        assert outcome is None, problem
    _check_text(status.message, request, problem)


def check_page(page: pb.ListByPrefixResponse) -> None:
    """Check that a page has what pages may have.

    Raises:
        AssertionError: It has not.
    """
    for record in page.records:
        assert 1 <= record.version < 2**63
        assert record.etag
    for row in page.unreadable:
        assert row.key, "a row without a key"
        assert row.problem, "a row is named without saying what is wrong with it"


def _check_text(message: str, request: bytes, problem: str) -> None:
    assert message.strip(), problem
    assert message.isprintable(), problem
    assert len(message) < 1_000, problem
    assert "Traceback" not in message, problem
    assert 'File "' not in message, problem
    pieces = (request[at : at + _QUOTED] for at in range(0, len(request) - _QUOTED, _QUOTED))
    assert not any(piece.decode("latin-1") in message for piece in pieces), problem
