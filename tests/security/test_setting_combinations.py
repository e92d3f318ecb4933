"""Which settings of security need one another, and which are refused together."""

from pathlib import Path
from typing import Any

import pytest

from pannier_server.config import SettingsError, load_settings

TLS = {"tls_cert": "c.pem", "tls_key": "k.pem"}


def refusal(**flags: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(flags, {})
    return str(caught.value)


def test_an_auth_file_counts_as_authentication_of_other_machines() -> None:
    assert load_settings({"listen": ["10.0.0.1:1"], "auth": "auth.toml", **TLS}, {}).auth


def test_tokens_do_not_cross_the_network_without_tls() -> None:
    message = refusal(listen=["10.0.0.1:1"], auth="auth.toml")

    assert "10.0.0.1:1 may be reached by other machines, which needs TLS (--tls-cert" in message


def test_tokens_may_be_sent_over_loopback_without_tls() -> None:
    assert load_settings({"listen": ["127.0.0.1:1"], "auth": "auth.toml"}, {}).auth


def test_tls_alone_does_not_let_other_machines_in() -> None:
    assert "needs authentication of clients (--auth or --tls-client-ca)" in refusal(
        listen=["10.0.0.1:1"], **TLS
    )


def test_grpcio_does_not_know_who_connects() -> None:
    message = refusal(listen=["unix:/run/p.sock"], socket_user=["1"], transport="grpcio")

    assert message == (
        "--socket-user: the grpcio transport does not tell which user connects; choose "
        "--transport h2, or say who may connect with --socket-mode and --socket-group"
    )


def test_users_need_a_unix_socket() -> None:
    assert refusal(listen=["127.0.0.1:1"], socket_user=["1"]).startswith(
        "--socket-user: users are known of Unix sockets only; add --listen unix:PATH"
    )


def test_an_empty_user_is_none() -> None:
    assert refusal(socket_user=[""]).startswith("--socket-user: it is empty; write a user's name")


def test_users_may_be_numbers_and_names(tmp_path: Path) -> None:
    file = tmp_path / "pannier.toml"
    file.write_text('socket_user = ["billing", 1002]')

    assert load_settings({"config": str(file)}, {}).socket_user == ("billing", 1002)
    assert load_settings({}, {"PANNIER_SOCKET_USER": "0,x"}).socket_user == (0, "x")


def test_a_callers_token_is_no_mistyped_setting() -> None:
    assert load_settings({}, {"PANNIER_TOKEN": "t"}) == load_settings({}, {})
