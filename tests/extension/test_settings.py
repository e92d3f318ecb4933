"""The settings that fit a sandbox of Lambda, and those that cannot work in one."""

import pytest

from pannier_server.config import SettingsError, TcpAddress, UnixAddress
from pannier_server.config.settings import default_listen
from pannier_server.extension.settings import LONGEST_GRACE, extension_settings

TABLE = {"PANNIER_STORE": "dynamodb://tasks"}


def test_clients_find_it_without_being_told() -> None:
    settings = extension_settings(TABLE)
    assert settings.listen == default_listen()
    assert {type(address) for address in settings.listen} == {UnixAddress, TcpAddress}


def test_calls_have_time_to_finish_but_no_more_than_lambda_leaves() -> None:
    assert extension_settings(TABLE).grace < LONGEST_GRACE
    assert extension_settings(TABLE | {"PANNIER_GRACE": "900ms"}).grace == 0.9


def test_the_table_is_not_asked_again_and_again() -> None:
    assert extension_settings(TABLE).health_interval == 3600
    assert extension_settings(TABLE | {"PANNIER_HEALTH_INTERVAL": "1m"}).health_interval == 60


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, "PANNIER_STORE: it is not set"),
        (TABLE | {"PANNIER_WORKERS": "2"}, "PANNIER_WORKERS"),
        (
            TABLE | {"PANNIER_TRANSPORT": "grpcio", "PANNIER_LISTEN": "127.0.0.1:1"},
            "PANNIER_TRANSPORT",
        ),
        (TABLE | {"PANNIER_GRACE": "2s"}, "PANNIER_GRACE"),
        (TABLE | {"PANNIER_MAX_CALLS": "none"}, "PANNIER_MAX_CALLS"),
    ],
)
def test_what_cannot_work_is_said(variables: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        extension_settings(variables)
