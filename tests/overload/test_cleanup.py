"""A clean-up takes its turns like other calls, and comes back as it is told."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from pannier_server.backends.contract import Call, Cleaned, Prefix
from pannier_server.backends.dynamodb.cleanup import Cleanup
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.errors import Overloaded
from tests.overload.virtual_time import run

ROWS = 20


@dataclass
class BusyTable:
    """Plays DynamoDB: refuses each request once, or all after so many."""

    grants: int = 10_000
    asked: list[tuple[str, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def ask(
        self,
        operation: str,
        request: Any,
        call: Call,
        effect: Effect = Effect.READ,
        *,
        owner: str = "",
    ) -> bytes:
        self.asked.append((operation, owner))
        first_time = repr(request) not in self.seen
        self.seen.add(repr(request))
        if first_time or not self.grants:
            raise Overloaded("others take them", retry_delay=0.1)
        self.grants -= 1
        return b""


def removed(table: BusyTable) -> Cleaned:
    """Clean up within ten seconds."""
    requests: Any = SimpleNamespace(
        find_expired=lambda *_: {"Query": 1}, delete_expired=lambda key, _: {"Key": key}
    )
    found = SimpleNamespace(Items=list(range(ROWS)), LastEvaluatedKey=None)
    answers: Any = SimpleNamespace(keys=lambda _: found)

    async def clean_up() -> Cleaned:
        deadline = asyncio.get_running_loop().time() + 10
        cleanup = Cleanup(table.ask, requests, answers)
        return await cleanup.remove(Prefix("o", ""), limit=100, call=Call(0, deadline))

    return run(clean_up())


def test_a_clean_up_that_is_refused_comes_back_until_all_is_removed() -> None:
    table = BusyTable()
    assert removed(table) == Cleaned(ROWS, more=False)
    assert len(table.asked) == 2 * (ROWS + 1)
    assert {owner for _, owner in table.asked} == {"o"}


def test_a_clean_up_answers_how_far_it_came() -> None:
    cleaned = removed(BusyTable(grants=6))
    assert cleaned == Cleaned(5, more=True)


def test_a_clean_up_that_removed_nothing_says_why() -> None:
    with pytest.raises(Overloaded):
        removed(BusyTable(grants=1))
