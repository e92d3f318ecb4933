"""A wrong setting is one line that names where it stands, what is wrong and the fix."""

from pathlib import Path
from typing import Any

import pytest

from pannier_server.config import SettingsError, load_settings


def refusal(flags: dict[str, Any], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags, environment or {})
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("flag", "value", "says"),
    [
        ("workers", "two", "--workers: 'two' is not a whole number from 1 to 128"),
        ("workers", "0", "--workers: '0' is not a whole number from 1 to 128"),
        ("workers", "1.5", "--workers: '1.5' is not a whole number from 1 to 128"),
        ("grace", "soon", "--grace: 'soon' is not a duration; write seconds, or a unit as in"),
        ("grace", "-1", "--grace: '-1' is not a duration"),
        ("grace", "nan", "--grace: 'nan' is not a duration"),
        ("grace", "2h", "--grace: '2h' is out of range; choose 0s to 1h"),
        ("default_timeout", "0", "--default-timeout: '0' is out of range; choose 1ms to 1h"),
        ("max_data_bytes", "big", "--max-data-bytes: 'big' is not a size; write bytes, or a unit"),
        ("max_data_bytes", "4MiB", "--max-data-bytes: '4MiB' is out of range; choose 1 to 4194303"),
        ("max_data_bytes", "0.5", "--max-data-bytes: '0.5' is not a size"),
        ("socket_mode", "rw", "--socket-mode: 'rw' is not a file mode; write octal digits such"),
        ("socket_mode", "0999", "--socket-mode: '0999' is not a file mode"),
        ("socket_mode", "1777", "--socket-mode: '1777' is not a file mode"),
        ("socket_group", "", "--socket-group: it is empty; write a group's name or its number"),
        ("auth", "", "--auth: it is empty; write the path of a file"),
        ("transport", "http", "--transport: 'http' is not known; choose h2 or grpcio"),
        ("tls_cert", "", "--tls-cert: it is empty; write the path of a file"),
        ("tls_key", "k\0", "--tls-key: it is no path"),
        ("max_connection_idle", "8d", "--max-connection-idle: '8d' is out of range; choose 1s to"),
        ("max_connection_age", "1ms", "--max-connection-age: '1ms' is out of range; choose 1s to"),
        ("keepalive_time", "2d", "--keepalive-time: '2d' is out of range; choose 1s to 1d, or 0"),
        ("keepalive_timeout", "0", "--keepalive-timeout: '0' is out of range; choose 1s to 1h"),
        ("log_level", "loud", "--log-level: 'loud' is not known; choose debug or info or warning"),
        ("store", "tasks", "--store: 'tasks' is no store URL; write memory:, sqlite:///path/"),
        (
            "store",
            "sqlite:?a=1&a=2",
            "--store: sqlite:?a=1&a=2: a stands there twice; write it once",
        ),
    ],
)
def test_a_wrong_flag_is_named_with_what_to_write(flag: str, value: str, says: str) -> None:
    assert refusal({flag: value}).startswith(says)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("50051", "'50051' has no host; write unix:/path/to.sock, 127.0.0.1:50051 or"),
        ("localhost", "'localhost' has no port; write unix:/path/to.sock"),
        (":50051", "':50051' has no host; write 127.0.0.1:50051"),
        ("127.0.0.1:70000", "'127.0.0.1:70000' has no port from 0 to 65535"),
        ("127.0.0.1:http", "'127.0.0.1:http' has no port from 0 to 65535"),
        ("::1:50051", "'::1:50051' is ambiguous; write"),
        ("[127.0.0.1]:1", "'[127.0.0.1]:1' has no IPv6 address in its brackets"),
        ("http://localhost:1", "'http://localhost:1' is ambiguous"),
        ("/run/p.sock:1", "'/run/p.sock:1' is no address; write unix:/path/to.sock"),
        ("unix:", "'unix:' has no path"),
        ("unix://run/p.sock", "'unix://run/p.sock' has no absolute path after //"),
        ("", "it is empty; write unix:/path/to.sock"),
    ],
)
def test_a_wrong_address_is_named_with_the_forms_there_are(address: str, says: str) -> None:
    assert refusal({"listen": [address]}).startswith(f"--listen: {says}")


def test_a_socket_path_that_no_socket_can_have_is_refused() -> None:
    longest = "/" + "p" * 106

    assert load_settings({"listen": [f"unix:{longest}"]}, {})
    assert "p has 108 bytes, and a Unix socket holds at most 107; choose a shorter one" in refusal(
        {"listen": [f"unix:{longest}p"]}
    )


def test_a_default_socket_path_that_is_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + "long/" * 30)

    assert refusal({}).startswith("listen (its default): the socket path /long/")


@pytest.mark.parametrize("address", ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "pannier.example:1"])
def test_an_address_that_others_reach_needs_permission(address: str) -> None:
    message = refusal({"listen": ["127.0.0.1:1", address]})

    assert message == (
        f"--listen: {address} may be reached by other machines, which needs TLS (--tls-cert and "
        "--tls-key) and authentication of clients (--auth or --tls-client-ca); set that, listen "
        "on 127.0.0.1, [::1] or a Unix socket, or accept the risk with --allow-insecure"
    )


def test_tls_alone_does_not_let_other_machines_in() -> None:
    message = refusal({"listen": ["10.0.0.1:1"], "tls_cert": "c.pem", "tls_key": "k.pem"})

    assert "which needs authentication of clients (--auth or --tls-client-ca); set " in message


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"tls_cert": "c"}, "--tls-cert: a certificate needs its private key; set --tls-key"),
        ({"tls_key": "k"}, "--tls-key: a private key needs its certificate; set --tls-cert"),
        ({"tls_client_ca": "a"}, "--tls-client-ca: clients show certificates only over TLS; set"),
        (
            {"tls_cert": "c", "tls_key": "k", "listen": ["unix:/run/p.sock"]},
            "--tls-cert: TLS is for TCP addresses, and there are only Unix sockets, which stay",
        ),
    ],
)
def test_half_of_what_tls_needs_is_refused(flags: dict[str, Any], says: str) -> None:
    assert refusal(flags).startswith(says)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("127.0.0.1:1", "127.0.0.1:1"),
        ("[::1]:1", "[0::1]:1"),
        ("unix:/run/p.sock", "unix:///run/p.sock"),
    ],
)
def test_an_address_that_stands_twice_is_refused(first: str, second: str) -> None:
    message = refusal({"listen": [first, second]})

    assert message.endswith("stands there twice; name it once")


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("[::]:1", "0.0.0.0:1"),
        ("[::]:1", "127.0.0.1:1"),
        ("[::]:1", "[::1]:1"),
        ("0.0.0.0:1", "10.0.0.1:1"),
    ],
)
def test_an_address_that_another_one_covers_is_refused(wide: str, narrow: str) -> None:
    for listen in ([wide, narrow], [narrow, wide]):
        message = refusal({"listen": listen, "allow_insecure": True})
        assert message == f"--listen: {wide} takes what comes to {narrow} too; name {wide} alone"


def test_workers_cannot_share_a_unix_socket_with_grpcio() -> None:
    listen = ["127.0.0.1:1", "unix:/run/p.sock"]

    message = refusal({"workers": "2", "listen": listen, "transport": "grpcio"})

    assert message == (
        "--workers: the grpcio transport cannot share the Unix socket /run/p.sock between "
        "2 processes; choose --transport h2, listen on TCP only (--listen 127.0.0.1:50051) or "
        "take one worker"
    )


def test_workers_cannot_share_memory() -> None:
    message = refusal({"workers": "2", "listen": ["127.0.0.1:1"], "store": "memory:"})

    assert message.startswith("--workers: each of 2 processes would have records of its own")


def test_a_wrong_variable_is_named() -> None:
    message = refusal({}, {"PANNIER_WORKERS": "many"})

    assert message == "PANNIER_WORKERS: 'many' is not a whole number from 1 to 128"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("PANNIER_WORKER", "PANNIER_WORKERS"),
        ("PANNIER_LISTENS", "PANNIER_LISTEN"),
        ("PANNIER_MAX_DATA_BYTE", "PANNIER_MAX_DATA_BYTES"),
        ("PANNIER_CONFIGS", "PANNIER_CONFIG"),
        ("PANNIER_ALLOW_UNSECURE", "PANNIER_ALLOW_INSECURE"),
    ],
)
def test_a_mistyped_variable_is_refused(variable: str, meant: str) -> None:
    assert refusal({}, {variable: "1"}) == f"{variable}: no such setting; did you mean {meant}?"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("workers = 'many'", "workers in {}: 'many' is not a whole number from 1 to 128"),
        ("workers = true", "workers in {}: true has the wrong type; write a number"),
        ("allow_insecure = 1", "allow_insecure in {}: 1 has the wrong type; write true or false"),
        ("allow_insecure = 'on'", "allow_insecure in {}: 'on' is neither true nor false"),
        ("listen = 50051", "listen in {}: it must be a list with at least one text"),
        ("listen = []", "listen in {}: it must be a list with at least one text"),
        ("listen = [1]", "listen in {}: 1 has the wrong type; write text in quotes"),
        # TOML would read 0660 as an error and 660 as a number that is another mode.
        ("socket_mode = 660", "socket_mode in {}: 660 has the wrong type; write text in quotes"),
        ("worker = 2", "worker in {}: no such setting; did you mean workers?"),
        ("max-data-bytes = 2", "max-data-bytes in {}: no such setting; did you mean max_data_"),
        ("zebra = 2", "zebra in {}: no such setting; there are store, sweep_interval, "),
        ("[store]\nurl = 'x'", "store in {}: {{'url': 'x'}} has the wrong type"),
        ("workers = ", "--config: {} is not valid TOML: "),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "pannier.toml"
    path.write_text(text)

    assert refusal({"config": str(path)}).startswith(says.format(path))


def test_a_file_that_cannot_be_read_is_named() -> None:
    message = refusal({}, {"PANNIER_CONFIG": "/absent/pannier.toml"})

    assert message == "PANNIER_CONFIG: cannot read /absent/pannier.toml: No such file or directory"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "pannier.toml"
    path.write_bytes(b"store = '\xff'")

    message = refusal({"config": str(path)})

    assert message == f"--config: {path} is not UTF-8 text, as TOML has to be"


def test_a_line_break_in_a_value_does_not_break_the_line() -> None:
    refusal({"store": "dynamo\ndb"})
