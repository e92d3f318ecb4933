"""What a store may hold after what it answered, worked out apart from its own rules.

Each record has one state or several: a write whose outcome nobody knows leaves both the
state before it and the state that it makes. What is found must be one of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pannier_server.backends.contract import Cleaned, Write, Written
from pannier_server.backends.errors import (
    RecordExists,
    RecordNotFound,
    StorageError,
    VersionMismatch,
    WriteOutcome,
)

NOW = 2_000_000_000
"""Every request's clock, in epoch seconds."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A row, expired or not."""

    version: int
    etag: str
    expires_at: int | None
    data: bytes

    def __str__(self) -> str:
        return f"{self.etag} ({len(self.data)} bytes, expires {self.expires_at})"


State = Stored | None
Refusal = type[StorageError]
Answer = Written | bool | Cleaned | StorageError


class Step(Protocol):
    """One call of the workload."""

    @property
    def names(self) -> Sequence[str]:
        """The records that it may change."""
        ...

    def outcome(self, state: State) -> State | Refusal:
        """Return what it makes of a record in a state, or how it is refused."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """A put, over ``expected_version`` only where that is given (0: a create)."""

    name: str
    write: Write
    expected_version: int | None = None

    @property
    def names(self) -> Sequence[str]:
        return (self.name,)

    def outcome(self, state: State) -> State | Refusal:
        if state and state.etag.endswith(f"-{self.write.write_id}"):
            return state
        refusal = self._refusal(state)
        if refusal is not None:
            return refusal
        version = state.version + 1 if state else 1
        etag = f"{version}-{self.write.write_id}"
        return Stored(version, etag, self.write.expires_at, self.write.data)

    def _refusal(self, state: State) -> Refusal | None:
        if self.expected_version is None:
            return None
        if self.expected_version == 0:
            return RecordExists if is_live(state) else None
        if state is None or not is_live(state):
            return RecordNotFound
        return None if state.version == self.expected_version else VersionMismatch


@dataclass(frozen=True, slots=True, eq=False)
class Delete:
    """A delete, at ``expected_version`` only where that is given."""

    name: str
    expected_version: int | None = None

    @property
    def names(self) -> Sequence[str]:
        return (self.name,)

    def outcome(self, state: State) -> State | Refusal:
        stays = state and is_live(state) and self.expected_version not in {None, state.version}
        return VersionMismatch if stays else None


@dataclass(frozen=True, slots=True, eq=False)
class Cleanup:
    """A clean-up of all records."""

    names: Sequence[str]

    def outcome(self, state: State) -> State | Refusal:
        return state if is_live(state) else None


def is_live(state: State) -> bool:
    return state is not None and (state.expires_at is None or state.expires_at > NOW)


class Model:
    """The states that each record may be in.

    Every method raises AssertionError where the store cannot be right.
    """

    def __init__(self, states: Mapping[str, frozenset[State]] | None = None) -> None:
        self._states = dict(states or {})

    def copy(self) -> "Model":
        return Model(self._states)

    def states(self, name: str) -> frozenset[State]:
        return self._states.get(name, frozenset({None}))

    def answered(self, step: Step, answer: Answer) -> None:
        """Take in what a call answered."""
        if isinstance(answer, Cleaned):
            self._check_removed(step, answer)
        for name in step.names:
            self._states[name] = self._after(step, name, answer)

    def unanswered(self, step: Step) -> None:
        """Take in that a call's answer never came."""
        for name in step.names:
            outcomes = map(step.outcome, self.states(name))
            made = frozenset(made for made in outcomes if not isinstance(made, type))
            self._states[name] = self.states(name) | made

    def expect(self, found: Mapping[str, Stored]) -> None:
        """Check that each record is in a state that it may be in."""
        for name in {*self._states, *found}:
            state = found.get(name)
            assert state in self.states(name), (
                f"{name} is {state}, and may be {' or '.join(map(str, self.states(name)))}"
            )

    def settle(self, found: Mapping[str, Stored]) -> None:
        """Check the same; from now on what was found is known to be on the disk."""
        self.expect(found)
        self._states = {name: frozenset({state}) for name, state in found.items()}

    def _after(self, step: Step, name: str, answer: Answer) -> frozenset[State]:
        before = self.states(name)
        outcomes = {state: step.outcome(state) for state in before}
        made = {old: new for old, new in outcomes.items() if not isinstance(new, type)}
        if isinstance(answer, StorageError):
            if answer.write_outcome is WriteOutcome.UNKNOWN:
                return before | frozenset(made.values())
            if isinstance(answer, (RecordExists, RecordNotFound, VersionMismatch)):
                assert type(answer) in outcomes.values(), f"{name} was refused: {answer}"
            return before
        after = frozenset(new for old, new in made.items() if _fits(answer, old, new))
        assert after, f"{name} was {' or '.join(map(str, before))}; {step} answered {answer}"
        return after

    def _check_removed(self, step: Step, answer: Cleaned) -> None:
        expired = [
            {state is not None and not is_live(state) for state in self.states(name)}
            for name in step.names
        ]
        at_least = sum(all(each) for each in expired)
        at_most = sum(any(each) for each in expired)
        assert at_least <= answer.removed <= at_most, f"{answer.removed} records were removed"


def _fits(answer: Answer, before: State, made: State) -> bool:
    """Tell whether a call that did this answers so."""
    if isinstance(answer, Written):
        return made is not None and (made.version, made.etag) == (answer.version, answer.etag)
    return isinstance(answer, Cleaned) or answer == is_live(before)


@dataclass(frozen=True, slots=True)
class Moment:
    """When a call was made, or answered: after so many of the events on files."""

    position: int
    step: Step
    answer: Answer | None = None


def replay(model: Model, moments: Iterable[Moment], cut: int) -> list[Step]:
    """Take in what happened before a cut; return the calls that had no answer by then."""
    waiting: list[Step] = []
    for moment in moments:
        if moment.position > cut:
            break
        if moment.answer is None:
            waiting.append(moment.step)
        else:
            waiting.remove(moment.step)
            model.answered(moment.step, moment.answer)
    for step in waiting:
        model.unanswered(step)
    return waiting
