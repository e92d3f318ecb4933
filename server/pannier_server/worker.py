"""One worker process of several; see `pannier_server.supervisor`."""

import os
import pickle
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial

from pannier_server.app import EXIT_FAILED, EXIT_OK, Sidecar, run_loop
from pannier_server.backends.errors import StorageError
from pannier_server.config import SettingsError
from pannier_server.logs import configure_logging
from pannier_server.supervisor import Orders
from pannier_server.transport.listeners import inherited_listener
from pannier_server.transport.sockets import ListenError


def main() -> int:
    """Run the sidecar that the parent describes on standard input."""
    orders: Orders = pickle.load(sys.stdin.buffer)  # noqa: S301 (from our own parent)
    settings = orders.settings
    configure_logging(level=settings.log_level, style=settings.log_format)
    threading.Thread(target=_stop_without_parent, daemon=True).start()
    try:
        listeners = [inherited_listener(*shared) for shared in orders.shared]
        run_loop(settings, announce=partial(_report, orders), listeners=listeners)
    except (SettingsError, ListenError, StorageError) as error:
        print(f"pannier: {error}", file=sys.stderr)
        return EXIT_FAILED
    return EXIT_OK


def _report(orders: Orders, sidecar: Sidecar) -> None:
    if sidecar.meters and orders.metrics is not None:
        sidecar.meters.answer(socket.socket(fileno=orders.metrics))
    # Where the parent has gone already, the end of standard input says so too.
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{sidecar.backend.description}\n".encode())


def _stop_without_parent() -> None:
    """Drain when standard input ends, which is when the parent has ended."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
