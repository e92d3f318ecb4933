"""How a store connects and calls: one object, made once and passed on."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

from pannier.addresses import grpc_target, resolve_address
from pannier.retries import RetryPolicy

DEFAULT_TIMEOUT = 10.0
"""Seconds that a call may take, its retries included; the server's own default."""

_MAX_MESSAGE_BYTES = 8 * 1024 * 1024

_CHANNEL_OPTIONS: tuple[tuple[str, Any], ...] = (
    # Retries are made here, where request ids and outcomes are known.
    ("grpc.enable_retries", 0),
    # A sidecar that was restarted is found again soon: by default that takes up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # The time that one attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", 3_000),
    # Each store has its own connection, and its own view of whether it works.
    ("grpc.use_local_subchannel_pool", 1),
    # A sidecar is local; http_proxy must not reroute calls to it.
    ("grpc.enable_http_proxy", 0),
    # A page may hold one record, whose data is under 4 MiB, gRPC's own limit.
    ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
)


# gRPC would send the whole path as the authority, and look for it in certificates.
_UNIX_OPTIONS = (("grpc.default_authority", "localhost"),)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a store; see `pannier.connect`.

    Attributes:
        address: Where the sidecar is, as people write it.
        target: The same as gRPC's target URI.
        timeout: Seconds that a call may take, unless it says otherwise.
        retries: How failed calls are tried again.
        credentials: TLS, or None for a plain connection.
        metadata: Sent with each call; may hold secrets.
    """

    address: str
    target: str
    timeout: float
    retries: RetryPolicy
    credentials: grpc.ChannelCredentials | None = field(repr=False)
    metadata: tuple[tuple[str, str | bytes], ...] | None = field(repr=False)

    @property
    def channel_options(self) -> tuple[tuple[str, Any], ...]:
        """The options of the gRPC channel."""
        is_unix = self.target.startswith("unix:")
        return _CHANNEL_OPTIONS + _UNIX_OPTIONS if is_unix else _CHANNEL_OPTIONS


def make_settings(
    address: str | None,
    *,
    timeout: float,
    retries: RetryPolicy,
    credentials: grpc.ChannelCredentials | None,
    token: str | None,
    metadata: Sequence[tuple[str, str | bytes]],
) -> Settings:
    """Return checked settings.

    Raises:
        ValueError: The address, the timeout or the token is not usable.
        PermissionError: The default socket's directory is not safe to use.
    """
    resolved = resolve_address(address)
    return Settings(
        resolved,
        grpc_target(resolved),
        checked_timeout(timeout),
        retries,
        credentials,
        (*_authorization(token), *metadata) or None,
    )


def _authorization(token: str | None) -> tuple[tuple[str, str], ...]:
    if token is None:
        return ()
    # The characters of RFC 6750's b64token and a few more; a line break would end the header.
    if not (token and token.isascii() and token.isprintable()):
        raise ValueError("the token must be printable ASCII, and not empty")
    return (("authorization", f"Bearer {token}"),)


def checked_timeout(timeout: float) -> float:
    """Return a timeout in seconds.

    Raises:
        ValueError: It is not a number above 0.
    """
    if not (math.isfinite(timeout) and timeout > 0):
        raise ValueError(f"timeout must be a number of seconds above 0, not {timeout}")
    return timeout
