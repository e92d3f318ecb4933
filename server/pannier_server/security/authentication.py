"""Who calls: found out once for each call, from what it shows."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from pannier_server.config import Settings
from pannier_server.security.auth_file import read_auth_file
from pannier_server.security.errors import Unauthenticated
from pannier_server.security.identities import Identities, Identity

PEER_USER: Final = "peer_uid"
"""Where a transport's auth context has the number of the user behind a Unix socket."""

_log = logging.getLogger(__name__)

# RFC 6750, section 2.1; the name of a scheme may be written in any case (RFC 9110, 11.1).
_SCHEME: Final = "bearer"

_NOTHING_SHOWN: Final = (
    "this sidecar serves only callers that it knows; send a token as "
    "'authorization: Bearer TOKEN' (the clients' token option, PANNIER_TOKEN for the command "
    "line)"
)
_NOT_BEARER: Final = "authorization is not of the form 'Bearer TOKEN', once; send it like that"
_NOBODYS: Final = (
    "the token is none that this sidecar knows (any more); ask whoever runs it for a new one"
)
_UNKNOWN_PEER: Final = (
    "neither a name in the client's certificate nor the user of the connection is one that this "
    "sidecar knows; ask whoever runs it to add it to the auth file, or send a token as "
    "'authorization: Bearer TOKEN'"
)
_AMBIGUOUS: Final = (
    "names in the client's certificate belong to different identities in the auth file; use a "
    "certificate for one of them"
)


REFUSALS: Final[Mapping[str, str]] = {
    _NOTHING_SHOWN: "nothing_shown",
    _NOT_BEARER: "malformed_token",
    _NOBODYS: "unknown_token",
    _UNKNOWN_PEER: "unknown_peer",
    _AMBIGUOUS: "ambiguous_certificate",
}
"""A short name of each thing that callers are told who are not let in."""


class PeerContext(Protocol):
    """The parts of ``grpc.aio.ServicerContext`` that tell who calls."""

    def invocation_metadata(self) -> Any:
        """Return the request's metadata: pairs of key and value."""
        ...

    def auth_context(self) -> Mapping[str, Any]:
        """Return what is known of the connection's other end: lists of bytes, by name."""
        ...


class Authenticator:
    """Tells who makes a call, by the auth file as it was last read.

    A token that is sent decides alone, a wrong one as well. Without one it is the client's
    certificate that decides, or the user behind the Unix socket.

    Attributes:
        refused: How many calls were refused, by why.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the file.

        Raises:
            SettingsError: It cannot be used.
        """
        self._settings = settings
        self.refused = dict.fromkeys(REFUSALS.values(), 0)
        self._use(read_auth_file(settings))

    async def reload(self) -> None:
        """Read the file again. Calls that come from now on are held to it.

        Raises:
            SettingsError: It cannot be used; what was read before stays in force.
        """
        self._use(await asyncio.to_thread(read_auth_file, self._settings))

    def _use(self, identities: Identities) -> None:
        self._identities = identities
        self._needs_peer = bool(identities.names or identities.users)
        if not identities.count:
            _log.warning("%s names no identity: nobody may call", self._settings.auth)

    def __call__(self, context: PeerContext) -> Identity:
        """Return who makes a call.

        Raises:
            Unauthenticated: Nobody that the file names.
        """
        try:
            return self._identify(context)
        except Unauthenticated as error:
            self.refused[REFUSALS[error.message]] += 1
            raise

    def _identify(self, context: PeerContext) -> Identity:
        token = _bearer_token(context.invocation_metadata())
        if token is not None:
            identity = self._identities.by_token(token)
            if identity is None:
                raise Unauthenticated(_NOBODYS)
            return identity
        if self._needs_peer:
            return self._by_peer(context.auth_context())
        raise Unauthenticated(_NOTHING_SHOWN)

    def _by_peer(self, peer: Mapping[str, Sequence[bytes]]) -> Identity:
        found: Identity | None = None
        for kind, known in self._identities.names.items():
            for name in peer.get(kind, ()):
                identity = known.get(name)
                if identity is not None and found is not None and identity is not found:
                    raise Unauthenticated(_AMBIGUOUS)
                found = identity or found
        for user in peer.get(PEER_USER, ()):
            found = self._identities.users.get(user)
        if found is None:
            raise Unauthenticated(_UNKNOWN_PEER)
        return found


def _bearer_token(metadata: Sequence[tuple[str, str | bytes]]) -> str | None:
    """Return the token that a request has; None without one.

    Raises:
        Unauthenticated: It has several, or what it has is no token.
    """
    sent: str | bytes | None = None
    for key, value in metadata:
        if key == "authorization":
            if sent is not None:
                raise Unauthenticated(_NOT_BEARER)
            sent = value
    if sent is None:
        return None
    if not isinstance(sent, str) or not sent.isascii():
        raise Unauthenticated(_NOT_BEARER)
    scheme, _, token = sent.partition(" ")
    token = token.strip()
    if scheme.lower() != _SCHEME or not token:
        raise Unauthenticated(_NOT_BEARER)
    return token
