"""Settings that are right by themselves, and wrong together or in this program."""

import os
from itertools import permutations

from pannier_server.backends.store_url import parse_store_url
from pannier_server.config.addresses import (
    MAX_UNIX_PATH_BYTES,
    ListenAddress,
    TcpAddress,
    UnixAddress,
)
from pannier_server.config.options import flag_name
from pannier_server.config.settings import Settings


def check_combinations(settings: Settings) -> None:
    """Raise for the first pair of settings that do not go together.

    Raises:
        SettingsError: It says what to change.
    """
    _refuse_missing_transport(settings)
    _refuse_long_paths(settings)
    _refuse_duplicates(settings)
    _refuse_incomplete_tls(settings)
    _refuse_tls_without_tcp(settings)
    _refuse_open_addresses(settings)
    _refuse_covered(settings)
    _refuse_open_metrics(settings)
    _refuse_workers_with_unix_socket(settings)
    _refuse_socket_users_in_vain(settings)
    _refuse_workers_with_memory(settings)


def _refuse_missing_transport(settings: Settings) -> None:
    if settings.transport != "grpcio":
        return
    from pannier_server.installed import has_grpcio

    if not has_grpcio():
        raise settings.error(
            "transport",
            f"grpcio is not part of this program; choose {flag_name('transport')} h2, or install "
            "the package pannier-server with pip, which has it",
        )


def _refuse_long_paths(settings: Settings) -> None:
    for address in _unix_addresses(settings):
        _refuse_long_path(settings, "listen", address)
    if isinstance(settings.metrics, UnixAddress):
        _refuse_long_path(settings, "metrics", settings.metrics)


def _refuse_long_path(settings: Settings, setting: str, address: UnixAddress) -> None:
    size = len(os.fsencode(address.path))
    if size > MAX_UNIX_PATH_BYTES:
        raise settings.error(
            setting,
            f"the socket path {address.path} has {size} bytes, and a Unix socket holds at "
            f"most {MAX_UNIX_PATH_BYTES}; choose a shorter one ({flag_name(setting)} unix:PATH)",
        )


def _refuse_duplicates(settings: Settings) -> None:
    seen: set[ListenAddress] = set()
    for address in settings.listen:
        if address in seen:
            raise settings.error("listen", f"{address} stands there twice; name it once")
        # Port 0 is a new port each time.
        if not (isinstance(address, TcpAddress) and address.port == 0):
            seen.add(address)
    if settings.metrics in seen:
        raise settings.error(
            "metrics",
            f"{settings.metrics} is where gRPC is served (--listen); choose another one",
        )


def _refuse_incomplete_tls(settings: Settings) -> None:
    if settings.tls_cert and not settings.tls_key:
        raise settings.error("tls_cert", "a certificate needs its private key; set --tls-key")
    if settings.tls_key and not settings.tls_cert:
        raise settings.error("tls_key", "a private key needs its certificate; set --tls-cert")
    if settings.tls_client_ca and not settings.tls_cert:
        raise settings.error(
            "tls_client_ca",
            "clients show certificates only over TLS; set --tls-cert and --tls-key too",
        )


def _refuse_tls_without_tcp(settings: Settings) -> None:
    if settings.tls_cert and len(_unix_addresses(settings)) == len(settings.listen):
        raise settings.error(
            "tls_cert",
            "TLS is for TCP addresses, and there are only Unix sockets, which stay plain; add "
            "--listen HOST:PORT, or leave the TLS settings out",
        )


def _refuse_open_addresses(settings: Settings) -> None:
    missing = _missing_protection(settings)
    if not missing or settings.allow_insecure:
        return
    for address in settings.listen:
        if not address.is_local:
            raise settings.error(
                "listen",
                f"{address} may be reached by other machines, which needs {missing}; set that, "
                "listen on 127.0.0.1, [::1] or a Unix socket, or accept the risk with "
                "--allow-insecure",
            )


def _missing_protection(settings: Settings) -> str:
    """Return what is missing to be reached by other machines; empty where nothing is."""
    authentication = "authentication of clients (--auth or --tls-client-ca)"
    if not settings.tls_cert:
        return f"TLS (--tls-cert and --tls-key) and {authentication}"
    return "" if settings.auth or settings.tls_client_ca else authentication


def _refuse_open_metrics(settings: Settings) -> None:
    address = settings.metrics
    if address and not address.is_local and not settings.allow_insecure:
        raise settings.error(
            "metrics",
            f"{address} may be reached by other machines, and metrics have neither TLS nor "
            "authentication; serve them on 127.0.0.1, [::1] or a Unix socket, or accept the risk "
            "with --allow-insecure",
        )


def _refuse_covered(settings: Settings) -> None:
    tcp = [address for address in settings.listen if isinstance(address, TcpAddress)]
    for wide, narrow in permutations(tcp, 2):
        if wide.covers(narrow):
            raise settings.error(
                "listen", f"{wide} takes what comes to {narrow} too; name {wide} alone"
            )


def _refuse_workers_with_unix_socket(settings: Settings) -> None:
    sockets = _unix_addresses(settings)
    if settings.workers > 1 and settings.transport == "grpcio" and sockets:
        raise settings.error(
            "workers",
            f"the grpcio transport cannot share the Unix socket {sockets[0].path} between "
            f"{settings.workers} processes; choose --transport h2, listen on TCP only "
            "(--listen 127.0.0.1:50051) or take one worker",
        )


def _refuse_socket_users_in_vain(settings: Settings) -> None:
    if not settings.socket_user:
        return
    if settings.transport != "h2":
        raise settings.error(
            "socket_user",
            f"the {settings.transport} transport does not tell which user connects; choose "
            "--transport h2, or say who may connect with --socket-mode and --socket-group",
        )
    if not _unix_addresses(settings):
        raise settings.error(
            "socket_user",
            "users are known of Unix sockets only; add --listen unix:PATH, or leave it out",
        )


def _refuse_workers_with_memory(settings: Settings) -> None:
    if settings.workers > 1 and parse_store_url(settings.store).scheme == "memory":
        raise settings.error(
            "workers",
            f"each of {settings.workers} processes would have records of its own in "
            f"{settings.store}; take one worker, or a store that processes share (sqlite:)",
        )


def _unix_addresses(settings: Settings) -> list[UnixAddress]:
    return [address for address in settings.listen if isinstance(address, UnixAddress)]
