"""The checker: porcupine with the contract as its model (tools/peers/linearizability)."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "linearizability-checker"

SECONDS = 60
"""How long it may search. A key that takes longer is undecided, which is a failure."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checker found.

    Attributes:
        keys: How many records the history is about.
        operations: How many operations it has, attempts included.
        illegal: The keys for which no order of operations explains all answers.
        undecided: The keys for which none was found, nor that there is none, in time.
        picture: Where the first illegal key's history is drawn.
    """

    keys: int
    operations: int
    illegal: tuple[str, ...]
    undecided: tuple[str, ...]
    picture: Path

    def __str__(self) -> str:
        """Say what is wrong, or that nothing is."""
        found = f"{self.keys} keys, {self.operations} operations"
        if self.illegal:
            return f"{found}; no order explains {', '.join(self.illegal)}: see {self.picture}"
        if self.undecided:
            return f"{found}; no verdict in {SECONDS} s on {', '.join(self.undecided)}"
        return f"{found}; all explained"

    @property
    def is_legal(self) -> bool:
        """Whether every answer is explained."""
        return not self.illegal and not self.undecided


def check(program: Path, history: Path) -> Verdict:
    """Return the verdict on a history.

    Args:
        program: The checker; see `tests.transport.peers.peer`.
        history: What `tests.linearizability.history.write_history` wrote.
    """
    picture = history.with_suffix(".html")
    result = subprocess.run(
        [program, f"-timeout={SECONDS}s", f"-picture={picture}", history],
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
        check=False,
    )
    if result.returncode != 0:
        raise AssertionError(f"{NAME} failed: {result.stderr}")
    found = json.loads(result.stdout)
    return Verdict(
        found["keys"],
        found["operations"],
        tuple(found["illegal"]),
        tuple(found["undecided"]),
        picture,
    )
