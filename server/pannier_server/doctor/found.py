"""The settings that are examined, as far as they can be found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import StoreUrlError, masked
from pannier_server.config import Settings, SettingsError, load_settings
from pannier_server.config.load import find_store
from pannier_server.config.options import variable_name
from pannier_server.config.sources import CONFIG_VARIABLE


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """What the settings say, and what is wrong with them.

    Attributes:
        environ: The process's environment.
        config: The settings file's path, and where that stands; None where there is none.
        loaded: The settings; None where they cannot be used.
        problem: Why not, empty where they can.
        store: The store's URL; None where only a settings file that cannot be used could
            tell.
        store_problem: Why the store's URL cannot be used, empty where it can.
    """

    environ: Mapping[str, str]
    config: tuple[str, str] | None
    loaded: Settings | None
    problem: str
    store: str | None
    store_problem: str

    @property
    def settings(self) -> Settings:
        """The settings, for checks that need ``settings.values``."""
        assert self.loaded is not None
        return self.loaded


def find_settings(flags: Mapping[str, Any], environ: Mapping[str, str]) -> FoundSettings:
    """Return the settings as a sidecar would find them; nothing is raised."""
    config = _config(flags, environ)
    try:
        settings = load_settings(flags, environ)
    except SettingsError as error:
        store = _store_alone(flags, environ)
        return FoundSettings(environ, config, None, str(error), store, _problem(store))
    return FoundSettings(environ, config, settings, "", settings.store, _problem(settings.store))


def _config(flags: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, str] | None:
    if flags.get("config"):
        return flags["config"], "--config"
    path = environ.get(CONFIG_VARIABLE)
    return (path, CONFIG_VARIABLE) if path else None


def _store_alone(flags: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """Return the store, which can be looked at although another setting is wrong."""
    variable = variable_name("store")
    only = {variable: environ[variable]} if environ.get(variable) else {}
    for sources in ((flags, environ), ({"store": flags.get("store")}, only)):
        try:
            found = find_store(*sources)
        except SettingsError:
            continue
        if found:
            return found[0]
    return None


def _problem(store: str | None) -> str:
    """Return what is wrong with a store's URL; nothing is opened."""
    if store is None:
        return ""
    try:
        create_backend(store)
    except StoreUrlError as error:
        return masked(str(error))
    return ""
