"""The settings: what is in force, where it stands, and the files that they name."""

import stat
from pathlib import Path
from typing import Any

from pannier_server.app import check_max_data_bytes
from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import masked
from pannier_server.config import SettingsError
from pannier_server.config.options import Option, flag_name
from pannier_server.config.settings import OPTIONS
from pannier_server.config.sources import from_file
from pannier_server.doctor import tls_files
from pannier_server.doctor.check import (
    Area,
    Check,
    Outcome,
    failed,
    failed_as,
    in_thread,
    ok,
    warning,
)
from pannier_server.doctor.found import FoundSettings
from pannier_server.security.auth_file import read_auth_file
from pannier_server.units import format_size

_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def area(found: FoundSettings) -> Area:
    """Return the checks of the settings and their files."""
    return Area(
        "Settings",
        [
            Check("settings.file", "settings file", in_thread(lambda: _file(found))),
            Check(
                "settings.values",
                "values",
                in_thread(lambda: _values(found)),
                needs=("settings.file",),
            ),
            Check("settings.store", "store URL", in_thread(lambda: _store(found))),
            Check(
                "settings.limits",
                "limits",
                in_thread(lambda: _limits(found)),
                needs=("settings.values", "settings.store"),
            ),
            Check(
                "settings.auth",
                "auth file",
                in_thread(lambda: _auth(found)),
                needs=("settings.values",),
            ),
            Check(
                "settings.tls",
                "TLS files",
                in_thread(lambda: tls_files.look(found.settings)),
                needs=("settings.values",),
            ),
        ],
    )


def _file(found: FoundSettings) -> Outcome:
    if found.config is None:
        return ok("none is named, so that the environment and flags are all")
    path, origin = found.config
    try:
        there = from_file(path, origin)
    except SettingsError as error:
        return failed_as(
            str(error), "name a TOML file of settings that the sidecar's user can read", path=path
        )
    mode = stat.S_IMODE(Path(path).stat().st_mode)
    facts = {"path": path, "named_by": origin, "settings": sorted(there), "mode": f"{mode:04o}"}
    if mode & _WRITABLE_BY_OTHERS:
        return warning(
            f"{path} can be written by other users (mode {mode:04o}), who so decide what is served",
            f"chmod go-w {path}",
            **facts,
        )
    return ok(f"{path} is read; it has {len(there)} settings", **facts)


def _values(found: FoundSettings) -> Outcome:
    if found.loaded is None:
        return failed_as(
            masked(found.problem), "correct the setting that is named; pannier serve --help"
        )
    settings = found.settings
    facts = {
        name: {
            "value": _shown(OPTIONS[name], getattr(settings, name)),
            "from": settings.origins.get(name, "default"),
        }
        for name in OPTIONS
    }
    changed = [
        f"{name} = {facts[name]['value']} ({settings.origins[name]})"
        for name in OPTIONS
        if name in settings.origins
    ]
    rest = f"the other {len(OPTIONS) - len(changed)} are the defaults"
    return ok("; ".join([*changed, rest]), **facts)


def _shown(option: Option, value: Any) -> str:
    is_list = option.repeatable and value
    return masked(" and ".join(map(str, value)) if is_list else option.show(value))


def _store(found: FoundSettings) -> Outcome:
    if found.store is None:
        return failed(
            "no store can be found while the settings file cannot be used",
            f"correct the file, or name the store with {flag_name('store')}",
        )
    url = masked(found.store)
    if found.store_problem:
        return failed_as(
            found.store_problem,
            f"correct {flag_name('store')}; pannier serve --help shows its forms",
            url=url,
        )
    return ok(url, url=url)


def _limits(found: FoundSettings) -> Outcome:
    assert found.store is not None
    backend = create_backend(found.store)
    try:
        check_max_data_bytes(found.settings, backend)
    except SettingsError as error:
        return failed_as(str(error), f"choose {backend.max_data_bytes} bytes or less")
    data = format_size(found.settings.max_data_bytes)
    return ok(f"data of up to {data}, which the store can hold")


def _auth(found: FoundSettings) -> Outcome:
    settings = found.settings
    if settings.auth is None:
        return ok("none is named, so that whoever can connect is served")
    try:
        identities = read_auth_file(settings)
    except SettingsError as error:
        return failed_as(str(error), "docs/security.md explains the auth file", path=settings.auth)
    facts = {"path": settings.auth, "identities": identities.count}
    if not identities.count:
        return warning(
            f"{settings.auth} names nobody, so that every call is refused",
            "add the lines that 'pannier token new' prints",
            **facts,
        )
    return ok(f"{settings.auth} names {identities.count} identities", **facts)
