"""Auth files as tests write them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pannier_server.security.tokens import new_token, token_digest


@dataclass(slots=True)
class Caller:
    """Someone who may call, with a token of its own unless it is known otherwise.

    Attributes:
        name: What the file calls it.
        rules: What it may do: owners and actions.
        certificate: Names in its certificate.
        uid: Its users.
        tokens: Its tokens.
    """

    name: str
    rules: Sequence[tuple[str, str]] = ()
    certificate: Sequence[str] = ()
    uid: Sequence[int] = ()
    tokens: list[str] = field(default_factory=lambda: [new_token()])

    @property
    def token(self) -> str:
        return self.tokens[0]

    @property
    def text(self) -> str:
        """The caller's table; ``rules`` have owners and actions parted by spaces."""
        rules = [
            f"{{ owners = {json.dumps(owners.split())}, actions = {json.dumps(actions.split())} }}"
            for owners, actions in self.rules
        ]
        digests = [token_digest(token).hex() for token in self.tokens]
        return f"""
[[identity]]
name = {json.dumps(self.name)}
token_sha256 = {json.dumps(digests)}
certificate = {json.dumps(list(self.certificate))}
uid = {json.dumps(list(self.uid))}
allow = [{", ".join(rules)}]
"""


def everything(name: str = "all") -> Caller:
    """Return a caller who may do everything."""
    return Caller(name, [("*", "read write cleanup")])


class AuthFileOnDisk:
    """An auth file that is replaced as a whole, as people should do it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "auth.toml"

    def __str__(self) -> str:
        return str(self.path)

    def write(self, *callers: Caller) -> None:
        self.write_text(text_of(callers))

    def write_text(self, text: str) -> None:
        new = self.path.with_suffix(".new")
        new.write_text(text)
        new.chmod(0o600)
        new.replace(self.path)


def text_of(callers: Iterable[Caller]) -> str:
    return "".join(caller.text for caller in callers)
