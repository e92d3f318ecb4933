"""Stores that lose power, or their process, at a random moment of a random workload.

    python -m tests.sqlite.power_cuts SEED...

A store lives up to three times on one simulated disk (`tests.sqlite.disk`), with a
random workload each time. Each life ends anywhere in it: by a power cut, which takes
what was not synced, or by the process's death, which takes nothing but leaves unsynced
what was. Then the next one opens what is left and must find all that was answered.
"""

import asyncio
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from shutil import rmtree
from unittest.mock import patch

from pannier_server.backends.sqlite import location, session
from tests.sqlite.disk import Disk, write_files
from tests.sqlite.model import Model, Step, replay
from tests.sqlite.recording_os import RecordingOs
from tests.sqlite.recording_vfs import Event, RecordingVfs
from tests.sqlite.stores import connected
from tests.sqlite.workload import Workload

FILE = "pannier.db"
CHANGES = {"create", "delete", "write", "truncate", "sync", "failed sync", "sync folder"}


class PowerCutFailed(AssertionError):
    """A store did not hold what it had answered, or could not be opened."""


async def run(seed: int, *, unseen: Collection[str] = ()) -> list[Event]:
    """Run the lives of one store; return what they did to files.

    Args:
        seed: Decides everything.
        unseen: Kinds of events that do not reach the disk, to see what that breaks.

    Raises:
        PowerCutFailed: What was answered is gone, or what was refused is there.
    """
    lives = Lives(seed, unseen)
    with scratch_folder() as folder:
        try:
            for number, power_fails in enumerate(lives.endings()):
                await lives.live(folder / str(number), power_fails=power_fails)
            await lives.look(folder / "last")
        # Whatever goes wrong, the seed is what tells how to see it again.
        except Exception as error:
            raise PowerCutFailed(
                f"seed {seed}: {error}\nto see it again: python -m tests.sqlite.power_cuts {seed}"
            ) from error
    return lives.events


class Lives:
    """A store over several lives of its process.

    Attributes:
        events: What all lives did to files until their ends.
    """

    def __init__(self, seed: int, unseen: Collection[str]) -> None:
        """Start with an empty disk."""
        self._random = Random(seed)
        self.events: list[Event] = []
        self._unseen = unseen
        self._disk = Disk()
        self._model = Model()
        self._unanswered: list[Step] = []

    def endings(self) -> list[bool]:
        """Choose of each life whether the power fails at its end; in the end it does."""
        return [*self._random.choices((True, False), k=self._random.randint(0, 2)), True]

    async def live(self, folder: Path, *, power_fails: bool) -> None:
        """Open what the life before left, work, and end anywhere in that.

        Raises:
            AssertionError: Something that was answered is not there, or the reverse.
        """
        work = await self._work(folder, groups=self._random.randint(2, 12))
        cut = self._choose_end(work)
        self._forget_what_came_after(work, cut)
        self.events += work.events[:cut]
        self._disk.replay(event for event in work.events[:cut] if event.kind not in self._unseen)
        if power_fails:
            odds = self._random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
            self._disk = self._disk.lose_power(self._random, odds=odds)

    def _choose_end(self, work: Workload) -> int:
        """Return after how many events it ends: mostly where much is in doubt."""
        changes = [number for number, event in enumerate(work.events) if event.kind in CHANGES]
        syncs = [number for number in changes if work.events[number].kind == "sync"]
        just_opened, _ = work.settled
        anywhere = self._random.choice([*changes, len(work.events)])
        return self._random.choice((anywhere, self._random.choice(syncs), just_opened))

    async def look(self, folder: Path) -> None:
        """Open what the life before left, and look at it.

        Raises:
            AssertionError: Something that was answered is not there, or the reverse.
        """
        await self._work(folder, groups=0)

    async def _work(self, folder: Path, groups: int) -> Workload:
        write_files(self._disk.contents(), folder)
        path = folder / FILE
        with RecordingVfs() as vfs, patch.object(location, "os", RecordingOs(vfs)), self._tuned():
            # What it answers after the cut never happened: that is up to a copy.
            work = Workload(path, vfs, self._random, self._model.copy(), self._unanswered)
            await work.run(groups)
        with connected(path) as connection:
            damage = connection.execute("PRAGMA integrity_check").fetchall()
        assert damage == [("ok",)], f"the file is damaged: {damage}"
        return work

    def _forget_what_came_after(self, work: Workload, cut: int) -> None:
        """Work out what the store may hold whose life ended at a cut."""
        position, settled = work.settled
        if cut >= position:
            self._model = settled
            self._unanswered = replay(self._model, work.moments, cut)

    @contextmanager
    def _tuned(self) -> Iterator[None]:
        """Set limits at which a small workload does all that a large one would."""
        more = (
            f"PRAGMA wal_autocheckpoint = {self._random.choice((1, 4, 20, 1_000))}",
            f"PRAGMA cache_size = {self._random.choice((10, 1_000))}",
        )
        with patch.object(session, "SETTINGS", (*session.SETTINGS, *more)):
            yield


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder in memory where the machine has one: its durability is simulated."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="pannier-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        rmtree(folder)


if __name__ == "__main__":
    for each in map(int, sys.argv[1:]):
        asyncio.run(run(each))
        print(f"seed {each}: nothing was lost")
