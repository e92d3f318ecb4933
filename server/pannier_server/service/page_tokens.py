"""Page tokens: where a list goes on.

A token is the name after which to go on, bound to owner, prefix and order by a digest.
It is not secret and needs no signature: whatever name it holds, a list stays within
the request's own owner and prefix.
"""

import base64
import binascii
import hashlib

from pannier.v1 import storage_pb2 as pb
from pannier_server.backends.contract import Prefix
from pannier_server.service.errors import InvalidRequest

_DIGEST_BYTES = 8


def make_page_token(prefix: Prefix, *, descending: bool, after: str) -> str:
    """Return the token that goes on after a name."""
    binding = _binding(prefix, descending=descending)
    return base64.urlsafe_b64encode(binding + after.encode()).rstrip(b"=").decode()


def parse_page_token(token: str, prefix: Prefix, *, descending: bool) -> str | None:
    """Return the name after which a list goes on; None for an empty token.

    Raises:
        InvalidRequest: The token was not made here for this prefix and order.
    """
    if not token:
        return None
    try:
        content = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        after = content[_DIGEST_BYTES:].decode()
    except (binascii.Error, ValueError):
        raise _invalid() from None
    bound = content[:_DIGEST_BYTES] == _binding(prefix, descending=descending)
    if not bound or not after or not after.startswith(prefix.name):
        raise _invalid()
    return after


def _binding(prefix: Prefix, *, descending: bool) -> bytes:
    text = f"{descending:d}{prefix.owner}:{prefix.name}"
    return hashlib.blake2b(
        text.encode(), digest_size=_DIGEST_BYTES, person=b"pannier-page-1"
    ).digest()


def _invalid() -> InvalidRequest:
    return InvalidRequest(
        pb.ERROR_REASON_PAGE_TOKEN_INVALID,
        "page_token was not made by this server for this prefix and order; "
        "send one as received, or none to start again",
    )
