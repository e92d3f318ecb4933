"""The auth file's text: TOML tables to identities, with errors that name the table.

An error never repeats a value: it may be a token that stands in the wrong place.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pannier_server.config.values import UNKNOWN_USER
from pannier_server.security.identities import Action, Identity, NameKind, Proofs
from pannier_server.security.owners import OwnerPattern, OwnerSet, parse_owner_pattern

_MAX_NAME: Final = 100
_MAX_USER: Final = 2**32 - 2
_PROOFS: Final = ("token_sha256", "certificate", "uid")
_IDENTITY_KEYS: Final = ("name", *_PROOFS, "allow")
_RULE_KEYS: Final = ("owners", "actions")
_ACTIONS: Final = {action.value: action for action in Action}
_KINDS: Final = {kind.written: kind for kind in NameKind}
_is_sha256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE).fullmatch

Rules = dict[Action, list[OwnerPattern]]


class AuthTextError(ValueError):
    """The text is no auth file; the message names the line or the table, and the fix."""


class _Table:
    """A TOML table whose keys and types are checked as they are read."""

    def __init__(self, where: str, content: object, known: Sequence[str]) -> None:
        """Take what stands there, and the keys that it may have."""
        self.where = where
        if not isinstance(content, dict):
            raise self.error("it is no table; write [[identity]] above its keys")
        self._content: dict[str, Any] = content
        for key in content:
            if key not in known:
                raise self.error(_unknown(key, known))

    def error(self, problem: str) -> AuthTextError:
        return AuthTextError(f"{self.where or 'the file'}: {problem}")

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def text(self, key: str) -> str:
        value = self._content.get(key)
        if not isinstance(value, str):
            raise self.error(f'it needs {key} = "..."')
        return value

    def texts(self, key: str) -> list[str]:
        values = self._list(key, '["..."]')
        if not all(isinstance(value, str) for value in values):
            raise self.error(f'{key} has something that is no text; write {key} = ["..."]')
        return values

    def numbers(self, key: str) -> list[int]:
        values = self._list(key, "[1000]")
        # A bool is an int to Python, but not to whoever wrote the file.
        if any(type(value) is not int for value in values):
            raise self.error(f"{key} has something that is no whole number; write {key} = [1000]")
        return values

    def tables(self, key: str, known: Sequence[str]) -> "list[_Table]":
        above = f"{self.where}, " if self.where else ""
        values = self._list(key, "[{ ... }]")
        return [_Table(f"{above}{key} {n}", each, known) for n, each in enumerate(values, 1)]

    def _list(self, key: str, form: str) -> list[Any]:
        value = self._content.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"{key} is no list; write {key} = {form}")
        return value


def _unknown(key: str, known: Sequence[str]) -> str:
    near = get_close_matches(key, known, 1)
    if near:
        return f"there is no key {key}; did you mean {near[0]}?"
    # It may be anything, also what must not be repeated.
    return f"a key that is not known; there are {', '.join(known)}"


def parse_auth_text(text: str) -> list[Proofs]:
    """Return the identities that a text describes.

    Raises:
        AuthTextError: It is no TOML, or says something that cannot be meant.
    """
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AuthTextError(f"it is not valid TOML{_place(str(error))}") from None
    root = _Table("", content, ("identity",))
    found = [_identity(table) for table in root.tables("identity", _IDENTITY_KEYS)]
    _refuse_shared(found)
    return found


def _place(error: str) -> str:
    """Return where the error is; what it says beside that may repeat a part of the text."""
    place = re.search(r"\(at ([^()]*)\)$", error)
    return f", at {place[1]}" if place else ""


def _identity(table: _Table) -> Proofs:
    name = table.text("name")
    if not (name.isprintable() and 0 < len(name) <= _MAX_NAME and name.strip() == name):
        raise table.error(
            f"name is empty, longer than {_MAX_NAME} characters, or has some that cannot be printed"
        )
    # From here on errors name it; its number is only for those that have no good name.
    table.where = f"{table.where} ({name})"
    if not any(key in table for key in _PROOFS):
        raise table.error(f"nothing says how it is known; set {', '.join(_PROOFS[:-1])} or uid")
    if "allow" not in table:
        raise table.error('it has no rights; write allow = [{ owners = ["..."], actions = [...] }]')
    rules = _rules(table)
    identity = Identity(name, *(OwnerSet(rules[action]) for action in Action))
    return Proofs(identity, _tokens(table), _names(table), _users(table))


def _rules(table: _Table) -> Rules:
    rules: Rules = {action: [] for action in Action}
    for rule in table.tables("allow", _RULE_KEYS):
        owners, actions = rule.texts("owners"), rule.texts("actions")
        if not (owners and actions):
            raise rule.error('it needs both owners = ["..."] and actions = ["read"]')
        patterns = [_pattern(rule, owner) for owner in owners]
        for action in actions:
            if action not in _ACTIONS:
                raise rule.error(f"an action that is not known; there are {', '.join(_ACTIONS)}")
            rules[_ACTIONS[action]] += patterns
    return rules


def _pattern(rule: _Table, owner: str) -> OwnerPattern:
    try:
        return parse_owner_pattern(owner)
    except ValueError as error:
        raise rule.error(str(error)) from None


def _tokens(table: _Table) -> frozenset[bytes]:
    digests = table.texts("token_sha256")
    if not all(map(_is_sha256, digests)):
        raise table.error(
            "token_sha256 has something that is no SHA-256 of 64 hexadecimal digits; write the "
            "line that 'pannier token new' prints, and never a token itself"
        )
    return frozenset(map(bytes.fromhex, digests))


def _names(table: _Table) -> frozenset[tuple[NameKind, str]]:
    return frozenset(_certificate_name(table, text) for text in table.texts("certificate"))


def _certificate_name(table: _Table, text: str) -> tuple[NameKind, str]:
    kind, _, name = text.partition(":")
    if kind not in _KINDS or not name:
        raise table.error(
            "certificate has a name without its kind; write dns:NAME, uri:URI, email:ADDRESS or "
            "cn:NAME"
        )
    return _KINDS[kind], name


def _users(table: _Table) -> frozenset[int]:
    users = table.numbers("uid")
    if any(not 0 <= user <= _MAX_USER for user in users):
        raise table.error(f"uid has a number that is no user's; write one from 0 to {_MAX_USER}")
    if UNKNOWN_USER in users:
        raise table.error(
            f"uid has {UNKNOWN_USER}, which stands for all users that a container does not know; "
            "run the client as a user of its own"
        )
    return frozenset(users)


def _refuse_shared(found: Iterable[Proofs]) -> None:
    """Refuse what would leave open who calls."""
    seen: dict[tuple[str, object], int] = {}
    for number, proofs in enumerate(found, 1):
        for shown in _shown(proofs):
            other = seen.setdefault(shown, number)
            if other != number:
                raise AuthTextError(
                    f"identity {number} ({proofs.identity.name}): identity {other} has the same "
                    f"{shown[0]}; give each its own"
                )


def _shown(proofs: Proofs) -> Iterator[tuple[str, object]]:
    yield "name", proofs.identity.name
    yield from (("token_sha256", digest) for digest in proofs.tokens)
    yield from (("certificate", name) for name in proofs.names)
    yield from (("uid", user) for user in proofs.users)
