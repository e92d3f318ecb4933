"""How far it is, on a terminal and elsewhere."""

import io
import os
import termios
from dataclasses import dataclass

import pytest

from pannier_server.transfer.progress import SECOND_HALF, Progress


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


ERASED = "\r\x1b[K"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_has_a_line_every_five_seconds() -> None:
    log, clock = io.StringIO(), Clock()
    progress = Progress("exported", log, clock=clock)
    for second in range(13):
        clock.now = second
        progress.show(second * 100)
    assert log.getvalue().splitlines() == [
        "500 records exported, 100/s",
        "1,000 records exported, 100/s",
    ]


def test_what_is_left_is_shown_where_the_end_is_known() -> None:
    log, clock = io.StringIO(), Clock()
    progress = Progress("imported", log, clock=clock)
    progress.total = 12_000
    progress.show(0)
    clock.now = 5
    progress.show(3_000)
    assert log.getvalue() == "3,000 of 12,000 records imported, 25%, 600/s, 15s left\n"


def test_a_resumed_run_counts_its_own_rate() -> None:
    log, clock = io.StringIO(), Clock()
    progress = Progress("imported", log, clock=clock)
    progress.show(1_000_000)
    clock.now = 10
    progress.show(1_000_100)
    assert "10/s" in log.getvalue()


def test_a_terminal_has_one_line_that_changes_and_goes() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("imported", terminal, clock=clock)
    progress.total = 100
    progress.show(0)
    clock.now = 1
    progress.show(50)
    assert terminal.getvalue() == (
        "\r[############............]  50 of 100 records imported  50%  50/s  1s left"
    )
    progress.say("conflict: a:b")
    assert terminal.getvalue().endswith(f"{ERASED}conflict: a:b\n")
    progress.show(60)
    progress.clear()
    assert terminal.getvalue().endswith(ERASED)


def test_a_shorter_line_covers_all_of_a_longer_one() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("exported", terminal, clock=clock)
    progress.show(0)
    clock.now = 1
    progress.show(10_000)
    clock.now = 10_001
    progress.show(10_001)
    longer, shorter = terminal.getvalue().split("\r")[1:]
    assert longer == "10,000 records exported  10,000/s"
    assert shorter == "10,001 records exported  1/s".ljust(len(longer))


def test_the_second_command_of_a_pipe_draws_beside_the_first() -> None:
    terminal, clock = Terminal(), Clock()
    drawing = [
        Progress("exported", terminal, clock=clock),
        Progress("imported", terminal, column=SECOND_HALF, clock=clock),
    ]
    for clock.now, count in (0, 0), (1_000, 9_999_999):
        for progress in drawing:
            progress.show(count)
    first, second = terminal.getvalue().split("\r")[1:]
    assert len(first) < SECOND_HALF
    assert second == "\x1b[40C9,999,999 records imported  10,000/s"


@pytest.mark.parametrize("columns", [20, 60, 80, 120, 200])
def test_no_line_is_as_wide_as_the_terminal(columns: int) -> None:
    master, slave = os.openpty()
    try:
        termios.tcsetwinsize(slave, (24, columns))
        clock = Clock()
        with open(slave, "w", closefd=False) as terminal:
            progress = Progress("imported", terminal, clock=clock)
            progress.total = 10_000_000
            progress.show(0)
            clock.now = 100
            progress.show(1_000_000)
        line = os.read(master, 1000).decode().removeprefix("\r")
    finally:
        os.close(master)
        os.close(slave)
    whole = "1,000,000 of 10,000,000 records imported  10%  10,000/s  15m left"
    assert len(line) < columns
    assert line.endswith(whole) or line == whole[: columns - 1]
    assert line.startswith("[") is (columns >= 80)


def test_a_terminal_is_not_drawn_on_all_the_time() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("imported", terminal, clock=clock)
    for tick in range(1_000):
        clock.now = tick / 1_000
        progress.show(tick)
    assert terminal.getvalue().count("\r") <= 10
