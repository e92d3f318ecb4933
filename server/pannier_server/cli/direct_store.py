"""A store that a command uses itself, without a sidecar, to copy its records."""

import asyncio
import os
from argparse import Namespace
from collections.abc import Coroutine
from typing import Any, TypeVar

from pannier_server.backends.errors import (
    DeadlineExceeded,
    StorageError,
    StoreUnavailable,
    Throttled,
)
from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import StoreUrlError
from pannier_server.backends.transfer import TransferableBackend
from pannier_server.cli.connection import duration
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.config import SettingsError
from pannier_server.config.load import find_store

T = TypeVar("T")

DEFAULT_PATIENCE = 120.0


def add_store_arguments(parser: Parser) -> None:
    """Add what names the store."""
    group = parser.add_argument_group("store")
    group.add_argument(
        "--store",
        metavar="URL",
        help="sqlite:///path/file.db or dynamodb://table?region=... (default: PANNIER_STORE)",
    )
    group.add_argument("--config", metavar="FILE", help="a TOML file that names the store")
    group.add_argument(
        "--timeout",
        metavar="TIME",
        type=duration,
        default=DEFAULT_PATIENCE,
        help="how long to go on where the store is throttled or does not answer (default: 2m)",
    )


def find_backend(arguments: Namespace) -> tuple[TransferableBackend, str]:
    """Return the backend to use, not opened yet, and its URL.

    Raises:
        CommandFailed: None is named, or its records cannot be copied.
    """
    try:
        found = find_store(vars(arguments), os.environ)
    except SettingsError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from None
    if found is None:
        raise CommandFailed("no store is named; write --store URL", ExitCode.USAGE)
    url, origin = found
    try:
        backend = create_backend(url)
    except StoreUrlError as error:
        raise CommandFailed(f"{origin}: {error}", ExitCode.USAGE) from None
    if url.partition(":")[0] == "memory":
        raise CommandFailed(
            f"{origin}: memory: is a store inside of one process, which no other can read or fill",
            ExitCode.USAGE,
        )
    if not isinstance(backend, TransferableBackend):
        raise CommandFailed(
            f"{origin}: the backend of {url.partition(':')[0]}: cannot copy records (it has no "
            "transfer(), see pannier_server.backends.transfer)",
            ExitCode.USAGE,
        )
    return backend, url


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run the work on an event loop; Ctrl-C cancels it first and raises KeyboardInterrupt then."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def store_failed(error: StorageError, advice: str) -> CommandFailed:
    """Return the failure of a command whose store failed, with what to do next."""
    passes = isinstance(error, (Throttled, StoreUnavailable, DeadlineExceeded))
    code = ExitCode.TRY_AGAIN if passes else ExitCode.FAILED
    return CommandFailed(f"{error.message}; {advice}", code)
