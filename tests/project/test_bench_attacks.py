"""The attacks are what they say, and what they are measured with measures."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hpack
import pytest

from bench.attacks import assault, burner, figures, frames, header_blocks
from bench.attacks.attack import Attack, Target, Volley, greeting
from bench.attacks.attacker import target
from bench.attacks.burner import burn
from bench.attacks.calling import TIME_LIMIT
from bench.attacks.figures import Assailant, Latencies, Phase, Row, Side, VictimCall
from bench.attacks.frames import Frame, FrameType
from bench.attacks.gates import Calls, WhileOpen, Windows
from bench.attacks.kinds import ATTACKS
from bench.attacks.phases import under_attack
from bench.attacks.report import table
from bench.attacks.server import AttackedServer, attacked_server
from bench.attacks.tally import Tally
from bench.attacks.victim import Victim

SECONDS = 0.15
OK = header_blocks.indexed(8) + header_blocks.literal(b"grpc-status", b"0")
CALLS = Target(b"a:1", b"/s/m", small=b"small", large=b"large", streams=10)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def server() -> Iterator[AttackedServer]:
    with attacked_server("grpcio") as running:
        yield running


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_opens_its_connections_and_sends(server: AttackedServer, name: str) -> None:
    attack = ATTACKS[name](target(server.address, streams=500))
    host, _, port = server.address.rpartition(":")
    # A server may be busy for a while with what the attack before has left behind.
    while not _has_begun(attack, assault.run(attack, (host, int(port)), SECONDS)):
        pass


def _has_begun(attack: Attack, tally: Tally) -> bool:
    return (
        tally.connections >= attack.connections
        and bool(tally.opening_bytes) == bool(attack.opening.data)
        and bool(tally.volley_bytes) == bool(attack.volley.data)
    )


def test_an_attack_is_a_process_that_reports_what_it_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "bench.attacks.attacker", "ping_flood", address]
        output = subprocess.check_output([*command, f"--seconds={SECONDS}"], text=True)
    report = json.loads(output)
    assert report["frames_sent"] > 0
    assert report["seconds"] >= SECONDS
    assert report["cpu_seconds"] > 0


def test_a_phase_measures_the_victim_during_the_attack() -> None:
    phase, report = under_attack("grpcio", "ping_flood", 0.5)
    assert 90 <= phase.steady.calls <= 110
    assert 1 <= phase.fresh.calls <= 4
    assert 0 < phase.steady.p50 <= phase.steady.p99 <= phase.steady.worst
    assert phase.memory_peak >= phase.memory_before > 0
    assert report["frames_sent"] > 0


def test_every_attack_says_what_it_does() -> None:
    assert all((make.__doc__ or "").endswith(".") for make in ATTACKS.values())


def _accept_and_close(listener: socket.socket, times: int) -> None:
    for _ in range(times):
        connection, _ = listener.accept()
        connection.recv(1)
        connection.sendall(frames.goaway(0, frames.ErrorCode.ENHANCE_YOUR_CALM))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
        connection.close()


def test_an_attacker_that_is_thrown_out_comes_back_and_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thrower = threading.Thread(target=_accept_and_close, args=(listener, 3))
        thrower.start()
        tally = assault.run(Attack(), listener.getsockname(), SECONDS)
        thrower.join()
    assert tally.reconnections == 3
    assert tally.ends == {"GOAWAY ENHANCE_YOUR_CALM": 3}


def test_a_volley_counts_its_frames_and_its_streams() -> None:
    volley = greeting(CALLS.call(1), CALLS.call(3), frames.ping())
    assert (volley.frames, volley.streams) == (6, 2)


def test_frames_are_read_as_they_were_made_however_they_are_cut() -> None:
    made = frames.settings({1: 2}) + frames.data(5, b"abc", frames.END_STREAM) + frames.ping()
    buffer = bytearray()
    taken: list[Frame] = []
    for byte in made:
        buffer.append(byte)
        taken += frames.take_frames(buffer)
    assert [frame.kind for frame in taken] == [FrameType.SETTINGS, FrameType.DATA, FrameType.PING]
    assert frames.setting_values(taken[0].payload) == {1: 2}
    assert taken[1] == Frame(FrameType.DATA, frames.END_STREAM, 5, b"abc")
    assert not buffer


@pytest.mark.parametrize("size", [10, frames.LARGEST_FRAME, 3 * frames.LARGEST_FRAME + 1])
def test_a_block_of_any_size_ends_with_its_last_frame(size: int) -> None:
    made = list(frames.take_frames(bytearray(frames.header_frames(1, bytes(size)))))
    assert sum(len(frame.payload) for frame in made) == size
    assert [bool(frame.flags & frames.END_HEADERS) for frame in made][-1:] == [True]
    assert sum(bool(frame.flags & frames.END_HEADERS) for frame in made) == 1


def test_header_blocks_are_what_a_decoder_reads() -> None:
    text = header_blocks.literal(
        b"x-text", header_blocks.huffman_digits([0, 1, 2, 3] * 4), huffman=True
    )
    block = header_blocks.request(b"/s/m", b"a:1", header_blocks.inserted(b"x", b"y" * 200), text)
    decoder = hpack.Decoder()
    fields = dict(decoder.decode(block, raw=True))
    assert fields[b":path"] == b"/s/m"
    assert fields[b"x"] == b"y" * 200
    assert fields[b"x-text"] == b"012a" * 4
    again = decoder.decode(header_blocks.indexed(header_blocks.FIRST_DYNAMIC), raw=True)
    assert list(again) == [(b"x", b"y" * 200)]


def test_a_gate_lets_a_call_start_when_one_ends() -> None:
    gate = Calls(b"12345", in_flight=2)
    assert gate.allowed(100) == 10
    gate.received(Frame(FrameType.HEADERS, frames.END_STREAM, 1, b""))
    gate.received(Frame(FrameType.RST_STREAM, 0, 1, b"\0\0\0\0"))
    assert gate.allowed(100) == 15


def test_a_gate_keeps_to_the_windows() -> None:
    gate = Windows([1, 3], unit=b"12", body=40_000)
    assert gate.allowed(100) == 2
    gate.received(Frame(FrameType.WINDOW_UPDATE, 0, 0, (100_000).to_bytes(4, "big")))
    assert gate.allowed(100) == 4
    gate.received(Frame(FrameType.SETTINGS, 0, 0, frames.settings({4: 80_000})[9:]))
    assert gate.allowed(100) == 8


def test_a_connection_is_spent_when_half_of_its_streams_have_ended() -> None:
    gate = WhileOpen([1, 3, 5, 7])
    gate.received(Frame(FrameType.RST_STREAM, 0, 1, b""))
    assert not gate.spent
    gate.received(Frame(FrameType.HEADERS, frames.END_STREAM, 3, b""))
    assert gate.spent


class Core:
    """A core as a process sees it that gets it only a part of the time that it wants it."""

    def __init__(self, part: float) -> None:
        self._part = part
        self._now = self._used = 0.0

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds

    def process_time(self) -> float:
        self._used += 0.0001
        self._now += 0.0001 / self._part
        return self._used


@pytest.mark.parametrize(
    ("share", "part", "used"),
    [(0.0, 1.0, 0.0), (0.5, 1.0, 0.5), (0.5, 0.6, 0.5), (0.5, 0.25, 0.25)],
    ids=["nothing", "its share", "its share, later", "all that it gets"],
)
def test_a_burner_uses_its_share_where_it_gets_it(
    share: float, part: float, used: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burner, "time", Core(part))
    burnt = burn(share, 10.0)
    # To look at the clock takes time too, once a turn.
    assert burnt["cpu_seconds"] / burnt["seconds"] == pytest.approx(used, abs=0.03)


def test_a_burner_uses_the_processs_own_time() -> None:
    assert burn(0.5, 0.2)["cpu_seconds"] > 0.0


@dataclass
class LateServer:
    """Answers no call before it has got ``silent`` of them, and closes `stop` after ``enough``."""

    silent: int
    enough: int
    stop: socket.socket
    asked: list[tuple[asyncio.StreamWriter, int]] = field(default_factory=list)
    answered: int = 0
    connections: set[asyncio.Task[None] | None] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(asyncio.current_task())
        await reader.readexactly(len(frames.PREFACE))
        buffer = bytearray()
        while received := await reader.read(65_536):
            buffer += received
            asked = [one for one in frames.take_frames(buffer) if one.kind == FrameType.HEADERS]
            self.asked.extend((writer, frame.stream) for frame in asked)
            if len(self.asked) >= self.silent:
                self._answer()
            if len(self.asked) >= self.enough:
                self.stop.close()
        writer.close()

    def _answer(self) -> None:
        for writer, stream in self.asked[self.answered :]:
            writer.write(frames.headers(stream, OK, frames.END_HEADERS | frames.END_STREAM))
        self.answered = len(self.asked)


async def test_calls_wait_from_when_they_were_due_also_behind_a_slow_one() -> None:
    rate, silent = 200.0, 100
    stopped, stop = socket.socketpair()
    late = LateServer(silent, silent + 20, stop)
    async with await asyncio.start_server(late.serve, "127.0.0.1", 0) as server:
        victim = Victim(server.sockets[0].getsockname(), CALLS)
        with stopped:
            await asyncio.to_thread(victim.run, rate, 0.0, stopped)
        victim.close()
        await asyncio.gather(*(one for one in late.connections if one))
    calls = [VictimCall(*call) for call in sorted(victim.ended)]
    assert {call.outcome for call in calls} == {"OK"}
    assert len(calls) >= late.enough
    # The first calls were answered together, when the last of them was there.
    ends = [call.due + call.latency for call in calls[:silent]]
    assert min(ends) >= calls[silent - 1].due
    assert max(ends) - min(ends) < 0.5 * silent / rate


def test_a_failed_call_counts_as_the_longest_wait() -> None:
    calls = [VictimCall(0.0, 0.001, "OK", fresh=False)] * 9
    latencies = Latencies.of([*calls, VictimCall(0.0, 0.0001, "UNAVAILABLE", fresh=False)])
    assert latencies == Latencies(10, 0.001, TIME_LIMIT, TIME_LIMIT, {"UNAVAILABLE": 1})


def _phase(p99: float, growth: int = 0) -> Phase:
    latencies = Latencies(100, p99 / 2, p99, 2 * p99, {})
    return Phase(latencies, latencies, 0.5, 1, 1 + growth, 1 + growth, 0)


def _row(ours: float, theirs: float, growth: int = 0) -> Row:
    attacker = Assailant(1e6, 0, 9e6, 0.5, 2, 1, {"closed": 1})
    return Row(
        attack="ping_flood",
        purpose="PING frames.",
        seconds=10.0,
        quiet=_phase(0.001),
        beside=_phase(0.002),
        beside_share=0.5,
        ours=Side("h2", attacker, _phase(ours, growth)),
        theirs=Side("grpcio", attacker, _phase(theirs)),
    )


def test_rows_come_back_as_they_were_kept(tmp_path: Path) -> None:
    figures.save([_row(0.004, 0.1)], tmp_path / "new" / "attacks.json")
    assert figures.rows(tmp_path / "new" / "attacks.json") == [_row(0.004, 0.1)]


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        (_row(0.006, 0.007), []),
        (_row(0.0061, 0.007), ["p99 above 3 times"]),
        (_row(0.005, 0.004), ["p99 above grpcio's"]),
        (_row(0.005, 0.007, growth=figures.GOAL_GROWTH + 1), ["memory grew"]),
    ],
)
def test_a_row_names_the_goals_that_it_misses(row: Row, missed: list[str]) -> None:
    assert row.missed == missed


def test_the_table_has_a_line_for_each_attack() -> None:
    headings, _, line = table([_row(0.004, 0.1)]).splitlines()
    assert headings.count("|") == line.count("|")
    assert line.startswith("| ping_flood | 1,000,000 | 1 | 0.50 | 0.50 / 1.00 | 1.00 / 2.00 |")
    assert "| 2.00 / 4.00 | 2.0 |" in line


def test_volleys_can_be_bytes_that_are_no_frames() -> None:
    assert Volley(b"PRI").frames == 0
