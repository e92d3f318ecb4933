"""Bearer tokens: how they are made, and what is kept of them.

A token is 256 random bits. Nobody guesses one, so that its SHA-256 is safe to keep: slow
hashes with salt are for passwords, which people choose and attackers try out.
"""

import hashlib
import secrets

PREFIX = "pannier_"
"""By which people and scanners for leaked secrets recognise a token."""

_TOKEN_BYTES = 32


def new_token() -> str:
    """Return a new token, of letters, digits, ``-`` and ``_``."""
    return PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def token_digest(token: str) -> bytes:
    """Return a token's SHA-256, of 32 bytes."""
    return hashlib.sha256(token.encode()).digest()
