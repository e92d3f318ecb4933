"""A sidecar that tells what it holds: ``python -m tests.soak.observed_sidecar SOCKET serve …``.

To whoever connects to the Unix socket it writes one line of JSON: how many asyncio tasks and
threads it has. It is the product in all else.
"""

import asyncio
import gc
import json
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from pannier_server import app
from pannier_server.cli import main

_loops: list[asyncio.AbstractEventLoop] = []


def _noting_the_loop(
    serve: Callable[..., Coroutine[Any, Any, None]],
) -> Callable[..., Coroutine[Any, Any, None]]:
    async def noted(*args: Any, **kwargs: Any) -> None:
        _loops.append(asyncio.get_running_loop())
        await serve(*args, **kwargs)

    return noted


def _answer(listening: socket.socket) -> None:
    while True:
        connected, _ = listening.accept()
        with connected:
            # What is only waiting to be collected is no leak.
            gc.collect()
            figures = {
                "tasks": sum(len(asyncio.all_tasks(loop)) for loop in _loops),
                "threads": threading.active_count(),
            }
            connected.sendall(json.dumps(figures).encode() + b"\n")


def observe(path: str) -> None:
    """Answer on a Unix socket from now on."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen()
    threading.Thread(target=_answer, args=(listening,), daemon=True).start()


if __name__ == "__main__":
    app.serve = _noting_the_loop(app.serve)
    observe(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
