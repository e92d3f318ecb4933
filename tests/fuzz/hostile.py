"""Values that a field may have although nobody means well by them."""

import random
from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

TEXTS: Sequence[str] = [
    "",
    ":",
    "::",
    "o:n",
    "o:",
    ":n",
    "o" * 2_042 + ":" + "n" * 1_019,
    "o" * 2_043 + ":n",
    "o:" + "n" * 1_020,
    "o:" + "\N{GRINNING FACE}" * 254,
    "o:a\0b",
    "o:\n\r\t",
    "o:%00%s{}",
    "o:\N{RIGHT-TO-LEFT OVERRIDE}x",
    "o:e\N{COMBINING ACUTE ACCENT}",
    "o#TASK#:n",
    "\N{ZERO WIDTH SPACE}:\N{ZERO WIDTH SPACE}",
    "o:' OR 1=1; DROP TABLE records; --",
    "o:n*_%",
    "o:\U0010ffff",
    "1-",
    "1-a",
    "01-a",
    "-1-a",
    "9223372036854775808-a",
    "1-11111111-1111-4111-8111-111111111111",
    "11111111-1111-4111-8111-111111111111",
    "00000000-0000-0000-0000-000000000000",
    "AAAA",
    "AbCd_-",
    "====",
    "x" * 10_000,
]
WHOLE: Sequence[int] = [0, 1, 2, 3, 99, 100, 1_000, 1_001, 2**31 - 1, 2**31, 2**32 - 1]
LARGE: Sequence[int] = [2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]
NEGATIVE: Sequence[int] = [-1, -(2**31)]
SECONDS: Sequence[int] = [
    0,
    1,
    -1,
    1_700_000_000,
    4_102_444_800,
    253_402_300_799,
    253_402_300_800,
    -62_135_596_800,
    -62_135_596_801,
    2**63 - 1,
    -(2**63),
]
DATA: Sequence[bytes] = [
    b"",
    b"\0",
    b"text",
    b"\xff\xfe",
    "\N{GRINNING FACE}".encode(),
    b'{"expiresAt": "2030-01-01T00:00:00Z"}',
    b'{"expiresAt": "2030-01-01T00:00:00+99:99"}',
    b'{"expiresAt": "9999-12-31T23:59:60.999999999999Z"}',
    b'{"expiresAt": 7}',
    b'{"expiresAt": "2001-01-01T00:00:00Z", "expiresAt": null}',
    b"[" * 5_000,
    b'{"a":' * 5_000,
    b"x" * (350 * 1024),
    b"x" * (350 * 1024 + 1),
]

_PLAIN = 0.5


def fill(message: Message, rnd: random.Random) -> None:
    """Give some of a message's fields hostile values, whatever fields it has."""
    descriptor: Any = message.DESCRIPTOR
    if descriptor.full_name == "google.protobuf.Timestamp":
        message.seconds = rnd.choice(SECONDS)  # type: ignore[attr-defined]
        message.nanos = rnd.choice([0, 1, 999_999_999, 1_000_000_000, -1])  # type: ignore[attr-defined]
        return
    for field in descriptor.fields:
        if rnd.random() < _chance_of(field):
            _set(message, field, rnd)


def _chance_of(field: FieldDescriptor) -> float:
    """Return how often a field is set: the first says what the request is about."""
    return 0.95 if field.number == 1 else 0.4


def _set(message: Message, field: FieldDescriptor, rnd: random.Random) -> None:
    if field.message_type is not None:
        part = getattr(message, field.name)
        part.SetInParent()
        fill(part, rnd)
        return
    setattr(message, field.name, _value(field, rnd))


def _value(field: FieldDescriptor, rnd: random.Random) -> object:
    kinds = FieldDescriptor
    match field.cpp_type:
        case kinds.CPPTYPE_STRING if field.type == kinds.TYPE_BYTES:
            return rnd.choice(DATA)
        case kinds.CPPTYPE_STRING:
            # Most of them name something that may be there, so that more than parsing is tried.
            return rnd.choice(["o:n", "o:", "o:a"] if rnd.random() < _PLAIN else TEXTS)
        case kinds.CPPTYPE_BOOL:
            return rnd.random() < _PLAIN
        case kinds.CPPTYPE_ENUM:
            return rnd.choice([0, 1, 2, 3, 7, -1, 2**31 - 1])
        case kinds.CPPTYPE_INT32:
            return rnd.choice([*WHOLE[:9], *NEGATIVE])
        case kinds.CPPTYPE_UINT32:
            return rnd.choice(WHOLE)
        case kinds.CPPTYPE_UINT64:
            return rnd.choice([*WHOLE, *LARGE])
        case _:
            raise AssertionError(f"{field.full_name} is of a type that no hostile values are for")


def garbled(encoded: bytes, rnd: random.Random) -> bytes:
    """Return an encoded message with some bits, bytes or parts changed."""
    raw = bytearray(encoded[:20_000])
    for _ in range(rnd.choice([1, 1, 2, 5])):
        at = rnd.randrange(len(raw) + 1)
        match rnd.randrange(6):
            case 0 if raw:
                raw[at % len(raw)] ^= 1 << rnd.randrange(8)
            case 1:
                raw[at:at] = rnd.randbytes(rnd.choice([1, 2, 10]))
            case 2:
                del raw[at:]
            case 3:
                # A field that is longer than all that follows, and a varint without an end.
                raw += rnd.choice([b"\x0a\xff\xff\xff\xff\x0f", b"\x18" + b"\xff" * 11])
            case 4:
                # Fields that the contract does not know, groups within groups.
                raw += rnd.choice([b"\xf8\x07\x01", b"\x9b\x06" * 200, b"\x9b\x06\x9c\x06"])
            case _:
                raw += raw[:at]
    return bytes(raw)
