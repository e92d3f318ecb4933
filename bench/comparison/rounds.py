"""Rounds: each measures everything once, every other one in reverse order."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from bench.comparison.contests import CONTESTS, STARTS, Contest
from bench.comparison.entries import Contender, Engine, Entry
from bench.comparison.measuring import Measurer
from bench.comparison.overheads import overheads
from bench.comparison.samples import Results, Sample
from bench.comparison.start_up import start_once
from bench.comparison.starting import started
from bench.comparison.stores import MEMORY, NO_STORE, Store, dynamodb_local, fixed_responder
from bench.servers import Server

START_UP = "start-up"
CLIENTS = "clients"
NAMES = (*CONTESTS, START_UP, CLIENTS)
"""What can be measured: the contests, how long servers take to start, what clients add."""

_T = TypeVar("_T")
Stores = Mapping[Engine, Store]


@dataclass(frozen=True)
class Plan:
    """What a run measures.

    Attributes:
        names: Some of `NAMES`.
        rounds: How often everything is measured.
        scale: How long each measurement takes, as a share of what its contest says.
    """

    names: Sequence[str] = NAMES
    rounds: int = 5
    scale: float = 1.0


def measure(plan: Plan, results: Results) -> None:
    """Measure what the plan says, and add it to ``results``.

    Raises:
        EngineUnavailable: DynamoDB Local cannot run.
        GhzFailed: ghz itself did not run.
        ServerFailed: A contender did not start.
    """
    with TemporaryDirectory() as place, _stores(plan.names, Path(place)) as stores:
        run = _Run(stores, Measurer(Path(place)), results)
        for number in range(plan.rounds):
            for name in in_turn(plan.names, number):
                print(f"Round {number + 1} of {plan.rounds}: {name}", file=sys.stderr, flush=True)
                if name == START_UP:
                    run.start_all(number)
                elif name == CLIENTS:
                    run.measure_clients(plan.scale)
                else:
                    run.measure(CONTESTS[name], number, plan.scale)


def in_turn(all_of_them: Sequence[_T], number: int) -> Sequence[_T]:
    """Return the order of a round (they count from 0): the reverse in every other one.

    What is next to each other stays so. Whoever ran second runs first the next time, so
    that warming up, or a machine that gets slower, favours no one.
    """
    return all_of_them[::-1] if number % 2 else all_of_them


@dataclass(frozen=True)
class _Run:
    """What all rounds share."""

    stores: Stores
    measurer: Measurer
    results: Results

    def measure(self, contest: Contest, number: int, scale: float) -> None:
        """Measure each entry of a contest in each turn, the first in the order of the round."""
        turns: dict[Entry, list[Sample]] = {entry: [] for entry in contest.entries}
        for turn in range(max(1, round(contest.turns * scale))):
            entries = in_turn(contest.entries, number + turn)
            with self._servers(entries) as servers:
                for entry in entries:
                    server = servers[entry.contender] if entry.contender else None
                    sample = self.measurer.measure(
                        entry, server, self.stores[entry.engine], contest.seconds * scale
                    )
                    turns[entry].append(sample)
        for entry, samples in turns.items():
            self.results.add(contest.name, entry, Sample.of_turns(samples))

    def start_all(self, number: int) -> None:
        """Time one start of each server, in the order of the round."""
        for contender in in_turn(STARTS, number):
            store = self.stores[contender.engine]
            self.results.add_start(contender, start_once(contender, store, self.measurer.folder))

    def measure_clients(self, scale: float) -> None:
        """Measure what each client adds to its stub."""
        for overhead in overheads(self.measurer.folder, scale):
            self.results.add_overhead(overhead)

    @contextmanager
    def _servers(self, entries: Sequence[Entry]) -> Iterator[Mapping[Contender, Server]]:
        """Start the servers of a contest, new ones in each turn, and end them after it.

        Two processes of the same program differ by some percent for as long as they live.
        """
        wanted = dict.fromkeys(entry.contender for entry in entries)
        folder = self.measurer.folder
        with ExitStack() as stack:
            yield {
                one: stack.enter_context(started(one, self.stores[one.engine], folder))
                for one in wanted
                if one
            }


@contextmanager
def _stores(names: Sequence[str], folder: Path) -> Iterator[Stores]:
    """Start the engines that are needed; they stay for the whole run."""
    makers: Mapping[Engine, AbstractContextManager[Store]] = {
        Engine.FIXED: fixed_responder(),
        Engine.DYNAMODB: dynamodb_local(folder),
    }
    with ExitStack() as stack:
        stores = {Engine.NONE: NO_STORE, Engine.MEMORY: MEMORY}
        for engine in sorted(_engines(names) & makers.keys()):
            stores[engine] = stack.enter_context(makers[engine])
        yield stores


def _engines(names: Sequence[str]) -> set[Engine]:
    engines = {
        entry.engine for name in names if name in CONTESTS for entry in CONTESTS[name].entries
    }
    return engines | {start.engine for start in STARTS if START_UP in names}
