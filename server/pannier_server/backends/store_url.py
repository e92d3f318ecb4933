"""Store URLs: which backend keeps the records, where, and with which options."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

_EVERY_BACKENDS: Final = "expiry_json_field"
_USER = re.compile(r"//[^/@\s]*@")


class StoreUrlError(ValueError):
    """A store URL that cannot be used; the message says why and what to write."""

    def __init__(self, message: str) -> None:
        """Take the message, which may show the URL: its user and password are masked."""
        super().__init__(masked(message))


def masked(url: str) -> str:
    """Return a URL without the user and the password that it may hold."""
    return _USER.sub("//***@", url)


@dataclass(slots=True)
class StoreUrl:
    """A parsed store URL. Options are taken out of it by the backend that knows them.

    Attributes:
        text: The URL as given.
        scheme: Which backend, in lower case.
        host: What follows ``//`` up to the next slash, unquoted; a DynamoDB table.
        path: The path, unquoted; a file for SQLite.
        options: The query's names and values.
        expiry_json_field: The option that every backend shares: the name of the
            top-level string in JSON data that holds a record's expiry. None for off.
    """

    text: str
    scheme: str
    host: str
    path: str
    options: dict[str, str] = field(default_factory=dict)
    expiry_json_field: str | None = None
    _known: set[str] = field(default_factory=lambda: {_EVERY_BACKENDS})

    def take(self, option: str, default: str = "") -> str:
        """Remove an option, which its backend so makes known, and return its value."""
        self._known.add(option)
        return self.options.pop(option, default)

    def refuse_unknown_options(self) -> None:
        """Raise where an option is left that no one took.

        Raises:
            StoreUrlError: It names the option, and those that there are.
        """
        if self.options:
            # Few starts need it, and all would pay for it.
            from difflib import get_close_matches

            unknown = min(self.options)
            near = get_close_matches(unknown, self._known, n=1)
            hint = (
                f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(self._known))}"
            )
            raise StoreUrlError(f"{self.text}: unknown option {unknown!r}; {hint}")

    def refuse_location(self) -> None:
        """Raise where the URL names a host or a path that its backend has no use for.

        Raises:
            StoreUrlError: It says what to write.
        """
        if self.host or self.path:
            raise StoreUrlError(f"{self.text}: write just {self.scheme}: (it has no location)")


def parse_store_url(text: str) -> StoreUrl:
    """Return the parts of a store URL.

    Raises:
        StoreUrlError: It has no scheme, or an option stands twice.
    """
    parts = urlsplit(text)
    if not parts.scheme or not text[len(parts.scheme) :].startswith(":"):
        raise StoreUrlError(
            f"{text!r} is no store URL; write memory:, sqlite:///path/file.db or dynamodb://table"
        )
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise StoreUrlError(f"{text}: {name} stands there twice; write it once")
    options = dict(pairs)
    field_name = options.pop(_EVERY_BACKENDS, None)
    # urlsplit lowers nothing of the authority; a table name keeps its case.
    return StoreUrl(
        text, parts.scheme, unquote(parts.netloc), unquote(parts.path), options, field_name or None
    )
