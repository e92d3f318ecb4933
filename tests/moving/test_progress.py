"""How far it is, on a terminal and elsewhere."""

import io
from dataclasses import dataclass

from pannier_server.transfer.progress import Progress


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


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
    shown = terminal.getvalue().rpartition("\r")
    assert shown[2] == "conflict: a:b\n"
    assert shown[0].endswith(" " * 40)
    progress.clear()
    assert terminal.getvalue().endswith("conflict: a:b\n")


def test_a_terminal_is_not_drawn_on_all_the_time() -> None:
    terminal, clock = Terminal(), Clock()
    progress = Progress("imported", terminal, clock=clock)
    for tick in range(1_000):
        clock.now = tick / 1_000
        progress.show(tick)
    assert terminal.getvalue().count("\r") <= 10
