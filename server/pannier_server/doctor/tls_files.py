"""The certificate, the key and the clients' authorities that TLS is served with."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pannier_server.config import Settings, SettingsError
from pannier_server.doctor.certificates import Validity, validities
from pannier_server.doctor.check import Outcome, Status, failed, failed_as, ok, warning
from pannier_server.transport.tls import tls_context

_SOON = timedelta(days=30)


def look(settings: Settings) -> Outcome:
    """Return whether the files can be used, for how long, and who else may read the key."""
    if settings.tls_cert is None:
        return ok("none is named, so that TCP is plain")
    try:
        tls_context(settings)
    except SettingsError as error:
        return failed_as(str(error), "docs/security.md explains the files")
    problems = sorted(_problems(settings), key=lambda outcome: outcome.status is Status.WARNING)
    facts = {
        setting: {"path": path, "expires": _first_end(path).isoformat()}
        for setting, path in _certificate_files(settings)
    }
    if problems:
        first = problems[0]
        return Outcome(first.status, first.summary, first.fix, facts)
    end = _first_end(settings.tls_cert)
    return ok(f"{settings.tls_cert} is valid until {end:%Y-%m-%d}, and the key is its own", **facts)


def _certificate_files(settings: Settings) -> Iterator[tuple[str, str]]:
    assert settings.tls_cert is not None
    yield "tls_cert", settings.tls_cert
    if settings.tls_client_ca is not None:
        yield "tls_client_ca", settings.tls_client_ca


def _read(path: str) -> list[Validity]:
    return validities(Path(path).read_text(encoding="latin-1"))


def _first_end(path: str) -> datetime:
    return min(validity.ends for validity in _read(path))


def _problems(settings: Settings) -> Iterator[Outcome]:
    now = datetime.now(UTC)
    for _, path in _certificate_files(settings):
        for validity in _read(path):
            yield from _date_problem(path, validity, now)
    assert settings.tls_key is not None
    yield from _key_problem(settings.tls_key)


def _date_problem(path: str, validity: Validity, now: datetime) -> Iterator[Outcome]:
    renew = "have it issued again; the sidecar takes the new file without a restart"
    if validity.ends < now:
        yield failed(f"{path}: a certificate expired on {validity.ends:%Y-%m-%d}", renew)
    elif validity.starts > now:
        yield failed(
            f"{path}: a certificate is valid only from {validity.starts:%Y-%m-%d %H:%M} UTC on",
            "set this machine's clock, or have the certificate issued again",
        )
    elif validity.ends < now + _SOON:
        left = (validity.ends - now).days
        yield warning(
            f"{path}: a certificate expires on {validity.ends:%Y-%m-%d}, in {left} days", renew
        )


def _key_problem(path: str) -> Iterator[Outcome]:
    found = os.stat(path)  # noqa: PTH116 (of what a link points to, as Kubernetes mounts it)
    mode = stat.S_IMODE(found.st_mode)
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        yield warning(
            f"{path}: other users may use the private key (mode {mode:04o})",
            f"chmod 600 {path}, or 640 with the sidecar's group",
        )
