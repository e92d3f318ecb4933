"""One run of ghz, and what it found."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parent.parent
CONFIGURATIONS = Path("bench", "ghz")
GHZ = Path(".cache", "bin", "ghz")
RUN_SECONDS = 300


@dataclass(frozen=True)
class Calls:
    """What ghz saw of its calls: times in seconds, ``errors`` by what they said."""

    seconds: float
    latencies: Sequence[float]
    errors: Counter[str]

    @classmethod
    def of_report(cls, report: dict[str, Any]) -> Self:
        """Read ghz's JSON report."""
        return cls(
            seconds=report["total"] / 1e9,
            latencies=sorted(call["latency"] / 1e9 for call in report["details"]),
            errors=Counter(report.get("errorDistribution") or {}),
        )

    @classmethod
    def at_the_same_time(cls, parts: Sequence["Calls"]) -> Self:
        """Join the calls of runs that ran side by side."""
        return cls(
            seconds=max(part.seconds for part in parts),
            latencies=sorted(latency for part in parts for latency in part.latencies),
            errors=sum((part.errors for part in parts), Counter()),
        )

    @property
    def requests(self) -> int:
        """How many calls there were, failed ones included."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.requests / self.seconds

    def percentile(self, percent: float) -> float:
        """Return the latency in seconds that ``percent`` of the calls kept within."""
        return self.latencies[min(self.requests - 1, int(self.requests * percent / 100))]


class GhzFailed(Exception):
    """ghz itself did not run; the message is its own."""


def run(address: str, *names: str, scale: float = 1.0, pace: float = 0.0, label: str = "") -> Calls:
    """Run the configurations ``names`` of bench/ghz side by side against ``address``.

    Args:
        address: HOST:PORT of the server.
        names: Configurations, without ``.json``.
        scale: How many calls each makes, as a share of what its configuration says.
        pace: At most how many calls each makes in a second; 0 is as many as it can.
        label: Makes the keys of PutIfVersion new, so that a run starts at version 1.

    Raises:
        GhzFailed: a configuration or ghz is wrong, or ghz took over 5 minutes.
    """
    started = [_start(address, name, scale, pace, label) for name in names]
    return Calls.at_the_same_time([Calls.of_report(_report(process)) for process in started])


def _start(
    address: str, name: str, scale: float, pace: float, label: str
) -> subprocess.Popen[bytes]:
    configuration = CONFIGURATIONS / f"{name}.json"
    total = int(json.loads((CHECKOUT / configuration).read_text())["total"] * scale)
    limits = ["--total", str(total), "--rps", str(round(pace))]
    return subprocess.Popen(
        [GHZ, "--config", configuration, *limits, "--format", "json", address],
        cwd=CHECKOUT,
        env={**os.environ, "PANNIER_LOAD_RUN": label},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _report(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    try:
        output, problem = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        output, problem = process.communicate()
    if process.returncode != 0:
        raise GhzFailed(problem.decode().strip() or f"ghz ended with {process.returncode}")
    report: dict[str, Any] = json.loads(output)
    return report
