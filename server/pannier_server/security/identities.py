"""Everyone who may call: what each may do, and how each is known."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pannier_server.security.owners import OwnerSet
from pannier_server.security.tokens import token_digest

# How much of a digest picks the tokens that are compared in full.
_PICKED_BY = 8


class Action(Enum):
    """What a rule allows."""

    READ = "read"
    """Get and ListByPrefix."""
    WRITE = "write"
    """Put, PutIfVersion and Delete."""
    CLEANUP = "cleanup"
    """CleanupExpired."""


class NameKind(Enum):
    """Which of a client certificate's names, as they stand in files and in auth contexts."""

    DNS = ("dns", "peer_dns")
    URI = ("uri", "peer_uri")
    EMAIL = ("email", "peer_email")
    COMMON_NAME = ("cn", "x509_common_name")

    def __init__(self, written: str, peer_property: str) -> None:
        """Keep how files write it, and under which name a transport hands it on."""
        self.written = written
        self.peer_property = peer_property


@dataclass(frozen=True, slots=True, eq=False)
class Identity:
    """Who makes a call, and what it may do.

    Attributes:
        name: What the file calls it.
        reads: The owners whose records it may read.
        writes: The owners whose records it may write and delete.
        cleanups: The owners whose expired records it may remove.
    """

    name: str
    reads: OwnerSet
    writes: OwnerSet
    cleanups: OwnerSet

    def may_read(self, owner: str) -> bool:
        """Say whether it may read an owner's records."""
        return owner in self.reads

    def may_write(self, owner: str) -> bool:
        """Say whether it may write and delete an owner's records."""
        return owner in self.writes

    def may_clean_up(self, owner: str | None) -> bool:
        """Say whether it may remove an owner's expired records; None stands for all owners'."""
        return self.cleanups.is_everyone if owner is None else owner in self.cleanups


@dataclass(frozen=True, slots=True, eq=False)
class Proofs:
    """How an identity is known.

    Attributes:
        identity: The identity.
        tokens: The SHA-256 of each of its tokens.
        names: Names in client certificates: which one, and the name.
        users: The numbers of its users on this machine, who come by Unix socket.
    """

    identity: Identity
    tokens: frozenset[bytes] = frozenset()
    names: frozenset[tuple[NameKind, str]] = frozenset()
    users: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Identities:
    """Identities by what they show.

    Attributes:
        count: How many there are.
        tokens: Digests of tokens, by their first bytes, with whose each is.
        names: By the auth context's property, and then by the name there.
        users: By the number of the user, in decimal digits.
    """

    count: int = 0
    tokens: Mapping[bytes, tuple[tuple[bytes, Identity], ...]] = field(default_factory=dict)
    names: Mapping[str, Mapping[bytes, Identity]] = field(default_factory=dict)
    users: Mapping[bytes, Identity] = field(default_factory=dict)

    def by_token(self, token: str) -> Identity | None:
        """Return whose token it is; None where it is nobody's.

        Digests are compared in constant time. The look-up before it depends on the digest
        too, but nobody can choose a digest: what it takes tells nothing about any token.
        """
        digest = token_digest(token)
        for known, identity in self.tokens.get(digest[:_PICKED_BY], ()):
            if hmac.compare_digest(known, digest):
                return identity
        return None


def index_identities(proofs: Sequence[Proofs]) -> Identities:
    """Return identities for look-ups; what one shows is nobody else's."""
    tokens: dict[bytes, tuple[tuple[bytes, Identity], ...]] = {}
    names: dict[str, dict[bytes, Identity]] = {}
    users: dict[bytes, Identity] = {}
    for proof in proofs:
        for digest in proof.tokens:
            picked = digest[:_PICKED_BY]
            tokens[picked] = (*tokens.get(picked, ()), (digest, proof.identity))
        for kind, name in proof.names:
            names.setdefault(kind.peer_property, {})[name.encode()] = proof.identity
        for user in proof.users:
            users[b"%d" % user] = proof.identity
    return Identities(len(proofs), tokens, names, users)
