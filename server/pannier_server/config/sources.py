"""Where settings stand: a TOML file, the environment and flags, each read the same way.

A source answers settings by name, not parsed yet, with the words that an error uses
for the place. What it does not know it refuses, so that a typing error is not silent.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pannier_server.config.errors import SettingsError
from pannier_server.config.options import flag_name, variable_name
from pannier_server.config.settings import OPTIONS

CONFIG_VARIABLE = "PANNIER_CONFIG"
"""Names the TOML file where ``--config`` does not."""

# The client's address and token, what only tests and the build read, and the variables that
# Kubernetes sets for a service called "pannier".
_OTHERS = re.compile(
    r"PANNIER_(ADDRESS|TOKEN|CONFIG|TEST_.*|REQUIRE_TOOLS|SERVICE_HOST|SERVICE_PORT.*|PORT(_.*)?)"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A setting as it stands somewhere.

    Attributes:
        value: Text, a list of texts, or a TOML value.
        origin: Where it stands, as errors name it.
    """

    value: Any
    origin: str


def from_flags(flags: Mapping[str, Any]) -> dict[str, Found]:
    """Return the settings among parsed flags; None stands for a flag not given."""
    return {
        name: Found(flags[name], flag_name(name)) for name in OPTIONS if flags.get(name) is not None
    }


def from_environment(environment: Mapping[str, str]) -> dict[str, Found]:
    """Return the settings in environment variables; an empty one counts as unset.

    Raises:
        SettingsError: A variable is no setting but looks like one mistyped.
    """
    names = {variable_name(name): name for name in OPTIONS}
    found = {
        names[variable]: Found(value, variable)
        for variable, value in environment.items()
        if variable in names and value
    }
    _refuse_mistyped(environment.keys() - names.keys(), names)
    return found


def from_file(path: str, origin: str) -> dict[str, Found]:
    """Return the settings in a TOML file.

    Args:
        path: The file.
        origin: Where the path itself stands, for errors.

    Raises:
        SettingsError: The file cannot be read, or has a key that is no setting.
    """
    table = _read_toml(path, origin)
    for key in table:
        if key not in OPTIONS:
            near = get_close_matches(key.replace("-", "_").lower(), OPTIONS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(OPTIONS)}"
            raise SettingsError(f"{key} in {path}", f"no such setting; {hint}")
    return {key: Found(value, f"{key} in {path}") for key, value in table.items()}


def _read_toml(path: str, origin: str) -> dict[str, Any]:
    import tomllib
    from pathlib import Path

    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(origin, f"cannot read {path}: {reason}") from None
    except UnicodeDecodeError:
        raise SettingsError(origin, f"{path} is not UTF-8 text, as TOML has to be") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(origin, f"{path} is not valid TOML: {error}") from None


def _refuse_mistyped(variables: Iterable[str], known: Iterable[str]) -> None:
    for variable in sorted(variables):
        if not variable.startswith("PANNIER_") or _OTHERS.fullmatch(variable):
            continue
        # A stricter cutoff than usual: others may use the prefix for things of theirs.
        near = get_close_matches(variable, [*known, CONFIG_VARIABLE], 1, cutoff=0.85)
        if near:
            raise SettingsError(variable, f"no such setting; did you mean {near[0]}?")
