"""Store URLs: which backend keeps the records, where, and with which options."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit


class StoreUrlError(ValueError):
    """A store URL that cannot be used; the message says why and what to write."""


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

    def take(self, option: str, default: str = "") -> str:
        """Remove an option and return its value."""
        return self.options.pop(option, default)

    def refuse_unknown_options(self) -> None:
        """Raise where an option is left that no one took.

        Raises:
            StoreUrlError: It names the option.
        """
        if self.options:
            raise StoreUrlError(f"{self.text}: unknown option {min(self.options)!r}")

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
    options = dict(pairs)
    if len(options) != len(pairs):
        raise StoreUrlError(f"{text}: an option stands there twice")
    field_name = options.pop("expiry_json_field", None)
    # urlsplit lowers nothing of the authority; a table name keeps its case.
    return StoreUrl(
        text, parts.scheme, unquote(parts.netloc), unquote(parts.path), options, field_name or None
    )
