"""Parsers of single settings, from text. Each says in its error what to write."""

from collections.abc import Callable
from pathlib import Path

from pannier_server.backends.store_url import parse_store_url
from pannier_server.units import format_duration, parse_duration, parse_size

UNKNOWN_USER = 65_534
"""What Linux shows in place of a user that this process's user namespace lacks."""


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser of whole numbers in a range."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if not minimum <= number <= maximum:
            raise ValueError(f"{text!r} is not a whole number from {minimum} to {maximum}")
        return number

    return parse


def size(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return a parser of sizes in a range of bytes."""

    def parse(text: str) -> int:
        number = parse_size(text)
        if not minimum <= number <= maximum:
            raise ValueError(f"{text!r} is out of range; choose {minimum} to {maximum} bytes")
        return number

    return parse


def duration(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return a parser of durations in a range of seconds."""

    def parse(text: str) -> float:
        seconds = parse_duration(text)
        if not minimum <= seconds <= maximum:
            raise ValueError(
                f"{text!r} is out of range; "
                f"choose {format_duration(minimum)} to {format_duration(maximum)}"
            )
        return seconds

    return parse


def duration_or_never(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return a parser of durations in a range of seconds, and of 0 for never."""

    def parse(text: str) -> float:
        seconds = parse_duration(text)
        if seconds and not minimum <= seconds <= maximum:
            raise ValueError(
                f"{text!r} is out of range; choose {format_duration(minimum)} to "
                f"{format_duration(maximum)}, or 0 for never"
            )
        return seconds

    return parse


def show_duration_or_never(seconds: float) -> str:
    """Return a duration for people, where 0 is never."""
    return format_duration(seconds) if seconds else "never"


def choice(*names: str) -> Callable[[str], str]:
    """Return a parser that takes one of some names."""

    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(f"{text!r} is not known; choose {' or '.join(names)}")
        return text

    return parse


def parse_switch(text: str) -> bool:
    """Return whether a switch is on.

    Raises:
        ValueError: It is neither on nor off.
    """
    value = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if value is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return value


def parse_file_mode(text: str) -> int:
    """Return the permission bits that octal digits such as ``0600`` name.

    Raises:
        ValueError: It has other characters, or more than the permission bits.
    """
    digits = text.removeprefix("0o")
    if not digits or digits.strip("01234567") or len(digits) > 4 or int(digits, 8) > 0o777:
        raise ValueError(f"{text!r} is not a file mode; write octal digits such as 0660")
    return int(digits, 8)


def parse_group(text: str) -> str | int:
    """Return a group: an id where the text is a number, else a name.

    Raises:
        ValueError: It is empty.
    """
    return _name_or_number(text, "a group's name or its number")


def parse_user(text: str) -> str | int:
    """Return a user: an id where the text is a number, else a name.

    Raises:
        ValueError: It is empty.
    """
    return _name_or_number(text, "a user's name or number")


def _name_or_number(text: str, what: str) -> str | int:
    if not text:
        raise ValueError(f"it is empty; write {what}")
    return int(text) if text.isascii() and text.isdigit() else text


def parse_path(text: str) -> str:
    """Return the path of a file; ``~/`` is the home directory.

    Raises:
        ValueError: It cannot be one.
    """
    if not text or "\0" in text:
        raise ValueError("it is empty; write the path of a file" if not text else "it is no path")
    return str(Path(text).expanduser()) if text.startswith("~/") else text


def check_store_url(text: str) -> str:
    """Return a store URL after a look at its form; the backend looks at the rest.

    Raises:
        ValueError: It has no scheme, or an option stands twice.
    """
    parse_store_url(text)
    return text
