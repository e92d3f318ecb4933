"""The file that the setting ``auth`` names: read, and checked against the other settings."""

import os
import stat
from pathlib import Path

from pannier_server.config import Settings, UnixAddress
from pannier_server.security.auth_text import AuthTextError, parse_auth_text
from pannier_server.security.identities import Identities, NameKind, Proofs, index_identities

_MAX_BYTES = 16 * 1024 * 1024
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class _Unusable(Exception):
    """Why the file cannot be used."""


def read_auth_file(settings: Settings) -> Identities:
    """Return who may call, as the file says that ``settings.auth`` names.

    Raises:
        SettingsError: The file cannot be read, others than its owner and root may change
            it, it is wrong, or it names proofs that no client can show here.
    """
    assert settings.auth is not None
    path = Path(settings.auth)
    try:
        proofs = parse_auth_text(_read(path))
        for each in proofs:
            _refuse_impossible(each, settings)
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}; name a file that this user can read"
    except UnicodeDecodeError:
        problem = f"{path} is not UTF-8 text, as TOML has to be"
    except (_Unusable, AuthTextError) as error:
        problem = f"{path}, {error}"
    else:
        return index_identities(proofs)
    raise settings.error("auth", problem)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        # Of the opened file: another one may stand there by the time that the path is asked.
        _refuse_writable(os.fstat(file.fileno()), "the file", "FILE")
        folder = path.resolve().parent.stat()
        if not folder.st_mode & stat.S_ISVTX:
            # Who may write there can put another file in its place.
            _refuse_writable(folder, "its folder", "FOLDER")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise _Unusable(f"the file: it has more than {_MAX_BYTES} bytes; is it the right one?")
    return content.decode()


def _refuse_writable(found: os.stat_result, what: str, operand: str) -> None:
    """Refuse what someone else could change: that would be to give oneself rights."""
    if found.st_uid not in {0, os.geteuid()}:
        raise _Unusable(
            f"{what}: it belongs to user {found.st_uid}, who could give anyone rights; "
            f"chown it to root or to the sidecar's user ({os.geteuid()})"
        )
    if found.st_mode & _WRITABLE_BY_OTHERS:
        raise _Unusable(
            f"{what}: other users may write to it (mode {stat.S_IMODE(found.st_mode):04o}) and "
            f"so give themselves rights; run chmod go-w {operand}"
        )


def _refuse_impossible(proofs: Proofs, settings: Settings) -> None:
    """Refuse proofs that no client can show, which would be a mistake that nobody sees."""
    where = f"identity {proofs.identity.name}"
    if proofs.names and settings.tls_client_ca is None:
        kinds = ", ".join(sorted(f"{kind.written}:" for kind in NameKind))
        raise _Unusable(
            f"{where}: certificate ({kinds}) needs clients that show certificates; set "
            "--tls-client-ca, or leave certificate out"
        )
    if not proofs.users:
        return
    if settings.transport != "h2":
        raise _Unusable(
            f"{where}: uid needs --transport h2; grpcio does not tell whose a connection is"
        )
    if not any(isinstance(address, UnixAddress) for address in settings.listen):
        raise _Unusable(
            f"{where}: uid is known of Unix sockets only; set --listen unix:PATH, or leave uid out"
        )
