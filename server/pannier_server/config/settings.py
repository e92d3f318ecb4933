"""The settings: each one's type, default, range and help stand here and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TypeVar

from pannier_server.config import values
from pannier_server.config.addresses import (
    ListenAddress,
    TcpAddress,
    UnixAddress,
    parse_listen_address,
)
from pannier_server.config.errors import SettingsError
from pannier_server.config.options import Option
from pannier_server.units import format_duration, format_size

_T = TypeVar("_T")

DEFAULT_TRANSPORT = "h2"
"""The transport that speaks gRPC unless told."""

_STORE = "Store"
_LISTENING = "Listening"
_AUTH = "Authentication"
_TLS = "TLS"
_CONNECTIONS = "Connections"
_LIMITS = "Limits and times"
_PROCESS = "Process"

_HOUR = 3600.0
_DAY = 24 * _HOUR
_WEEK = 7 * _DAY

_OPTION = "option"


def default_listen() -> tuple[ListenAddress, ...]:
    """Return where the sidecar listens unless told: the user's socket and loopback TCP."""
    from pannier.addresses import default_socket_path

    return (UnixAddress(str(default_socket_path())), TcpAddress("127.0.0.1", 50051))


def _setting(default: _T, option: Option) -> _T:
    return field(default=default, metadata={_OPTION: option})


def _switch(group: str, text: str) -> bool:
    option = Option(
        group,
        text,
        values.parse_switch,
        natives=(bool,),
        show=lambda on: "on" if on else "off",
    )
    return _setting(default=False, option=option)


def _duration(group: str, text: str, minimum: float, maximum: float) -> Option:
    parse = values.duration(minimum, maximum)
    return Option(group, text, parse, "TIME", (int, float), show=format_duration)


def _duration_or_never(group: str, text: str, maximum: float) -> Option:
    parse = values.duration_or_never(1, maximum)
    show = values.show_duration_or_never
    return Option(group, f"{text}; 0 for never", parse, "TIME", (int, float), show=show)


def _pem_file(text: str) -> str | None:
    return _setting(None, Option(_TLS, text, values.parse_path, "FILE", show=_show_path))


def _show_path(path: str | None) -> str:
    return path or "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set about a sidecar; each field's option explains it.

    Times are in seconds, sizes in bytes. ``socket_group`` is a name, a number, or None
    for the process's own. ``socket_user`` is empty where the mode alone decides. ``origins``
    says where each setting that is not its default stands (``--workers``), for errors.
    """

    store: str = _setting(
        "sqlite:",
        Option(
            _STORE,
            "where records are kept: sqlite: (a file in your data directory), "
            "sqlite:///path/file.db, dynamodb://table?region=eu-west-1, or memory:",
            values.check_store_url,
            "URL",
        ),
    )
    sweep_interval: float = _setting(
        60.0,
        _duration(
            _STORE,
            "how often expired records are removed in the background, where the store "
            "does not do it by itself",
            1,
            _DAY,
        ),
    )
    health_interval: float = _setting(
        5.0,
        _duration(_STORE, "how often the store is asked whether it answers", 0.1, _HOUR),
    )
    listen: tuple[ListenAddress, ...] = field(
        default_factory=default_listen,
        metadata={
            _OPTION: Option(
                _LISTENING,
                "where to listen: unix:PATH or HOST:PORT; give it again for more addresses",
                parse_listen_address,
                "ADDRESS",
                repeatable=True,
            )
        },
    )
    socket_mode: int = _setting(
        0o600,
        Option(
            _LISTENING,
            "permissions of the Unix socket, in octal",
            values.parse_file_mode,
            "MODE",
            show=lambda mode: f"{mode:04o}",
        ),
    )
    socket_group: str | int | None = _setting(
        None,
        Option(
            _LISTENING,
            "group of the Unix socket, by name or number",
            values.parse_group,
            "GROUP",
            (int,),
            show=lambda group: "your own" if group is None else str(group),
        ),
    )
    socket_user: tuple[str | int, ...] = _setting(
        (),
        Option(
            _LISTENING,
            "let only this user connect to the Unix socket, of those whom its mode lets in, by "
            "name or number; give it again for more users",
            values.parse_user,
            "USER",
            (int,),
            repeatable=True,
            show=lambda _: "whom its mode lets in",
        ),
    )
    allow_insecure: bool = _switch(
        _LISTENING,
        "listen on addresses that other machines reach, without TLS and authentication",
    )
    auth: str | None = _setting(
        None,
        Option(
            _AUTH,
            "serve only the callers that this file knows, and only what it allows each of them; "
            "see docs/security.md",
            values.parse_path,
            "FILE",
            show=_show_path,
        ),
    )
    tls_cert: str | None = _pem_file(
        "the server's certificate for TLS on TCP addresses, in PEM, followed by those of the "
        "authorities between it and the root; Unix sockets stay plain"
    )
    tls_key: str | None = _pem_file("the certificate's private key, in PEM and not encrypted")
    tls_client_ca: str | None = _pem_file(
        "let in over TCP only clients that show a certificate signed by one of the authorities "
        "in this file, in PEM"
    )
    max_connection_idle: float = _setting(
        # Clients give up idle connections by themselves after half an hour.
        3600.0,
        _duration_or_never(
            _CONNECTIONS, "how long a connection may have no calls before it is closed", _WEEK
        ),
    )
    max_connection_age: float = _setting(
        0.0,
        _duration_or_never(
            _CONNECTIONS,
            "how old a connection may get before its client is made to open a new one",
            _WEEK,
        ),
    )
    keepalive_time: float = _setting(
        60.0,
        _duration_or_never(
            _CONNECTIONS, "after how much silence a client is asked whether it is there", _DAY
        ),
    )
    keepalive_timeout: float = _setting(
        20.0,
        _duration(_CONNECTIONS, "how long it may take to answer that before it is cut", 1, _HOUR),
    )
    max_data_bytes: int = _setting(
        350 * 1024,
        Option(
            _LIMITS,
            "the largest data of one record; at most 400000 on DynamoDB, under 4MiB elsewhere",
            values.size(1, 4 * 1024 * 1024 - 1),
            "SIZE",
            (int,),
            show=format_size,
        ),
    )
    default_timeout: float = _setting(
        10.0, _duration(_LIMITS, "the deadline of a call that comes without one", 0.001, _HOUR)
    )
    max_calls: int = _setting(
        1000,
        Option(
            _LIMITS,
            "the most store calls that each process has under way at once; while they take too "
            "long it lets in fewer, and refuses the others",
            values.whole_number(1, 100_000),
            "N",
            (int,),
        ),
    )
    grace: float = _setting(
        10.0,
        _duration(_LIMITS, "how long calls in flight may take to finish at shutdown", 0, _HOUR),
    )
    workers: int = _setting(
        1,
        Option(
            _PROCESS,
            "processes that share the listening addresses",
            values.whole_number(1, 128),
            "N",
            (int,),
        ),
    )
    transport: str = _setting(
        DEFAULT_TRANSPORT,
        Option(
            _PROCESS,
            "what speaks gRPC: h2 (Pannier's own) or grpcio",
            values.choice("h2", "grpcio"),
            "NAME",
        ),
    )
    metrics: ListenAddress | None = field(
        default=None,
        metadata={
            _OPTION: Option(
                _PROCESS,
                "where to serve metrics for Prometheus, at /metrics: HOST:PORT or unix:PATH; "
                "whoever reaches it may read them; see docs/metrics.md",
                parse_listen_address,
                "ADDRESS",
                show=lambda address: str(address) if address else "nowhere",
            )
        },
    )
    log_level: str = _setting(
        "info",
        Option(
            _PROCESS,
            "the least that is logged: debug, info, warning or error",
            values.choice("debug", "info", "warning", "error"),
            "LEVEL",
        ),
    )
    log_format: str = _setting(
        "human",
        Option(
            _PROCESS,
            "how it is logged: human, or json for one JSON object a line",
            values.choice("human", "json"),
            "FORMAT",
        ),
    )
    log_failed_calls: int = _setting(
        10,
        Option(
            _PROCESS,
            "how many failed calls of the same RPC and reason each process logs in a second; "
            "the others are counted, see docs/logs.md",
            values.whole_number(1, 1000),
            "N",
            (int,),
        ),
    )
    traces: bool = _switch(
        _PROCESS,
        "export OpenTelemetry traces, as the environment's OTEL_ variables say; needs "
        "pannier-server[otel], see docs/traces.md",
    )
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    def error(self, setting: str, problem: str) -> SettingsError:
        """Return the error for a setting that turned out wrong, naming where it stands."""
        return SettingsError(self.origins.get(setting, f"{setting} (its default)"), problem)


OPTIONS: Mapping[str, Option] = {
    setting.name: setting.metadata[_OPTION]
    for setting in fields(Settings)
    if _OPTION in setting.metadata
}
"""Every setting by its name, in the order of ``--help``."""
