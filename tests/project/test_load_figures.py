"""The load test's figures are what was measured."""

import sys
from collections import Counter

import pytest

from bench.ghz_runs import Calls
from bench.report import Line, Measurement, table
from bench.servers import Server
from tests.engines.process import ServerProcess

BUSY_CHILD = """
import subprocess, sys, time
busy = "import time\\nwhile time.process_time() < 0.3: pass\\nprint(flush=True)\\ntime.sleep(600)"
with subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE) as child:
    child.stdout.readline()
    print("busy", flush=True)
"""


def _calls(requests: int, seconds: float = 1.0, errors: int = 0) -> Calls:
    latencies = [number / 1000 for number in range(1, requests + 1)]
    return Calls(seconds, latencies, Counter({"Unavailable": errors} if errors else {}))


@pytest.mark.parametrize(("percent", "milliseconds"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_percentiles_are_of_all_calls(percent: float, milliseconds: float) -> None:
    assert _calls(100).percentile(percent) == milliseconds / 1000


def test_runs_side_by_side_count_as_one_run() -> None:
    calls = Calls.at_the_same_time([_calls(100, 2.0, errors=1), _calls(200, 3.0, errors=2)])
    assert (calls.requests, calls.seconds, calls.errors["Unavailable"]) == (300, 3.0, 3)


def test_a_ratio_compares_what_was_measured_in_the_same_round() -> None:
    ours = [Measurement(_calls(100), cpu) for cpu in (0.010, 0.040, 0.030)]
    echo = [Measurement(_calls(100), cpu) for cpu in (0.010, 0.020, 0.010)]
    assert Line("Get", ours).ratio(echo) == pytest.approx(2.0)


def test_the_table_has_medians_and_the_sum_of_errors() -> None:
    rounds = [Measurement(_calls(100, seconds, errors=1), 0.05) for seconds in (1.0, 2.0, 0.5)]
    headings, line = table([Line("Get", rounds)]).splitlines()
    assert headings.split()[:2] == ["requests/s", "p50"]
    assert line.split() == ["Get", "100", "51.00", "100.00", "3", "500"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_servers_cpu_time_is_its_childrens_too() -> None:
    server = Server("", ServerProcess([sys.executable, "-c", BUSY_CHILD]))
    try:
        while "busy" not in server.process.log_tail():
            assert server.process.wait(0.01) is None
        assert server.cpu_seconds() >= 0.3
    finally:
        server.process.stop()
