"""`pannier serve` takes its settings from everywhere, and refuses wrong ones in one line."""

import re
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import pannier as client
from tests.cli.conftest import Pannier
from tests.sidecars import sidecar_process


def run_serve(*flags: str) -> subprocess.CompletedProcess[str]:
    """Run a sidecar that is not expected to start."""
    return subprocess.run(
        [sys.executable, "-m", "pannier_server", "serve", *flags],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_flags_environment_and_file_come_together(tmp_path: Path) -> None:
    listening, file = tmp_path / "p.sock", tmp_path / "pannier.toml"
    file.write_text("max_data_bytes = 3\nsocket_mode = '0640'\nlog_level = 'error'")

    with sidecar_process(
        "memory:",
        f"--listen=unix:{listening}",
        f"--config={file}",
        environment={"PANNIER_MAX_DATA_BYTES": "4", "PANNIER_SOCKET_MODE": ""},
    ) as sidecar:
        assert sidecar.addresses == [f"unix:{listening}"]
        assert listening.stat().st_mode & 0o777 == 0o640
        with client.connect(sidecar.address) as store:
            store.put("o:n", b"four")
            with pytest.raises(client.DataTooLarge, match="the limit is 4"):
                store.put("o:n", b"five5")
        assert sidecar.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--workers", "x"), "pannier: --workers: 'x' is not a whole number from 1 to 128"),
        (
            ("--workers", "2", "--transport", "grpcio"),
            "pannier: --workers: the grpcio transport cannot share the Unix",
        ),
        (("--tls-cert", "c.pem"), "pannier: --tls-cert: a certificate needs its private key; set"),
        (("--listen", "0.0.0.0:1"), "pannier: --listen: 0.0.0.0:1 may be reached by other"),
        (("--config", "/absent"), "pannier: --config: cannot read /absent: No such file or"),
        (("--worker", "2"), "pannier serve: unknown option --worker, did you mean --workers?; see"),
        (("--listen",), "pannier serve: argument --listen: expected one argument; see"),
        (("now",), "pannier serve: unexpected argument 'now'; see pannier serve --help"),
    ],
)
def test_a_wrong_setting_is_one_line_and_code_2(
    pannier: Pannier, arguments: tuple[str, ...], says: str
) -> None:
    refused = pannier("serve", *arguments)

    assert refused.code == 2
    assert refused.error.startswith(says)


def test_a_wrong_variable_is_one_line_and_code_2(
    pannier: Pannier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_GRACE", "long")

    refused = pannier("serve")

    assert refused.code == 2
    assert refused.error.startswith("pannier: PANNIER_GRACE: 'long' is not a duration; write")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--store", "redis:"), "pannier: --store: redis:: no backend is called 'redis' (there"),
        (("--store", "memory:?size=3"), "pannier: --store: memory:?size=3: unknown option 'size'"),
        (
            ("--store", "elsewhere://me:secret@host"),
            "pannier: --store: elsewhere://***@host: no backend is called 'elsewhere'",
        ),
        (
            ("--store", "dynamodb://me:secret@tasks"),
            "pannier: --store: dynamodb://***@tasks: what follows the slashes is no table name",
        ),
        (("--store", "dynamodb://tasks", "--max-data-bytes", "1MB"), "pannier: --max-data-bytes: "),
        (("--socket-group", "nobodys", "--store", "memory:"), "pannier: --socket-group: there is"),
    ],
)
def test_a_setting_that_only_the_store_or_the_machine_can_refuse_is_one_line_and_code_2(
    arguments: tuple[str, ...], says: str
) -> None:
    refused = run_serve("--listen=127.0.0.1:0", *arguments)

    assert refused.returncode == 2
    assert refused.stderr.startswith(says)
    assert refused.stderr.count("\n") == 1


def test_it_may_have_as_many_connections_as_the_system_lets_it() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with sidecar_process("memory:") as sidecar:
            limits = Path(f"/proc/{sidecar.process.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    found = re.search(r"Max open files +(\S+) +(\S+)", limits)
    assert found
    assert found[1] == found[2] == str(hard)


def test_a_port_that_is_taken_is_one_line_and_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        refused = run_serve("--store=memory:", f"--listen={address}", "--log-level=error")

    assert refused.returncode == 1
    assert refused.stderr == (
        f"pannier: cannot listen on {address}: another process listens there; "
        "stop it, or choose another --listen\n"
    )
