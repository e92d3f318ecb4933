"""The settings' page: each one by its three names, with its default."""

from collections.abc import Iterator
from typing import Any

from pannier_server.config import Settings
from pannier_server.config.options import Option, flag_name, variable_name
from pannier_server.config.settings import OPTIONS
from tools.reference.markdown import sentence, table, with_code

_INTRODUCTION = """\
# Settings

`pannier serve` looks for each setting as an option, then in the environment, then in the TOML
file that `--config` or `PANNIER_CONFIG` names, and takes the first that it finds, else the
default. [Operations](../operations.md#settings) explains how to choose between them.

TIME is in seconds or has a unit (`500ms`, `10s`, `1h30m`), SIZE in bytes or has a unit
(`350KiB`). A setting that may be given several times is a list in the file; in the environment,
commas part its elements. In a file, a number may stand without quotes, and a switch is `true`
or `false`.
"""


def settings_page() -> str:
    """Return the page."""
    return "\n".join([_INTRODUCTION, *_groups()])


def _groups() -> Iterator[str]:
    defaults = Settings()
    for group in dict.fromkeys(option.group for option in OPTIONS.values()):
        yield f"## {group}\n"
        for name, option in OPTIONS.items():
            if option.group == group:
                yield from _setting(name, option, getattr(defaults, name))


def _setting(name: str, option: Option, default: Any) -> Iterator[str]:
    metavar = f" {option.metavar}" if option.metavar else ""
    often = ", more than once" if option.repeatable else ""
    yield f"### {name}\n"
    yield with_code(sentence(option.help)) + "\n"
    yield table(
        ["Option", "Environment", "File", "Default"],
        [
            [
                f"`{flag_name(name)}{metavar}`{often}",
                f"`{variable_name(name)}`",
                f"`{name}`",
                _shown(option, default),
            ]
        ],
    )


def _shown(option: Option, value: Any) -> str:
    if option.repeatable and value:
        return " and ".join(f"`{element}`" for element in value)
    return option.show(value)
