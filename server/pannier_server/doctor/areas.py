"""Which areas are looked at, for the settings that were found."""

from collections.abc import Callable, Mapping
from typing import Any

from pannier_server.backends.store_url import StoreUrl, parse_store_url
from pannier_server.doctor import listening, machine, memory, other_store, settings, sidecar, sqlite
from pannier_server.doctor.check import Area
from pannier_server.doctor.found import FoundSettings, find_settings

DEFAULT_OWNER = "pannier-doctor"
"""Whose records are asked for where permissions are tried; nobody writes any."""


def areas_of(
    flags: Mapping[str, Any], environ: Mapping[str, str], *, owner: str = DEFAULT_OWNER
) -> tuple[FoundSettings, list[Area]]:
    """Return the settings as they were found, and what to look at.

    Args:
        flags: Settings by name, as `pannier_server.config.load_settings` takes them.
        environ: The process's environment.
        owner: Whose (absent) record to ask a table for, for credentials that are held to
            some owners.
    """
    found = find_settings(flags, environ)
    areas = [
        settings.area(found),
        machine.area(found),
        listening.area(found),
        sidecar.area(found),
    ]
    if found.store and not found.store_problem:
        areas.append(_store_area(parse_store_url(found.store), found, owner))
    return found, areas


def _store_area(url: StoreUrl, found: FoundSettings, owner: str) -> Area:
    return _STORES.get(url.scheme, _other)(url, found, owner)


def _dynamodb(url: StoreUrl, found: FoundSettings, owner: str) -> Area:
    # What it needs takes long to import, and other stores do without.
    from pannier_server.doctor import dynamodb

    return dynamodb.area(url, found.environ, owner)


def _sqlite(url: StoreUrl, found: FoundSettings, owner: str) -> Area:
    del found, owner
    return sqlite.area(url)


def _memory(url: StoreUrl, found: FoundSettings, owner: str) -> Area:
    del url, found, owner
    return memory.area()


def _other(url: StoreUrl, found: FoundSettings, owner: str) -> Area:
    del found, owner
    return other_store.area(url)


_STORES: Mapping[str, Callable[[StoreUrl, FoundSettings, str], Area]] = {
    "dynamodb": _dynamodb,
    "sqlite": _sqlite,
    "memory": _memory,
}
