"""grpc-go's interop client finds what the contract promises."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.transport.interop.contract import PROTO, SERVICE
from tests.transport.interop.processes import HOST, InteropServer, listening_process

# The programs are built in the setup of the first test that needs them.
pytestmark = pytest.mark.timeout(700)

CASES = [
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
    "pick_first_unary",
]
CASE_SECONDS = 90
SOAK = (
    "--soak_iterations=100",
    "--soak_num_threads=10",
    f"--soak_overall_timeout_seconds={CASE_SECONDS}",
    f"--soak_per_iteration_max_acceptable_latency_ms={CASE_SECONDS}000",
)


def run_case(
    client: Path, case: str, port: int, *flags: str, authority: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one case of the client against the server on ``port``."""
    where = [f"--server_host={HOST}", f"--server_port={port}"]
    tls = ["--use_tls", "--use_test_ca", f"--ca_file={authority}"] if authority else []
    return subprocess.run(
        [client, *where, *tls, f"--test_case={case}", *flags],
        env={**os.environ, "GRPC_GO_LOG_SEVERITY_LEVEL": "info"},
        capture_output=True,
        text=True,
        timeout=CASE_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("case", CASES)
def test_a_case_passes(grpc_go_client: Path, interop_server: InteropServer, case: str) -> None:
    result = run_case(grpc_go_client, case, interop_server.port, authority=interop_server.authority)
    assert result.returncode == 0, result.stderr
    assert f'Client running with test case "{case}"' in result.stderr


@pytest.mark.parametrize("case", ["rpc_soak", "channel_soak"])
def test_large_calls_go_well_side_by_side(
    grpc_go_client: Path, interop_server: InteropServer, case: str
) -> None:
    result = run_case(
        grpc_go_client, case, interop_server.port, *SOAK, authority=interop_server.authority
    )
    assert result.returncode == 0, result.stderr
    assert "successes: 100 / 100 iterations. Total failures: 0" in result.stderr


@pytest.mark.parametrize("case", ["empty_unary", "ping_pong", "custom_metadata"])
def test_a_case_fails_on_a_server_without_the_service(
    grpc_go_client: Path, grpc_go_echo: Path, case: str
) -> None:
    with listening_process([grpc_go_echo, "-listen", "127.0.0.1:0"]) as port:
        result = run_case(grpc_go_client, case, port)
    assert result.returncode == 1
    assert "FATAL: " in result.stderr


def run_ghz(ghz: Path, server: InteropServer, method: str, data: object, *flags: str) -> Any:
    """Make 20 calls with ghz, and return how many ended with which status."""
    call = [f"--proto={PROTO}", f"--call={SERVICE}.{method}", f"--data={json.dumps(data)}"]
    how = ["--total=20", "--concurrency=4", "--connections=2", "--format=json", *flags]
    tls = [f"--cacert={server.authority}"] if server.authority else ["--insecure"]
    result = subprocess.run(
        [ghz, *call, *how, *tls, f"{HOST}:{server.port}"],
        capture_output=True,
        timeout=CASE_SECONDS,
        check=True,
    )
    return json.loads(result.stdout)["statusCodeDistribution"]


# The interop client's own case gives its call a millisecond, so that it passes as well
# where the connection is never made.
def test_deadlines_pass_on_a_sleeping_server_that_was_reached(
    ghz: Path, interop_server: InteropServer
) -> None:
    awake = {"response_parameters": [{"size": 1}]}
    asleep = {"response_parameters": [{"size": 1, "interval_us": 30_000_000}]}
    assert run_ghz(ghz, interop_server, "StreamingOutputCall", awake) == {"OK": 20}
    outcome = run_ghz(ghz, interop_server, "StreamingOutputCall", asleep, "--timeout=200ms")
    assert outcome == {"DeadlineExceeded": 20}
