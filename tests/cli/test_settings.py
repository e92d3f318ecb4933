"""Settings come from defaults < file < environment < flags."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pannier.addresses import default_socket_path
from pannier_server.config import Settings, TcpAddress, UnixAddress, load_settings
from pannier_server.config.settings import DEFAULT_TRANSPORT, OPTIONS

WriteFile = Callable[[str], str]

# Not the default, whichever that is.
OTHER_TRANSPORT = {"h2": "grpcio", "grpcio": "h2"}[DEFAULT_TRANSPORT]

# One value per setting that is not its default: as a flag or variable, in TOML, parsed.
EXAMPLES: dict[str, tuple[str, str, Any]] = {
    "store": ("memory:", '"memory:"', "memory:"),
    "sweep_interval": ("2m", '"2m"', 120.0),
    "health_interval": ("500ms", "0.5", 0.5),
    "listen": ("[::1]:1", '["[::1]:1"]', (TcpAddress("::1", 1),)),
    "socket_mode": ("0660", '"0660"', 0o660),
    "socket_group": ("staff", '"staff"', "staff"),
    "socket_user": ("1000", "[1000]", (1000,)),
    "auth": ("~/auth.toml", '"~/auth.toml"', str(Path("~/auth.toml").expanduser())),
    "allow_insecure": ("true", "true", True),
    "tls_cert": ("/run/c.pem", '"/run/c.pem"', "/run/c.pem"),
    "tls_key": ("~/k.pem", '"~/k.pem"', str(Path("~/k.pem").expanduser())),
    "tls_client_ca": ("ca.pem", '"ca.pem"', "ca.pem"),
    "max_connection_idle": ("0", "0", 0.0),
    "max_connection_age": ("1h", "3600", 3600.0),
    "keepalive_time": ("10s", "10", 10.0),
    "keepalive_timeout": ("5s", "5.0", 5.0),
    "max_data_bytes": ("1KiB", "1024", 1024),
    "default_timeout": ("3s", "3", 3.0),
    "max_calls": ("50", "50", 50),
    "grace": ("0", "0", 0.0),
    "workers": ("2", "2", 2),
    "transport": (OTHER_TRANSPORT, f'"{OTHER_TRANSPORT}"', OTHER_TRANSPORT),
    "metrics": ("127.0.0.1:9464", '"127.0.0.1:9464"', TcpAddress("127.0.0.1", 9464)),
    "log_level": ("debug", '"debug"', "debug"),
    "log_format": ("json", '"json"', "json"),
    "log_failed_calls": ("50", "50", 50),
    "traces": ("true", "true", True),
}
# Where a setting alone would be refused, what makes it possible.
NEEDED: dict[str, dict[str, Any]] = {
    "workers": {"listen": ["127.0.0.1:1"]},
    "tls_cert": {"tls_key": "k.pem"},
    "tls_key": {"tls_cert": "c.pem"},
    "tls_client_ca": {"tls_cert": "c.pem", "tls_key": "k.pem"},
}


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    def write(text: str) -> str:
        path = tmp_path / "pannier.toml"
        path.write_text(text)
        return str(path)

    return write


def as_flags(name: str, value: str) -> dict[str, Any]:
    if OPTIONS[name].is_switch:
        return {name: value == "true"}
    return {name: [value] if OPTIONS[name].repeatable else value}


def test_every_setting_has_an_example() -> None:
    assert EXAMPLES.keys() == OPTIONS.keys()


def test_defaults_serve_sqlite_on_the_users_socket_and_loopback() -> None:
    settings = load_settings({}, {})

    assert settings.store == "sqlite:"
    assert settings.listen == (
        UnixAddress(str(default_socket_path())),
        TcpAddress("127.0.0.1", 50051),
    )
    assert settings == Settings()


def test_defaults_are_those_that_the_design_names() -> None:
    settings = Settings()

    assert settings.socket_mode == 0o600
    assert settings.max_data_bytes == 350 * 1024
    assert settings.default_timeout == 10
    assert settings.workers == 1
    assert not settings.allow_insecure


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_flag_sets(name: str) -> None:
    text, _, value = EXAMPLES[name]

    settings = load_settings(NEEDED.get(name, {}) | as_flags(name, text), {})

    assert getattr(settings, name) == value


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_environment_variable_sets(name: str) -> None:
    text, _, value = EXAMPLES[name]

    settings = load_settings(NEEDED.get(name, {}), {f"PANNIER_{name.upper()}": text})

    assert getattr(settings, name) == value


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_key_in_the_file_sets(name: str, write_file: WriteFile) -> None:
    _, toml, value = EXAMPLES[name]
    path = write_file(f"{name} = {toml}")

    settings = load_settings({"config": path, **NEEDED.get(name, {})}, {})

    assert getattr(settings, name) == value


def test_a_flag_wins_over_the_environment_and_that_over_the_file(write_file: WriteFile) -> None:
    path = write_file('grace = 1\nhealth_interval = 1\ndefault_timeout = 1\nlisten = ["[::1]:1"]')
    environment = {
        "PANNIER_CONFIG": path,
        "PANNIER_GRACE": "2",
        "PANNIER_HEALTH_INTERVAL": "2",
        "PANNIER_LISTEN": "[::1]:2",
    }

    settings = load_settings({"grace": "3"}, environment)

    assert settings.grace == 3
    assert settings.health_interval == 2
    assert settings.default_timeout == 1
    assert settings.listen == (TcpAddress("::1", 2),)


def test_the_config_flag_wins_over_its_variable(write_file: WriteFile) -> None:
    path = write_file("grace = 1")

    settings = load_settings({"config": path}, {"PANNIER_CONFIG": "/absent.toml"})

    assert settings.grace == 1


def test_a_flag_can_switch_off_what_the_file_switches_on(write_file: WriteFile) -> None:
    path = write_file("allow_insecure = true")

    assert not load_settings({"config": path, "allow_insecure": False}, {}).allow_insecure


def test_commas_part_addresses_in_the_environment() -> None:
    settings = load_settings({}, {"PANNIER_LISTEN": "unix:/run/p.sock, 127.0.0.1:0"})

    assert settings.listen == (UnixAddress("/run/p.sock"), TcpAddress("127.0.0.1", 0))


def test_an_empty_variable_counts_as_unset() -> None:
    assert load_settings({}, {"PANNIER_WORKERS": "", "PANNIER_CONFIG": ""}).workers == 1


@pytest.mark.parametrize(
    "variable",
    [
        "PANNIER_ADDRESS",
        "PANNIER_TEST_TABLE",
        "PANNIER_REQUIRE_TOOLS",
        # Kubernetes sets these for a service that is called "pannier".
        "PANNIER_SERVICE_HOST",
        "PANNIER_SERVICE_PORT_GRPC",
        "PANNIER_PORT",
        "PANNIER_PORT_50051_TCP_ADDR",
        "SOMEONE_ELSES_WORKER",
        "PANNIER_DEPLOYED_BY",
    ],
)
def test_a_variable_that_is_no_setting_is_left_alone(variable: str) -> None:
    assert load_settings({}, {variable: "anything"}) == Settings()


def test_a_group_may_be_a_number(write_file: WriteFile) -> None:
    assert load_settings({"socket_group": "1000"}, {}).socket_group == 1000
    assert load_settings({"config": write_file("socket_group = 20")}, {}).socket_group == 20


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/p.sock", UnixAddress("/run/p.sock")),
        ("unix:///run/p.sock", UnixAddress("/run/p.sock")),
        ("unix:p.sock", UnixAddress("p.sock")),
        ("unix:~/p.sock", UnixAddress(str(Path("~/p.sock").expanduser()))),
        ("127.0.0.1:50051", TcpAddress("127.0.0.1", 50051)),
        ("127.1.2.3:0", TcpAddress("127.1.2.3", 0)),
        ("[::1]:80", TcpAddress("::1", 80)),
        ("[0:0::1]:80", TcpAddress("::1", 80)),
        ("LocalHost:80", TcpAddress("localhost", 80)),
    ],
)
def test_local_addresses_need_no_permission(text: str, address: object) -> None:
    assert load_settings({"listen": [text]}, {}).listen == (address,)


@pytest.mark.parametrize("text", ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "pannier.example:1"])
def test_insecure_addresses_are_possible_when_they_are_allowed(text: str) -> None:
    settings = load_settings({"listen": [text], "allow_insecure": True}, {})

    assert str(settings.listen[0]) == text


@pytest.mark.parametrize("text", ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "pannier.example:1"])
def test_addresses_that_others_reach_are_possible_where_clients_show_certificates(
    text: str,
) -> None:
    tls = {"tls_cert": "c.pem", "tls_key": "k.pem", "tls_client_ca": "ca.pem"}

    settings = load_settings({"listen": [text], **tls}, {})

    assert str(settings.listen[0]) == text


def test_one_wildcard_address_leaves_room_for_others() -> None:
    flags = {"listen": ["0.0.0.0:1", "[::1]:1", "127.0.0.1:2"], "allow_insecure": True}

    assert len(load_settings(flags, {}).listen) == 3


@pytest.mark.parametrize("count", ["2", "128"])
def test_workers_share_unix_sockets_with_h2(count: str) -> None:
    flags = {"workers": count, "listen": ["unix:/run/p.sock"], "transport": "h2"}

    assert load_settings(flags, {}).workers == int(count)


def test_connections_of_clients_that_are_gone_are_found_unless_told() -> None:
    settings = Settings()

    assert (settings.keepalive_time, settings.keepalive_timeout) == (60, 20)
    assert settings.max_connection_age == 0


def test_several_free_ports_are_not_duplicates() -> None:
    assert len(load_settings({"listen": ["127.0.0.1:0", "127.0.0.1:0"]}, {}).listen) == 2


def test_an_error_that_shows_later_still_names_where_the_setting_stands() -> None:
    settings = load_settings({}, {"PANNIER_MAX_DATA_BYTES": "1MiB"})

    late = settings.error("max_data_bytes", "is too much for this store")

    assert str(late) == "PANNIER_MAX_DATA_BYTES: is too much for this store"
    assert str(settings.error("grace", "no")) == "grace (its default): no"


def test_settings_reach_another_process_whole() -> None:
    settings = load_settings({"grace": "3"}, {})

    copy = pickle.loads(pickle.dumps(settings))

    assert copy == settings
    assert copy.origins == settings.origins
