"""The state machine of the stateful property test; see `pannier_server.testing.stateful`."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pannier_server.backends.contract import Key, Record, StorageBackend, Write, Written
from pannier_server.backends.errors import StorageError, VersionMismatch, WriteOutcome
from pannier_server.backends.etags import format_etag
from pannier_server.testing.drawn import (
    CHANGES,
    CONDITIONS,
    DATA,
    FIRST_NAMES,
    LIFETIMES,
    NAMES,
    OWNERS,
    PREFIXES,
    RECENT,
    VERSIONS,
    Sent,
)
from pannier_server.testing.model import Model, Refusal, Wrote
from pannier_server.testing.records import Records, new_owner, new_write_id

T = TypeVar("T")


class BackendMachine(RuleBasedStateMachine):
    """Drives a backend and the model, over two owners whose names start alike.

    Attributes:
        backend: The backend, opened.
        run: Runs a coroutine to its end, on the loop that the backend was opened on.
    """

    backend: StorageBackend
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def __init__(self) -> None:
        """Start with new owners, so that no example sees the rows of another."""
        super().__init__()
        self.records = Records(self.backend, new_owner())
        self.model = Model()
        self.sent: list[Sent] = []
        self.etags: dict[Key, list[tuple[int, str]]] = {}
        self.touched: tuple[str, str] | None = None

    @initialize(lifetimes=st.tuples(*[LIFETIMES] * len(FIRST_NAMES)))
    def fill(self, lifetimes: tuple[int | None, ...]) -> None:
        """Start with some records."""
        for name, lifetime in zip(FIRST_NAMES, lifetimes, strict=True):
            self.put("", name, b"first", lifetime)

    @rule(seconds=st.sampled_from([1, 4, 30]))
    def advance_the_clock(self, seconds: int) -> None:
        """Let time pass, so that records expire."""
        self.records.now += seconds

    @rule(owner=OWNERS, name=NAMES)
    def get(self, owner: str, name: str) -> None:
        """Read a record, or find none."""
        self._get(owner, name)

    @rule(owner=OWNERS, name=NAMES, data=DATA, lifetime=LIFETIMES)
    def put(self, owner: str, name: str, data: bytes, lifetime: int | None) -> None:
        """Write whatever is there."""
        write = Write(data, self._expiry(lifetime), new_write_id())
        self._send(Sent(owner, name, write, None, ""))

    @rule(owner=OWNERS, name=NAMES, data=DATA, lifetime=LIFETIMES)
    def create(self, owner: str, name: str, data: bytes, lifetime: int | None) -> None:
        """Write only where nothing is."""
        write = Write(data, self._expiry(lifetime), new_write_id())
        self._send(Sent(owner, name, write, 0, ""))

    @rule(owner=OWNERS, name=NAMES, data=DATA, lifetime=LIFETIMES, state=st.data())
    def put_if_version(
        self, owner: str, name: str, data: bytes, lifetime: int | None, state: st.DataObject
    ) -> None:
        """Write over a version, right or wrong, with an etag, right or wrong, or none."""
        version, etag = self._draw_expectation(owner, name, state)
        write = Write(data, self._expiry(lifetime), new_write_id())
        self._send(Sent(owner, name, write, version, etag))

    @precondition(lambda self: self.sent)
    @rule(recent=RECENT)
    def retry(self, recent: int) -> None:
        """Send an earlier write again as it was."""
        self._send(self._earlier(recent))

    @precondition(lambda self: self.sent)
    @rule(recent=RECENT, others=st.integers(1, 2))
    def retry_after_other_writes(self, recent: int, others: int) -> None:
        """Send an earlier write again when others have written to its key meanwhile."""
        sent = self._earlier(recent)
        for _ in range(others):
            self.put(sent.owner, sent.name, b"another's", None)
        self._send(sent)

    @precondition(lambda self: self.sent)
    @rule(recent=RECENT, data=DATA, lifetime=LIFETIMES, version=VERSIONS, change=CHANGES)
    def reuse_a_write_id(
        self, recent: int, data: bytes, lifetime: int | None, version: int | None, change: str
    ) -> None:
        """Send another write under the id of an earlier one."""
        sent = self._earlier(recent)
        if change == "data":
            sent = sent._replace(write=msgspec.structs.replace(sent.write, data=data))
        elif change == "expiry":
            write = msgspec.structs.replace(sent.write, expires_at=self._expiry(lifetime))
            sent = sent._replace(write=write)
        else:
            sent = sent._replace(expected_version=version, etag="")
        self._send(sent)

    @rule(owner=OWNERS, name=NAMES, by=CONDITIONS, state=st.data())
    def delete(self, owner: str, name: str, by: str, state: st.DataObject) -> None:
        """Delete whatever is there, or at a version or an etag, right or wrong."""
        version, etag = self._draw_expectation(owner, name, state)
        if not etag:
            etag = format_etag(version, new_write_id())
        self._delete(
            owner,
            name,
            version if by in {"version", "both"} else None,
            etag if by in {"etag", "both"} else "",
        )

    @rule(
        owner=OWNERS,
        prefix=PREFIXES,
        descending=st.booleans(),
        max_rows=st.integers(1, 4),
        max_bytes=st.sampled_from([1, 5, 600, 1 << 20]),
    )
    def list_all(
        self, owner: str, prefix: str, max_rows: int, max_bytes: int, *, descending: bool
    ) -> None:
        """List a prefix to its end, in pages of some size, in either order."""
        records = self._of(owner)
        pages = self.run(
            records.pages(prefix, descending=descending, max_rows=max_rows, max_bytes=max_bytes)
        )
        assert all(len(page.rows) <= max_rows for page in pages)
        expected = self.model.listed(records.owner, prefix, records.now)
        listed = [row for page in pages for row in page.rows]
        assert listed == (expected[::-1] if descending else expected)

    @rule(owner=OWNERS, prefix=PREFIXES, after=NAMES, descending=st.booleans())
    def list_from(self, owner: str, prefix: str, after: str, *, descending: bool) -> None:
        """List from a position where a row may be or not."""
        records = self._of(owner)
        position = prefix + after
        listed = self.run(records.rows(prefix, after=position, descending=descending))
        expected = [
            record
            for record in self.model.listed(records.owner, prefix, records.now)
            if record.key.name != position
            and (record.key.name.encode() < position.encode()) == descending
        ]
        assert listed == (expected[::-1] if descending else expected)

    @rule(owner=OWNERS, prefix=PREFIXES, limit=st.sampled_from([1, 2, 100]))
    def clean_up(self, owner: str, prefix: str, limit: int) -> None:
        """Remove expired records."""
        records = self._of(owner)
        cleaned = self.run(records.cleanup(prefix, limit=limit))
        self.model.clean_up(
            records.owner, prefix, limit, records.now, cleaned.removed, more=cleaned.more
        )

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        """Read the record that was last written or deleted, and list all that are there."""
        if self.touched:
            self._get(*self.touched)
        for owner in ("", "b"):
            records = self._of(owner)
            assert self.run(records.rows()) == self.model.listed(records.owner, "", records.now)

    def teardown(self) -> None:
        """Leave nothing behind in a store that outlives the test."""
        self.run(self.records.erase())

    def _of(self, owner: str) -> Records:
        return self.records.of(self.records.owner + owner)

    def _get(self, owner: str, name: str) -> None:
        records = self._of(owner)
        key = records.key(name)
        answer = self._answer(records.get(name), is_write=False)
        self.model.get(key, records.now, answer)

    def _expiry(self, lifetime: int | None) -> int | None:
        return None if lifetime is None else self.records.now + lifetime

    def _earlier(self, recent: int) -> Sent:
        return self.sent[-1 - recent % len(self.sent)]

    def _draw_expectation(self, owner: str, name: str, state: st.DataObject) -> tuple[int, str]:
        """Choose a version from 1 up and an etag of it, or an empty one."""
        key = self._of(owner).key(name)
        known = self.etags.get(key, [])
        version = state.draw(st.sampled_from([known[-1][0] if known else 1, 1, 2, 5]))
        seen = [etag for made, etag in known if made == version]
        made_up = [format_etag(version, new_write_id()), format_etag(version, None)]
        etags = ["", "", *seen[::-1], *made_up]
        return version, etags[state.draw(st.integers(0, len(etags) - 1))]

    def _send(self, sent: Sent) -> None:
        """Send a write, compare its answer, and remember it for a retry."""
        records = self._of(sent.owner)
        key, now = records.key(sent.name), records.now
        answer = self._answer(sent.attempt(records), is_write=True)
        if sent.expected_version is None:
            self.model.put(key, sent.write, now, answer)
        else:
            self.model.put_if_version(
                key, sent.write, sent.expected_version, sent.etag, now, answer
            )
        self.sent.append(sent)
        self.touched = sent.owner, sent.name
        if isinstance(answer, Wrote):
            self.etags.setdefault(key, []).append((answer.version, answer.etag))

    def _delete(self, owner: str, name: str, expected_version: int | None, etag: str) -> None:
        records = self._of(owner)
        key = records.key(name)
        delete = records.delete(name, expected_version=expected_version, etag=etag)
        answer = self._answer(delete, is_write=True)
        self.model.delete(key, expected_version, etag, records.now, answer)
        self.touched = owner, name

    def _answer(self, call: Coroutine[Any, Any, T], *, is_write: bool) -> object:
        """Return what a call answers, or its error with all its facts."""
        try:
            answer: Record | Written | bool = self.run(call)
        except StorageError as error:
            return _refusal(error, is_write=is_write)
        return Wrote(answer.version, answer.etag) if isinstance(answer, Written) else answer


def _refusal(error: StorageError, *, is_write: bool) -> Refusal:
    assert not is_write or error.write_outcome is WriteOutcome.NOT_APPLIED
    if not isinstance(error, VersionMismatch):
        return Refusal(type(error))
    return Refusal(VersionMismatch, error.expected_version, error.actual_version, error.actual_etag)
