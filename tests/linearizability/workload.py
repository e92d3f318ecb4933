"""What the clients ask for: a few keys at a time, all kinds of call, expiry in play."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from tests.linearizability.calls import Call, Ending, Kind, Outcome, Wish

Choice = TypeVar("Choice")

CALLS_OF_A_KEY = 120
"""After so many a key is left for another one: the search for an order of calls is
exponential in what is concurrent, and what is unknown is concurrent with all that follows."""

DOUBTS_OF_A_KEY = 6

_KINDS = ((Kind.GET, 0.40), (Kind.PUT, 0.32), (Kind.PUT_IF_VERSION, 0.21), (Kind.DELETE, 0.07))

# Seconds from now until a record expires, in the past too; None for never.
_LIFETIMES = ((None, 0.78), (3600, 0.1), (1, 0.06), (-2, 0.06))


@dataclass(slots=True)
class Contended:
    """A key that several clients use, and what the last answer about it said.

    Attributes:
        key: The key.
        calls: Calls begun on it.
        doubts: Writes to it of which nobody knows whether they were applied.
        version: The version seen last; 0 where no record was.
        etag: Its etag.
    """

    key: str
    calls: int = 0
    doubts: int = 0
    version: int = 0
    etag: str = ""

    @property
    def is_worn(self) -> bool:
        return self.calls >= CALLS_OF_A_KEY or self.doubts >= DOUBTS_OF_A_KEY


class Workload:
    """Chooses calls at random, the same for the same seed and answers.

    Attributes:
        keys: All keys that were used.
    """

    def __init__(
        self,
        owner: str,
        seed: int,
        operations: int,
        keys: int,
        is_enough: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare.

        Args:
            owner: Whose records; no one else may write them.
            seed: What the choices come from.
            operations: How many calls to make.
            keys: How many keys are in use at the same time.
            is_enough: Asked after so many calls; while it says no there are more, up to ten
                times as many in all.
        """
        self.keys: list[str] = []
        self._owner = owner
        self._random = Random(f"workload {seed}")
        self._left = operations
        self._more = 9 * operations
        self._is_enough = is_enough
        self._in_play = [self._new_key() for _ in range(keys)]

    def next(self) -> tuple[Contended, Wish] | None:
        """Return what to ask for next, and the key that it is about; None at the end."""
        if not self._left and not self._prolong():
            return None
        self._left -= 1
        index = self._random.randrange(len(self._in_play))
        if self._in_play[index].is_worn:
            self._in_play[index] = self._new_key()
        contended = self._in_play[index]
        contended.calls += 1
        return contended, self._wish(contended)

    def _prolong(self) -> bool:
        if not self._more or self._is_enough():
            return False
        self._more -= 1
        self._left = 1
        return True

    def note(self, contended: Contended, call: Call) -> None:
        """Remember what an answer said, for calls to come."""
        if call.ending in {Ending.UNKNOWN, Ending.IN_DOUBT}:
            contended.doubts += 1
        answer = call.answer
        if answer is None or answer.outcome is Outcome.EXISTS:
            return
        contended.version, contended.etag = answer.version, answer.etag

    def _new_key(self) -> Contended:
        key = f"{self._owner}:{len(self.keys)}"
        self.keys.append(key)
        return Contended(key)

    def _wish(self, contended: Contended) -> Wish:
        kind = self._choose(_KINDS)
        if kind is Kind.GET:
            return Wish(kind, contended.key)
        if kind is Kind.DELETE:
            version, etag = self._condition(contended)
            return Wish(kind, contended.key, expected_version=version, etag=etag)
        write_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        lifetime = self._choose(_LIFETIMES)
        wish = Wish(
            kind,
            contended.key,
            write_id,
            data=f"data of {write_id}",
            expires_at=0 if lifetime is None else int(time.time()) + lifetime,
        )
        if kind is Kind.PUT:
            return wish
        return self._over(contended, wish)

    def _over(self, contended: Contended, wish: Wish) -> Wish:
        """Return a conditional write over what was seen last."""
        etag = contended.etag if self._random.random() < 0.5 else ""
        return replace(wish, expected_version=contended.version, etag=etag)

    def _condition(self, contended: Contended) -> tuple[int, str]:
        """Return the version and the etag that a delete names, if any."""
        choice = self._random.random()
        if not contended.version or choice < 0.4:
            return 0, ""
        return (contended.version, "") if choice < 0.7 else (0, contended.etag)

    def _choose(self, choices: Sequence[tuple[Choice, float]]) -> Choice:
        values = [value for value, _ in choices]
        return self._random.choices(values, [weight for _, weight in choices])[0]
