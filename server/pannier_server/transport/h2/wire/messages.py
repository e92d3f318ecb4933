"""Length-prefixed messages, compressed or not, put together from pieces of any size."""

import zlib
from struct import Struct
from typing import Final

from pannier_server.transport.h2.wire.codes import INTERNAL, RESOURCE_EXHAUSTED

PREFIX_BYTES: Final = 5

_PREFIX: Final = Struct(">BL")
_GZIP: Final = 16 + zlib.MAX_WBITS
_SMALL_PIECE: Final = 1024
# From this size on a copy takes longer than the steps that it saves.
_LARGE: Final = 64 * 1024


class MessageRefused(Exception):
    """A request's body holds what is not taken.

    Attributes:
        code: The gRPC status code that ends the call: RESOURCE_EXHAUSTED for what is too
            large, INTERNAL for what is no message.
    """

    def __init__(self, code: int, problem: str) -> None:
        """Take the code and what is wrong."""
        super().__init__(f"the request has {problem}")
        self.code = code


def prefix(length: int, *, compressed: bool = False) -> bytes:
    """Return what a message of this length starts with."""
    return _PREFIX.pack(compressed, length)


def is_plain_message(body: bytes) -> bool:
    """Say whether a body is one whole message, not compressed."""
    size = len(body)
    return size >= PREFIX_BYTES and _PREFIX.unpack_from(body) == (0, size - PREFIX_BYTES)


def compress(message: bytes) -> bytes:
    """Return a message in gzip, quickly rather than small."""
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    return packer.compress(message) + packer.flush()


class MessageReader:
    """Takes pieces of a request's body and gives back its messages.

    Attributes:
        held: Bytes of the message that is not complete yet.
    """

    __slots__ = (
        "_decompresses",
        "_max_bytes",
        "_max_decompressed_bytes",
        "_parts",
        "_wanted",
        "held",
    )

    def __init__(
        self, max_bytes: int, *, decompresses: bool, max_decompressed_bytes: int | None = None
    ) -> None:
        """Take the limits of messages, and whether the request announced gzip.

        Args:
            max_bytes: The largest message as it comes.
            decompresses: Messages may be compressed.
            max_decompressed_bytes: The largest that may come of a compressed one; ``max_bytes``
                where None.
        """
        self.held = 0
        self._max_bytes = max_bytes
        self._max_decompressed_bytes = max_decompressed_bytes or max_bytes
        self._decompresses = decompresses
        # Small pieces share a buffer: alone, each would take many times its size.
        self._parts: list[bytes | bytearray] = []
        self._wanted = PREFIX_BYTES

    def feed(self, data: bytes) -> list[bytes]:
        """Take a piece, and return the messages that it completes.

        Raises:
            MessageRefused: A message is announced, or decompresses, to more than allowed, or
                is none.
        """
        parts = self._parts
        if not parts or len(data) >= _SMALL_PIECE:
            parts.append(data)
        elif isinstance(parts[-1], bytearray):
            parts[-1] += data
        else:
            parts.append(bytearray(data))
        self.held += len(data)
        if self.held < self._wanted:
            return []
        if self.held == self._wanted > _LARGE and len(parts[0]) >= PREFIX_BYTES:
            return [self._take_large()]
        return self._complete(b"".join(parts))

    def _take_large(self) -> bytes:
        """Return the one message that is there, copied once instead of twice."""
        parts, self._parts = self._parts, []
        flag = parts[0][0]
        parts[0] = parts[0][PREFIX_BYTES:]
        self._wanted = PREFIX_BYTES
        self.held = 0
        return self._message(flag, b"".join(parts))

    def _complete(self, body: bytes) -> list[bytes]:
        messages: list[bytes] = []
        position = 0
        while True:
            rest = len(body) - position
            if rest < PREFIX_BYTES:
                self._wanted = PREFIX_BYTES
                break
            flag, length = _PREFIX.unpack_from(body, position)
            if length > self._max_bytes:
                raise MessageRefused(
                    RESOURCE_EXHAUSTED,
                    f"a message of {length} bytes; at most {self._max_bytes} are taken",
                )
            self._wanted = PREFIX_BYTES + length
            if rest < self._wanted:
                break
            end = position + self._wanted
            messages.append(self._message(flag, body[position + PREFIX_BYTES : end]))
            position = end
        self._parts = [body[position:]] if rest else []
        self.held = rest
        return messages

    def _message(self, flag: int, payload: bytes) -> bytes:
        if flag == 0:
            return payload
        if flag != 1:
            raise MessageRefused(INTERNAL, f"a message with the flags {flag}")
        if not self._decompresses:
            raise MessageRefused(INTERNAL, "a compressed message without grpc-encoding")
        return self._decompress(payload)

    def _decompress(self, payload: bytes) -> bytes:
        """Return a message from its gzip form, never more than allowed."""
        limit = self._max_decompressed_bytes
        unpacker = zlib.decompressobj(_GZIP)
        try:
            message = unpacker.decompress(payload, limit + 1)
        except zlib.error:
            raise MessageRefused(INTERNAL, "a message that is no gzip") from None
        if len(message) > limit:
            raise MessageRefused(
                RESOURCE_EXHAUSTED, f"a compressed message of more than {limit} bytes"
            )
        if not unpacker.eof:
            raise MessageRefused(INTERNAL, "a message whose gzip form is cut short")
        if unpacker.unused_data:
            raise MessageRefused(INTERNAL, "a message with more after the end of its gzip form")
        return message
