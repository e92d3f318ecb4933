"""One phase: a new server, the victim, and what runs beside them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bench.attacks.cue import READY
from bench.attacks.figures import Latencies, Phase, VictimCall
from bench.attacks.server import AttackedServer, attacked_server

WARM_UP_SECONDS = 1.0
SETTLE_SECONDS = 1.0
OVERTIME_SECONDS = 60.0
"""How much longer than planned a process may take before it is ended."""


class PhaseFailed(Exception):
    """A process of the comparison did not do its part; the message is its own."""


def quiet(transport: str, seconds: float) -> Phase:
    """Measure the victim alone."""
    return beside_a_burner(transport, 0.0, seconds)


def beside_a_burner(transport: str, share: float, seconds: float) -> Phase:
    """Measure the victim beside a process that uses ``share`` of a core."""
    with attacked_server(transport) as server:
        return _measure(server, ["burner", str(share)], seconds)[0]


def under_attack(transport: str, name: str, seconds: float) -> tuple[Phase, Mapping[str, Any]]:
    """Measure the victim under an attack; also return the attacker's report."""
    with attacked_server(transport) as server:
        return _measure(server, ["attacker", name, server.address], seconds)


def _measure(
    server: AttackedServer, beside: Sequence[str], seconds: float
) -> tuple[Phase, Mapping[str, Any]]:
    with (
        _running("victim", server.address) as victim,
        _running(*beside, "--seconds", str(seconds), "--on-cue") as other,
    ):
        _await_ready(other)
        time.sleep(WARM_UP_SECONDS)
        server.forget_peak()
        memory, cpu = server.memory(), server.cpu_seconds()
        report = _finish(other, seconds, "go\n")
        cpu = server.cpu_seconds() - cpu
        time.sleep(SETTLE_SECONDS)
        after, peak = server.memory(), server.memory_peak()
        calls = _calls_during(report, _finish(victim, seconds))
    phase = Phase(
        steady=Latencies.of(call for call in calls if not call.fresh),
        fresh=Latencies.of(call for call in calls if call.fresh),
        server_share=cpu / report["seconds"],
        memory_before=memory,
        memory_after=after,
        memory_peak=peak,
        tracebacks=server.tracebacks(),
    )
    return phase, report


@contextmanager
def _running(module: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a module of this package; it ends when its input does, and now at the latest."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"bench.attacks.{module}", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _await_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    line = process.stdout.readline()
    if line.strip() != READY:
        raise PhaseFailed(f"{process.args!r} ended before it was ready")


def _finish(process: "subprocess.Popen[str]", seconds: float, cue: str = "") -> Mapping[str, Any]:
    """End a process' input, and return the report that it prints then."""
    try:
        output, _ = process.communicate(cue, timeout=seconds + OVERTIME_SECONDS)
        report: Mapping[str, Any] = json.loads(output)
    except (subprocess.TimeoutExpired, json.JSONDecodeError) as problem:
        raise PhaseFailed(f"{process.args!r} gave no report: {problem}") from None
    return report


def _calls_during(report: Mapping[str, Any], victim: Mapping[str, Any]) -> Sequence[VictimCall]:
    start = report["started"]
    calls = [VictimCall(*call) for call in victim["calls"]]
    return [call for call in calls if start <= call.due < start + report["seconds"]]
