"""How settings are put together: each source over the one below, then the checks."""

from collections.abc import Mapping
from typing import Any

from pannier_server.config.checks import check_combinations
from pannier_server.config.errors import SettingsError
from pannier_server.config.options import Option
from pannier_server.config.settings import OPTIONS, Settings
from pannier_server.config.sources import (
    CONFIG_VARIABLE,
    Found,
    from_environment,
    from_file,
    from_flags,
)


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Return the settings from defaults < file < environment < flags.

    Args:
        flags: Settings by name, as texts (a list of texts for ``listen``, a bool for a
            switch) or None where not given. ``config`` names the file.
        environment: The process's environment variables.

    Raises:
        SettingsError: A setting is wrong or unknown, or two do not go together.
    """
    found = _find(flags, environment)
    parsed = {name: _parse(OPTIONS[name], there) for name, there in found.items()}
    origins = {name: there.origin for name, there in found.items()}
    settings = Settings(**parsed, origins=origins)
    check_combinations(settings)
    return settings


def find_store(flags: Mapping[str, Any], environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the store's URL and where it stands, for commands that need only that.

    None where it stands nowhere, so that only the default is left.

    Raises:
        SettingsError: It is wrong.
    """
    there = _find(flags, environment).get("store")
    return (_parse(OPTIONS["store"], there), there.origin) if there else None


def _find(flags: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Found]:
    in_flags, in_environment = from_flags(flags), from_environment(environment)
    in_file: dict[str, Found] = {}
    if flags.get("config"):
        in_file = from_file(flags["config"], "--config")
    elif environment.get(CONFIG_VARIABLE):
        in_file = from_file(environment[CONFIG_VARIABLE], CONFIG_VARIABLE)
    return in_file | in_environment | in_flags


def _parse(option: Option, there: Found) -> Any:
    try:
        texts = _texts(option, there.value)
        parsed = tuple(option.parse(text) for text in texts)
    except ValueError as error:
        raise SettingsError(there.origin, str(error)) from None
    return parsed if option.repeatable else parsed[0]


def _texts(option: Option, value: object) -> list[str]:
    """Return a value as the texts that its parser takes."""
    if option.repeatable:
        # Environment variables hold one text: commas part its elements.
        elements = value.split(",") if isinstance(value, str) else value
        if not isinstance(elements, list) or not elements:
            raise ValueError("it must be a list with at least one text")
        return [_text(option, element) for element in elements]
    return [_text(option, value)]


def _text(option: Option, value: object) -> str:
    if isinstance(value, str):
        return value
    # A bool is an int to Python, but not to whoever wrote the file.
    if type(value) in option.natives:
        return str(value).lower()
    raise ValueError(f"{_as_written(value)} has the wrong type; {_wanted(option)}")


def _as_written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _wanted(option: Option) -> str:
    if option.is_switch:
        return "write true or false"
    return "write a number" if option.natives else 'write text in quotes, as in "0600"'
