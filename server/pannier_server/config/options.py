"""How one setting is written and explained; a field of `Settings` carries one of these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Option:
    """How a setting is written and explained.

    Attributes:
        group: The heading in ``--help`` that it stands under.
        help: What it does, for people.
        parse: Turns text into the value (into one element where it is repeatable);
            raises ValueError with what to write.
        metavar: The placeholder in ``--help``; empty for a switch.
        natives: The types beside text that a TOML file may use for it.
        repeatable: Whether the value is a list.
        show: Turns a value back into the text that stands for it.
    """

    group: str
    help: str
    parse: Callable[[str], Any]
    metavar: str = ""
    natives: tuple[type, ...] = ()
    repeatable: bool = False
    show: Callable[[Any], str] = str

    @property
    def is_switch(self) -> bool:
        """Whether it is either on or off."""
        return self.natives == (bool,)


def flag_name(setting: str) -> str:
    """Return a setting's flag: ``--max-data-bytes``."""
    return "--" + setting.replace("_", "-")


def variable_name(setting: str) -> str:
    """Return a setting's environment variable: ``PANNIER_MAX_DATA_BYTES``."""
    return "PANNIER_" + setting.upper()
