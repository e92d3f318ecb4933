"""SIGHUP: a sidecar and all its workers read their files again at once."""

import os
import signal
import time
from pathlib import Path

import pytest

import pannier
from pannier_server.security.tokens import new_token
from tests.end_to_end.test_workers import suspended
from tests.security.auth_files import AuthFileOnDisk, everything
from tests.security.processes import LoggedSidecar, logged_sidecar
from tests.sidecars import TRANSPORTS

ONCE = pannier.RetryPolicy(max_attempts=1)
SECONDS = 60
READ_AGAIN = "the auth file: read again"


def flags(auth_file: AuthFileOnDisk, folder: Path, *more: str) -> tuple[str, ...]:
    store = f"--store=sqlite://{folder}/p.db"
    return (store, f"--auth={auth_file}", "--listen=127.0.0.1:0", *more)


def workers_of(sidecar: LoggedSidecar) -> list[int]:
    pid = sidecar.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_sighup_has_the_files_read_again(
    auth_file: AuthFileOnDisk, tmp_path: Path, transport: str
) -> None:
    auth_file.write(everything())
    chosen = flags(auth_file, tmp_path, f"--transport={transport}")
    with logged_sidecar(tmp_path / "output", *chosen) as sidecar:
        # Nothing has changed: only the signal can be why.
        sidecar.process.send_signal(signal.SIGHUP)
        sidecar.wait_for(READ_AGAIN)
        assert sidecar.process.poll() is None


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_sighup_to_the_parent_reaches_every_worker(
    auth_file: AuthFileOnDisk, tmp_path: Path, transport: str
) -> None:
    auth_file.write(everything())
    chosen = flags(auth_file, tmp_path, f"--transport={transport}", "--workers=2")
    with logged_sidecar(tmp_path / "output", *chosen) as sidecar:
        workers = workers_of(sidecar)
        sidecar.process.send_signal(signal.SIGHUP)
        sidecar.wait_for(READ_AGAIN, times=2)
        assert workers_of(sidecar) == workers


def test_every_worker_refuses_a_token_that_was_revoked(
    auth_file: AuthFileOnDisk, tmp_path: Path
) -> None:
    caller = everything()
    old = caller.token
    auth_file.write(caller)
    socket = f"--listen=unix:{tmp_path}/p.sock"
    chosen = flags(auth_file, tmp_path, socket, "--workers=2")
    with logged_sidecar(tmp_path / "output", *chosen) as sidecar:
        workers = workers_of(sidecar)
        assert served_by(sidecar, workers, old) == [True, True]
        caller.tokens = [new_token()]
        auth_file.write(caller)
        sidecar.process.send_signal(signal.SIGHUP)
        sidecar.wait_for(READ_AGAIN, times=2)
        assert served_by(sidecar, workers, old) == [False, False]
        assert served_by(sidecar, workers, caller.token) == [True, True]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_worker_that_dies_while_the_file_is_wrong_is_replaced_once_it_is_right(
    auth_file: AuthFileOnDisk, tmp_path: Path, transport: str
) -> None:
    caller = everything()
    auth_file.write(caller)
    chosen = flags(auth_file, tmp_path, f"--transport={transport}", "--workers=2")
    with logged_sidecar(tmp_path / "output", *chosen) as sidecar:
        killed, kept = workers_of(sidecar)
        auth_file.write_text("callers = 7\n")
        os.kill(killed, signal.SIGKILL)
        # More often than a sidecar may fail that never served.
        sidecar.wait_for("before it served; starting another in 2 s")
        assert sidecar.process.poll() is None
        assert kept in workers_of(sidecar)
        auth_file.write(caller)
        with suspended(kept):
            put_by_new_connections(sidecar, caller.token)


def put_by_new_connections(sidecar: LoggedSidecar, token: str) -> None:
    """Try until a connection comes to a worker that takes it."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            with pannier.connect(
                sidecar.addresses[0], token=token, timeout=1, retries=ONCE
            ) as store:
                store.put("o:n", b"")
                return
        except (pannier.Unavailable, pannier.DeadlineExceeded):
            assert time.monotonic() < deadline


def test_sighup_does_not_end_a_worker_that_is_starting(
    auth_file: AuthFileOnDisk, tmp_path: Path
) -> None:
    auth_file.write(everything())
    with logged_sidecar(tmp_path / "output", *flags(auth_file, tmp_path, "--workers=2")) as sidecar:
        os.kill(workers_of(sidecar)[0], signal.SIGKILL)
        # Each of the two says so when it starts, and the one that comes after.
        while sidecar.text.count("the store answers") < 3:
            sidecar.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
            assert sidecar.process.poll() is None
        assert sidecar.text.count("a worker ended") == 1


def served_by(sidecar: LoggedSidecar, workers: list[int], token: str) -> list[bool]:
    """Return which workers serve a token."""
    served = []
    for worker in workers:
        others = [pid for pid in workers if pid != worker]
        with (
            suspended(*others),
            pannier.connect(sidecar.addresses[0], retries=ONCE, token=token) as store,
        ):
            try:
                store.put("o:n", b"")
            except pannier.Unauthenticated:
                served.append(False)
            else:
                served.append(True)
    return served


def test_sighup_ends_a_sidecar_that_has_no_files_to_read(tmp_path: Path) -> None:
    listen = "--listen=127.0.0.1:0"
    with logged_sidecar(tmp_path / "output", "--store=memory:", listen) as sidecar:
        sidecar.process.send_signal(signal.SIGHUP)
        assert sidecar.process.wait(30) == -signal.SIGHUP
