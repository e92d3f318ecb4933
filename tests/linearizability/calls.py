"""One call of a client: what it asked for, when, and what it was told."""

from dataclasses import dataclass, field
from enum import StrEnum, auto


class Kind(StrEnum):
    """Which call it is; the values are those of the checker's histories."""

    GET = "get"
    PUT = "put"
    PUT_IF_VERSION = "put_if_version"
    DELETE = "delete"


class Outcome(StrEnum):
    """What an answer says; the values are those of the checker's histories."""

    OK = "ok"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    EXISTS = "exists"


class Ending(StrEnum):
    """What is known when a call has ended.

    Attributes:
        ANSWERED: The answer stands for all attempts at the call.
        IN_DOUBT: There is an answer, a refusal, but an earlier attempt may have been applied.
        UNKNOWN: There is none, and the write may have been applied.
        FAILED: There is none, and nothing was written.
    """

    ANSWERED = auto()
    IN_DOUBT = auto()
    UNKNOWN = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was told; of a conflict, version and etag are the actual ones."""

    outcome: Outcome
    version: int = 0
    etag: str = ""
    data: str = ""
    expires_at: int = 0
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for.

    Attributes:
        kind: Which call.
        key: The record's key.
        write_id: The request id of a write.
        data: Its data, which no other write has.
        expires_at: When the record is to expire, in epoch seconds; 0 for never.
        expected_version: What a condition names; 0 for nothing, or for a create.
        etag: What a condition names, or nothing.
    """

    kind: Kind
    key: str
    write_id: str = ""
    data: str = ""
    expires_at: int = 0
    expected_version: int = 0
    etag: str = ""

    @property
    def is_write(self) -> bool:
        return self.kind is not Kind.GET

    @property
    def is_upsert(self) -> bool:
        return self.kind in {Kind.PUT, Kind.PUT_IF_VERSION}


@dataclass(slots=True)
class Call:
    """A call that has ended.

    Attributes:
        client: The number of the client.
        wish: What it asked for.
        called: When, in nanoseconds of ``time.monotonic_ns``.
        returned: When it had its answer or its error, on the same clock.
        clock: The wall clock's second before and after it.
        ending: What is known.
        answer: What it was told; None where it was told nothing.
        error: The name of the error's class, or empty.
        attempts: How often the client sent it.
    """

    client: int
    wish: Wish
    called: int
    returned: int = 0
    clock: tuple[int, int] = (0, 0)
    ending: Ending = Ending.FAILED
    answer: Answer | None = field(default=None)
    error: str = ""
    attempts: int = 1

    @property
    def succeeded(self) -> bool:
        """Whether it did what was asked, as opposed to a refusal or a failure."""
        return (
            self.ending is Ending.ANSWERED
            and self.answer is not None
            and self.answer.outcome is Outcome.OK
        )
