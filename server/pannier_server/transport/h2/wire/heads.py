"""Request heads: from header blocks to what a call needs to know, mostly from a cache.

A client sends the same header block for each call of a method, but for its timeout. We
ask for blocks without a dynamic table (SETTINGS_HEADER_TABLE_SIZE of 0, see
`Connection`), so that equal bytes mean equal fields, cut the value of ``grpc-timeout``
out, and look the rest up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pannier_server.transport.h2.hpack import (
    Decoder,
    Field,
    HeaderBlock,
    HeaderListTooLarge,
    HpackError,
)
from pannier_server.transport.h2.hpack.caches import BoundedCache
from pannier_server.transport.h2.hpack.fields import ENTRY_OVERHEAD
from pannier_server.transport.h2.hpack.huffman import decode_huffman
from pannier_server.transport.h2.http2.errors import ConnectionFault, ErrorCode
from pannier_server.transport.h2.http2.fields import (
    content_length,
    find_fault,
    find_fault_in_trailers,
)
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.wire.codes import (
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNIMPLEMENTED,
)
from pannier_server.transport.h2.wire.metadata import Metadatum
from pannier_server.transport.h2.wire.timeouts import parse_timeout

_TIMEOUT: Final = b"grpc-timeout"
_PLAIN_NEEDLE: Final = bytes((len(_TIMEOUT),)) + _TIMEOUT
_HUFFMAN_NAME: Final = bytes.fromhex("9acac8b24d494f6a7f")
_HUFFMAN_NEEDLE: Final = bytes((0x80 | len(_HUFFMAN_NAME),)) + _HUFFMAN_NAME

# To see that a header list is too large takes as long as some calls.
_TOO_LARGE_COSTS: Final = 50

_MAX_CACHED_HEADS: Final = 64
_MAX_CACHED_BLOCK: Final = 4096
# Of all blocks together: a connection that sends different ones holds no more memory than others.
_MAX_CACHED_BYTES: Final = 32 * 1024
# Of ``grpc-timeout``: 8 digits and a unit.
_LONGEST_TIMEOUT: Final = 9

_NOT_POST: Final = b"This is a gRPC server: it takes POST requests only.\n"
_NOT_GRPC: Final = b"This is a gRPC server: the content type must be application/grpc.\n"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request ends whose head is enough to see that it cannot be served.

    Attributes:
        http_status: For what is no gRPC request; 200 for what is.
        code: The gRPC status code where ``http_status`` is 200.
        message: What is wrong.
        metadata: What else to say.
        cost: As how many frames that bring nothing it counts (`Allowance`).
    """

    http_status: int
    code: int
    message: str
    metadata: Sequence[Field] = ()
    cost: int = 1


@dataclass(slots=True, eq=False)
class RequestHead:
    """What the head of a request says, but for its timeout; shared by calls that say the same.

    Attributes:
        fields: The header list without ``grpc-timeout``.
        path: ``/service/method``.
        malformed: What breaks HTTP/2 about it; None where it is well.
        content_length: Its ``content-length``; None where it has none.
        refusal: Why it cannot be served; None where it can.
        gzipped: Its messages may be compressed with gzip.
        accepts_gzip: Answers may be.
        method: A note of whoever looks up the path.
        metadata: A note of whoever decodes it.
    """

    fields: Sequence[Field]
    path: str = ""
    malformed: str | None = None
    content_length: int | None = None
    refusal: Refusal | None = None
    gzipped: bool = False
    accepts_gzip: bool = False
    method: Any = None
    metadata: tuple[Metadatum, ...] | None = None


class RequestHeadDecoder:
    """Decodes the header blocks of one connection."""

    def __init__(self, limits: Limits, meters: Meters) -> None:
        """Take the limit of header lists and the counter of those that are above it."""
        self._decoder = Decoder(max_list_bytes=limits.max_header_list_bytes)
        self._meters = meters
        self._max_list_bytes = limits.max_header_list_bytes
        # Two caches: what is left of a block says where its timeout was only together with the
        # needle that it was found by. The first is that of the current needle.
        self._heads, self._other_heads = _new_cache(), _new_cache()
        self._needle = _HUFFMAN_NEEDLE

    def settings_acknowledged(self) -> None:
        """Refuse a dynamic table that grows again."""
        self._decoder.limit_table(0)

    def decode_trailers(self, block: bytes) -> bool:
        """Return whether a block is allowed as trailers."""
        try:
            return find_fault_in_trailers(self._decode(block).fields) is None
        except HeaderListTooLarge:
            self._meters.header_lists_too_large += 1
            return False

    def decode(self, block: bytes) -> tuple[RequestHead, float | None]:
        """Return a request's head and its timeout in seconds."""
        at = block.find(self._needle)
        if at < 0:
            other = _PLAIN_NEEDLE if self._needle is _HUFFMAN_NEEDLE else _HUFFMAN_NEEDLE
            at = block.find(other)
            if at < 0:
                head = self._heads.get(block)
                return (head, None) if head else self._read(block, block, None)
            self._needle = other
            self._heads, self._other_heads = self._other_heads, self._heads
        at += len(self._needle)
        size = len(block)
        # The length of the value, of one byte; any other length misses the cache.
        marked = block[at] if at < size else 0
        end = at + 1 + (marked & 0x7F)
        key = block[:at] + block[end:]
        head = self._heads.get(key)
        if head and end <= size:
            value = block[at + 1 : end]
            timeout = parse_timeout(_unhuffed(value) if marked & 0x80 else value)
            if timeout is not None:
                return head, timeout
        return self._read(block, key, at)

    def _read(self, block: bytes, key: bytes, cut: int | None) -> tuple[RequestHead, float | None]:
        """Decode a block that is not in the cache, and put it there if it may be."""
        try:
            decoded = self._decode(block)
        except HeaderListTooLarge:
            self._meters.header_lists_too_large += 1
            message = f"the request's header list is larger than {self._max_list_bytes} bytes"
            refusal = Refusal(200, RESOURCE_EXHAUSTED, message, cost=_TOO_LARGE_COSTS)
            return RequestHead((), refusal=refusal), None
        head, timeout, is_shared = read_head(decoded.fields)
        if is_shared and self._is_cacheable(decoded, block, cut):
            self._heads.keep(key, head)
        return head, timeout

    def _is_cacheable(self, decoded: HeaderBlock, block: bytes, cut: int | None) -> bool:
        """Say whether the same key always means the same head.

        A block without a timeout must be the key as a whole. In one with a timeout, the name
        that the cut was made after must be a field's real name and not part of another one's
        value. All bytes before the cut are in the key, and HPACK is read from left to right:
        what is a field's name here is one in every block with that key. The longest timeout must
        leave the list within its limit, too.
        """
        if len(block) > _MAX_CACHED_BLOCK or not (decoded.stateless and self._decoder.is_settled):
            return False
        if cut is None:
            # There is no way to write the name but the two that were not found.
            return True
        name_at = cut - len(self._needle) - 1
        size = sum(len(name) + len(value) + ENTRY_OVERHEAD for name, value in decoded.fields)
        return size + _LONGEST_TIMEOUT <= self._max_list_bytes and any(
            start == name_at and name == _TIMEOUT
            for start, (name, _) in zip(decoded.starts, decoded.fields, strict=True)
        )

    def _decode(self, block: bytes) -> HeaderBlock:
        try:
            return self._decoder.decode(block)
        except HpackError as error:
            raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, str(error)) from None


def read_head(fields: Sequence[Field]) -> tuple[RequestHead, float | None, bool]:
    """Return a header list's head, its timeout, and whether another timeout gives the same head."""
    timeouts = [value for name, value in fields if name == _TIMEOUT]
    head = RequestHead(tuple(field for field in fields if field[0] != _TIMEOUT))
    head.malformed = find_fault(fields)
    if head.malformed:
        return head, None, not timeouts
    head.content_length = content_length(fields)
    if head.content_length == -1:
        head.malformed = "a content-length that is no number"
        return head, None, not timeouts
    values = dict(fields)
    head.path = values[b":path"].decode("latin-1")
    encoding = values.get(b"grpc-encoding", b"identity")
    head.gzipped = encoding == b"gzip"
    accepted = values.get(b"grpc-accept-encoding", b"").split(b",")
    head.accepts_gzip = any(name.strip() == b"gzip" for name in accepted)
    head.refusal = _refusal(values, encoding)
    timeout = parse_timeout(timeouts[0]) if timeouts else None
    if timeouts and (timeout is None or len(timeouts) > 1):
        if head.refusal is None:
            head.refusal = Refusal(200, INTERNAL, "grpc-timeout is not 1 to 8 digits and a unit")
        return head, None, False
    return head, timeout, True


def _refusal(values: dict[bytes, bytes], encoding: bytes) -> Refusal | None:
    method = values[b":method"]
    if method != b"POST":
        # An answer to HEAD has no content (RFC 9110 section 9.3.2).
        return Refusal(405, 0, "" if method == b"HEAD" else _NOT_POST.decode())
    if not _is_grpc(values.get(b"content-type", b"")):
        return Refusal(415, 0, _NOT_GRPC.decode())
    if encoding not in {b"identity", b"gzip"}:
        message = "the message encoding is not supported; use gzip or identity"
        return Refusal(200, UNIMPLEMENTED, message, ((b"grpc-accept-encoding", b"identity,gzip"),))
    return None


def _is_grpc(content_type: bytes) -> bool:
    kind = b"application/grpc"
    return content_type.startswith(kind) and content_type[len(kind) :][:1] in {b"", b"+", b";"}


def _new_cache() -> BoundedCache[RequestHead]:
    return BoundedCache(max_entries=_MAX_CACHED_HEADS, max_key_bytes=_MAX_CACHED_BYTES)


def _unhuffed(value: bytes) -> bytes:
    try:
        return decode_huffman(value)
    except HpackError:
        return b""
