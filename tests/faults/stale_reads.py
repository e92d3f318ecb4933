"""Reads that are not consistent see old items, as they may on AWS.

DynamoDB Local has a single copy of each item, so that a read which forgot to ask for
consistency would never be found out.
"""

from collections import OrderedDict, deque
from random import Random

from tests.faults.messages import Answer, Request

_ROWS = 200
_VERSIONS = 4


class StaleReads:
    """Remembers what rows were, and answers it again where that is allowed.

    Attributes:
        answered: How many reads were answered with what was remembered.
    """

    def __init__(self, seed: int = 0) -> None:
        self.answered = 0
        self._random = Random(f"stale {seed}")
        self._rows: OrderedDict[str, deque[Answer]] = OrderedDict()

    def answer(self, request: Request) -> Answer | None:
        """Return an old answer to a read that does not ask for a consistent one."""
        if request.operation != "GetItem" or request.is_consistent_read:
            return None
        seen = self._rows.get(request.row)
        if not seen or self._random.random() < 0.3:
            return None
        self.answered += 1
        return self._random.choice(seen)

    def remember(self, request: Request, answer: Answer) -> None:
        """Keep an answer of the engine's to a read."""
        if request.operation != "GetItem" or answer.status != 200:
            return
        seen = self._rows.setdefault(request.row, deque(maxlen=_VERSIONS))
        seen.append(answer)
        self._rows.move_to_end(request.row)
        if len(self._rows) > _ROWS:
            self._rows.popitem(last=False)
