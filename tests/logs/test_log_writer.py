"""Whoever reads the log cannot hold up the sidecar, however slowly it reads."""

import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from pannier_server import log_writer, logs
from pannier_server.log_writer import LogWriter

MOST_WAITING = 50
# Fills a pipe, whatever the system's size of one is.
LONG = "x" * 100_000


def record(text: str) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"})


class Pipe:
    """A pipe that someone writes a log into."""

    def __init__(self) -> None:
        self.end, inlet = os.pipe()
        self.inlet = inlet
        self.writer = LogWriter(inlet, MOST_WAITING)
        self.reader = os.fdopen(self.end, encoding="utf-8", newline="\n")

    def log(self, text: str) -> None:
        self.writer.handle(record(text))

    def stall(self) -> None:
        """Have the thread write more than the pipe holds: it waits until someone reads."""
        self.log(LONG)
        while self.writer._waiting.qsize():
            time.sleep(0.001)

    def close(self) -> None:
        self.reader.close()
        thread = self.writer._thread
        self.writer.close()
        if thread is not None:
            # What it still has to write would go to whoever gets the number of the pipe next.
            thread.join()
        os.close(self.inlet)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


def test_lines_come_whole_and_in_order(pipe: Pipe) -> None:
    for number in range(20):
        pipe.log(f"line {number} ü")
    pipe.writer.flush()

    assert [pipe.reader.readline() for _ in range(20)] == [f"line {n} ü\n" for n in range(20)]


def test_a_thread_that_cannot_be_had_is_asked_for_again_at_the_next_line(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(Thread, "start", no_room)
        patched.setattr(logging, "raiseExceptions", False)
        pipe.log("first")
    pipe.log("second")

    assert [pipe.reader.readline() for _ in range(2)] == ["first\n", "second\n"]


def test_a_line_that_a_pipe_takes_in_pieces_is_whole(pipe: Pipe) -> None:
    pipe.log(LONG)
    pipe.log("after")

    assert pipe.reader.readline() == f"{LONG}\n"
    assert pipe.reader.readline() == "after\n"


def test_without_a_reader_lines_are_dropped_and_counted(pipe: Pipe) -> None:
    pipe.stall()
    # None of these waits, although nobody reads.
    for number in range(MOST_WAITING + 30):
        pipe.log(f"line {number}")

    assert pipe.reader.readline() == f"{LONG}\n"
    assert pipe.reader.readline() == "log lines dropped: 30; standard error is read too slowly\n"
    kept = [pipe.reader.readline() for _ in range(MOST_WAITING)]
    assert kept == [f"line {number}\n" for number in range(MOST_WAITING)]


def test_they_are_counted_in_json_too(pipe: Pipe) -> None:
    pipe.writer.setFormatter(logs._JsonFormatter())
    pipe.stall()
    for _ in range(MOST_WAITING + 3):
        pipe.log("line")
    pipe.reader.readline()

    told = json.loads(pipe.reader.readline())

    assert (told["event"], told["dropped_count"]) == ("log_lines_dropped", 3)


def test_a_pipe_that_does_not_block_loses_nothing(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "_FLUSH_SECONDS", 0.1)
    os.set_blocking(pipe.inlet, False)
    pipe.log(LONG)
    # Nobody reads until the pipe is full.
    pipe.writer.flush()
    pipe.log("after")

    assert pipe.reader.readline() == f"{LONG}\n"
    assert pipe.reader.readline() == "after\n"


def test_a_reader_that_has_gone_is_no_error(pipe: Pipe) -> None:
    pipe.reader.close()
    pipe.log("nobody reads this")
    pipe.writer.flush()


def test_its_thread_has_ended_when_it_is_closed(pipe: Pipe) -> None:
    pipe.log("line")
    thread = pipe.writer._thread
    assert thread is not None
    pipe.writer.flush()
    pipe.writer.close()

    assert not thread.is_alive()


def test_closing_does_not_wait_for_a_reader_that_does_not_read(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_writer, "_FLUSH_SECONDS", 0.1)
    pipe.stall()
    thread = pipe.writer._thread
    assert thread is not None
    pipe.writer.flush()
    pipe.writer.close()

    assert thread.is_alive()
    pipe.reader.close()
    thread.join()


@pytest.mark.parametrize("style", ["human", "json"])
def test_what_a_process_says_last_is_written_before_it_ends(style: str) -> None:
    program = (
        "import logging\n"
        "from pannier_server.logs import configure_logging\n"
        f"configure_logging(level='info', style={style!r})\n"
        "for number in range(100):\n"
        "    logging.getLogger('a').info('line %d', number)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    lines = ran.stderr.splitlines()
    assert len(lines) == 100
    if style == "json":
        assert [json.loads(line)["message"] for line in lines] == [f"line {n}" for n in range(100)]
    else:
        assert lines[-1].endswith(" info: line 99")


def test_something_that_is_no_file_can_stand_in_for_standard_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())

    assert not isinstance(logs._handler(), LogWriter)
