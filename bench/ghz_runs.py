"""One run of ghz, and what it found."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

CHECKOUT = Path(__file__).resolve().parent.parent
CONFIGURATIONS = Path("bench", "ghz")
GHZ = Path(".cache", "bin", "ghz")
RUN_SECONDS = 300
CALL_TIMEOUT = "10s"


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


@dataclass(frozen=True)
class Load:
    """Calls of one method, made as fast as the callers get answers.

    Attributes:
        proto: The file that has the method.
        method: ``package.Service.Method``.
        requests: A file of encoded requests, each after its length as a varint. They are
            sent in turn, as they are: ghz does nothing for a call but send it.
        calls: How many calls in all.
        callers: How many at a time.
        connections: Over how many connections, at most one for each caller.
        pace: At most how many calls in a second; 0 is as many as there are answers for.
    """

    proto: Path
    method: str
    requests: Path
    calls: int
    callers: int
    connections: int
    pace: int = 0


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
    variables = {"PANNIER_LOAD_RUN": label}
    started = [_start(address, _configured(name, scale, pace), variables) for name in names]
    return Calls.at_the_same_time([Calls.of_report(_report(process)) for process in started])


def run_load(address: str, load: Load, authority: Path | None = None) -> Calls:
    """Put ``load`` on the server at ``address``.

    Args:
        address: HOST:PORT or unix:PATH.
        load: The calls.
        authority: The certificate to trust, for TLS; None for none.

    Raises:
        GhzFailed: ghz is wrong, or took over 5 minutes.
    """
    options: list[str | Path] = ["--proto", load.proto, "--call", load.method]
    options += ["--binary-file", load.requests, "--timeout", CALL_TIMEOUT]
    options += ["--disable-template-data", "--disable-template-functions"]
    options += ["--total", str(load.calls), "--concurrency", str(load.callers)]
    options += ["--connections", str(load.connections), "--rps", str(load.pace)]
    options += ["--cacert", authority] if authority else ["--insecure"]
    return Calls.of_report(_report(_start(address, options, {})))


def _configured(name: str, scale: float, pace: float) -> Sequence[str | Path]:
    configuration = CONFIGURATIONS / f"{name}.json"
    total = int(json.loads((CHECKOUT / configuration).read_text())["total"] * scale)
    return ["--config", configuration, "--total", str(total), "--rps", str(round(pace))]


def _start(
    address: str, options: Sequence[str | Path], variables: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [GHZ, *options, "--format", "json", address],
        cwd=CHECKOUT,
        env={**os.environ, **variables},
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
