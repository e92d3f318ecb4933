"""``make dynamodb`` runs an engine for people, and takes no port that something else has."""

import socket
import subprocess
import sys

from tests.engines.cache import CHECKOUT


def test_a_taken_port_is_refused_with_another_one_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "tests.engines", "--port", str(port)],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"dynamodb: port {port} is taken; choose another one: "
        f"make dynamodb ARGS='--port {port + 1}'\n"
    )


def test_it_needs_no_package_that_tests_need() -> None:
    """``make dynamodb`` runs where only the sidecar was set up."""
    without_packages = [sys.executable, "-S", "-m", "tests.engines", "--help"]
    helped = subprocess.run(
        without_packages, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert helped.returncode == 0, helped.stderr
