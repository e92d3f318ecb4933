"""The command ``pannier``, run in the test's own process."""

import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from pannier_server.cli import main


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a command: its exit code and what it printed."""

    code: int
    data: bytes
    errors: str

    @property
    def text(self) -> str:
        return self.data.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def error(self) -> str:
        """The one line that explains a failure."""
        assert self.errors.count("\n") == 1
        return self.errors.rstrip("\n")


def run_command(
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Outcome:
    """Run ``pannier`` with arguments, and with ``stdin`` as its standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    capfdbinary.readouterr()
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = int(ended.code or 0)
    printed = capfdbinary.readouterr()
    return Outcome(int(code), printed.out, printed.err.decode())
