"""The addresses to listen on: whether the sidecar could have them now."""

import os
import stat
from pathlib import Path

from pannier.addresses import claim_directory, temporary_directory
from pannier_server.config import (
    ListenAddress,
    Settings,
    SettingsError,
    TcpAddress,
)
from pannier_server.doctor.answering import is_listening, is_sidecar, shows_own_certificate
from pannier_server.doctor.check import (
    Area,
    Check,
    Outcome,
    Status,
    failed,
    failed_as,
    in_thread,
    ok,
)
from pannier_server.doctor.found import FoundSettings
from pannier_server.transport.listeners import open_listeners
from pannier_server.transport.sockets import ListenError, SocketAccess, socket_access

_OTHER = "choose another address"


def area(found: FoundSettings) -> Area:
    """Return the checks of the addresses."""
    access = in_thread(lambda: _access(found.settings))
    addresses = in_thread(lambda: _addresses(found.settings))
    metrics = in_thread(lambda: _metrics(found.settings))
    return Area(
        "Listening",
        [
            Check("listen.access", "socket access", access, needs=("settings.values",)),
            Check(
                "listen.addresses",
                "addresses",
                addresses,
                needs=("settings.values", "listen.access"),
                limit=15,
            ),
            Check(
                "listen.metrics",
                "metrics",
                metrics,
                needs=("settings.values", "listen.access"),
                limit=15,
            ),
        ],
    )


def _access(settings: Settings) -> Outcome:
    try:
        access = socket_access(settings)
    except SettingsError as error:
        return failed_as(str(error), "name a group and users that this machine knows")
    own = {None, os.getegid(), *os.getgroups()}
    if access.group not in own and os.geteuid() != 0:
        return failed(
            f"this user is not in the group {access.group}, and cannot give it the socket",
            "add the sidecar's user to the group, or choose another --socket-group",
            group=access.group,
        )
    whose = "their own group" if access.group is None else f"group {access.group}"
    return ok(
        f"Unix sockets get mode {access.mode:04o} and {whose}",
        mode=f"{access.mode:04o}",
        group=access.group,
        users=sorted(access.users) if access.users else None,
    )


def _addresses(settings: Settings) -> Outcome:
    outcomes = {str(address): _address(address, settings) for address in settings.listen}
    facts = {
        address: {"status": outcome.status, "summary": outcome.summary}
        for address, outcome in outcomes.items()
    }
    bad = [outcome for outcome in outcomes.values() if outcome.status is Status.FAILED]
    if bad:
        # The others wait in the facts: one is put right after the other anyway.
        return failed(bad[0].summary, bad[0].fix, **facts)
    return ok("; ".join(outcome.summary for outcome in outcomes.values()), **facts)


def _metrics(settings: Settings) -> Outcome:
    address = settings.metrics
    if address is None:
        return ok("none are served")
    found = _address(address, settings)
    if found.status is Status.FAILED and is_listening(str(address)) and _serves(settings):
        return ok(f"{address} is served by the sidecar that is there already")
    return found


def _serves(settings: Settings) -> bool:
    return any(_is_sidecar(str(address), settings) for address in settings.listen)


def _is_sidecar(address: str, settings: Settings) -> bool:
    return shows_own_certificate(address, settings) or is_sidecar(address)


def _address(address: ListenAddress, settings: Settings) -> Outcome:
    shown = str(address)
    if isinstance(address, TcpAddress):
        return _tcp(address, shown, settings)
    if is_listening(shown):
        return _taken(shown, settings)
    return _free_path(Path(address.path).absolute(), shown)


def _taken(address: str, settings: Settings) -> Outcome:
    if _is_sidecar(address, settings):
        return ok(f"{address} is served by a sidecar already")
    return failed(f"{address} is taken by another process", f"stop it, or {_OTHER}")


def _tcp(address: TcpAddress, shown: str, settings: Settings) -> Outcome:
    try:
        with open_listeners([address], SocketAccess(0o600, None)):
            pass
    except ListenError as error:
        # Where it is none of this machine's, somebody else may answer.
        may_be_own = address.is_local or settings.tls_cert is not None
        if may_be_own and is_listening(shown):
            return _taken(shown, settings)
        return failed_as(str(error), _OTHER)
    return ok(f"{shown} is free")


def _free_path(path: Path, shown: str) -> Outcome:
    folder = path.parent
    if not folder.exists():
        return _missing_folder(folder, shown)
    try:
        if folder.parent == temporary_directory():
            claim_directory(folder)
    except OSError as error:
        return failed_as(f"{shown}: {error}", _OTHER)
    if not os.access(folder, os.W_OK | os.X_OK):
        return failed(
            f"{shown}: this user may not write to the folder {folder}",
            f"let the sidecar's user write to it (chown, chmod), or {_OTHER}",
        )
    if path.exists() and not stat.S_ISSOCK(path.lstat().st_mode):
        return failed(f"{shown}: a file is there that is no socket", f"remove it, or {_OTHER}")
    return ok(f"{shown} is free")


def _missing_folder(folder: Path, shown: str) -> Outcome:
    """Return whether the sidecar could make the folder, which it does in one that is there."""
    if os.access(folder.parent, os.W_OK | os.X_OK):
        return ok(f"{shown} is free; the sidecar will make its folder")
    what = "has no folder above it" if not folder.parent.exists() else "cannot be made by this user"
    return failed(
        f"{shown}: the folder {folder} is missing, and {what}",
        f"make it for the sidecar's user (mkdir -p {folder}), or {_OTHER}",
    )
