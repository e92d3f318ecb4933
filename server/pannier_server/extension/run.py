"""The life of an extension: what is done in which order.

Lambda starts the function's runtime as soon as its extensions have registered, and makes
the first invocation when all have asked for the next event. So the sockets come first,
where connections can wait; then the registration; then everything that takes long, beside
the start of the function; and when the store has been asked once, which opens a
connection to it, the question for the next event.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from pannier_server.config import Settings, SettingsError
from pannier_server.extension.runtime_api import (
    ADDRESS_VARIABLE,
    SHUTDOWN,
    RuntimeApi,
    RuntimeApiError,
)
from pannier_server.extension.settings import extension_settings
from pannier_server.extension.start_times import StartTimes
from pannier_server.transport.listeners import Listener, open_listeners
from pannier_server.transport.sockets import ListenError, socket_access

if TYPE_CHECKING:
    from pannier_server.app import Sidecar

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2

# A store that does not answer must not use up the ten seconds of Lambda's Init phase: its
# errors are for the calls that need it.
_CHECK_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


def run(name: str) -> int:
    """Run the sidecar until Lambda ends the sandbox; return the exit code.

    Args:
        name: The name of the file in /opt/extensions that was started.
    """
    times = StartTimes()
    try:
        api = RuntimeApi(os.environ.get(ADDRESS_VARIABLE, ""), name)
    except RuntimeApiError as error:
        _say(error)
        return EXIT_USAGE
    # boto3 does not know AWS_REGION, which Lambda sets and documents as the one that counts.
    if os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = os.environ["AWS_REGION"]
    with ExitStack() as opened:
        try:
            return _Extension(api, times).run(opened)
        except RuntimeApiError as error:
            _say(error)
            return EXIT_FAILED


class _Extension:
    """An extension that Lambda has started.

    Attributes:
        failure: What has ended it before Lambda did; None where nothing has.
    """

    def __init__(self, api: RuntimeApi, times: StartTimes) -> None:
        self.failure: BaseException | None = None
        self._api = api
        self._times = times
        self._starting: asyncio.Task[None] | None = None
        self._listening = threading.Thread(
            target=self._await_shutdown, name="pannier-lambda", daemon=True
        )
        self._is_ending = False

    def run(self, opened: ExitStack) -> int:
        """Go through the life of the extension; sockets are left to ``opened``."""
        wrong: Exception | None = None
        try:
            settings, listeners = self._listen(opened)
        except (SettingsError, ListenError) as error:
            wrong = error
        # Lambda takes no error from an extension that has not registered.
        self._api.register()
        self._times.end("registration")
        try:
            if wrong is not None:
                raise wrong
            self._serve(settings, listeners)
        except Exception as error:  # noqa: BLE001 (whatever it is, Lambda has to hear of it)
            return self._give_up(error)
        return self._give_up(self.failure) if self.failure else EXIT_OK

    def _listen(self, opened: ExitStack) -> tuple[Settings, Sequence[Listener]]:
        settings = extension_settings(os.environ)
        self._times.end("settings")
        access = socket_access(settings)
        listeners = opened.enter_context(open_listeners(settings.listen, access))
        self._times.end("sockets")
        return settings, listeners

    def _serve(self, settings: Settings, listeners: Sequence[Listener]) -> None:
        from pannier_server.app import run_loop
        from pannier_server.logs import configure_logging

        configure_logging(level=settings.log_level, style=settings.log_format)
        self._times.end("imports")
        run_loop(settings, announce=self._announce, listeners=listeners)
        if self._is_ending and self._listening.is_alive():
            # A thread that meets the end of the interpreter needs a library of the compiler's.
            self._listening.join()

    def _announce(self, sidecar: "Sidecar") -> None:
        self._times.end("server")
        self._starting = asyncio.get_running_loop().create_task(self._finish_start(sidecar))
        self._starting.add_done_callback(self._started)

    def _started(self, starting: "asyncio.Task[None]") -> None:
        if not starting.cancelled() and starting.exception() is not None:
            self._end(starting.exception())

    async def _finish_start(self, sidecar: "Sidecar") -> None:
        """Wait until the store was asked, and then for events, in a thread of its own."""
        with suppress(TimeoutError):
            await asyncio.wait_for(sidecar.store_checked.wait(), _CHECK_SECONDS)
        self._times.end("store")
        where = " and ".join(map(str, sidecar.addresses))
        _log.info("serves %s on %s after %s", sidecar.backend.description, where, self._times)
        self._listening.start()

    def _await_shutdown(self) -> None:
        try:
            while (event := self._api.next_event()).kind != SHUTDOWN:
                pass
            _log.info("Lambda ends the sandbox (%s)", event.reason)
        except RuntimeApiError as error:
            self._end(error)
        else:
            self._end(None)

    def _end(self, failure: BaseException | None) -> None:
        """End the sidecar as it ends everywhere else."""
        self.failure = failure
        self._is_ending = True
        os.kill(os.getpid(), signal.SIGTERM)

    def _give_up(self, error: BaseException) -> int:
        """Tell Lambda and the log why the extension ends."""
        kind, message = _described(error)
        _say(message)
        self._api.report(kind, message)
        return EXIT_FAILED


def _described(error: BaseException) -> tuple[str, str]:
    """Return an error's kind, as Lambda shows it, and its text."""
    from pannier_server.backends.errors import StorageError

    match error:
        case SettingsError():
            return "Extension.ConfigInvalid", str(error)
        case ListenError():
            return "Extension.ListenFailed", str(error)
        case StorageError():
            return "Extension.StoreUnusable", error.message
        case RuntimeApiError():
            return "Extension.EventsFailed", str(error)
    _log.error("the extension failed in an unforeseen way", exc_info=error)
    return "Extension.Bug", f"unforeseen error: {type(error).__name__}; the log says more"


def _say(what: object) -> None:
    print(f"pannier: {what}", file=sys.stderr, flush=True)
