"""`--help` tells everything there is to know, and fits into a terminal."""

import re

import pytest

from pannier_server import __version__
from pannier_server.cli.exit_codes import EXPLAINED, ExitCode
from pannier_server.config import Settings
from pannier_server.config.options import flag_name
from pannier_server.config.settings import OPTIONS
from tests.cli.conftest import Pannier

COMMANDS = [
    *("serve", "lambda", "table", "get", "put", "ls", "rm", "cleanup", "export", "import"),
    *("health", "token", "doctor"),
]
TALKING = ["get", "put", "ls", "rm", "cleanup"]


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_the_version_is_the_distributions(pannier: Pannier) -> None:
    assert pannier("--version").text == f"pannier {__version__}\n"


def test_help_names_every_command(pannier: Pannier) -> None:
    shown = pannier("--help")

    assert shown.code == ExitCode.OK
    for command in COMMANDS:
        assert re.search(rf"^    {command} +[A-Z]", shown.text, re.MULTILINE)


@pytest.mark.parametrize("arguments", [(), ("table",), ("token",)])
def test_without_a_command_help_is_printed(pannier: Pannier, arguments: tuple[str, ...]) -> None:
    shown = pannier(*arguments)

    assert shown.code == ExitCode.USAGE
    assert shown.data == pannier(*arguments, "--help").data


@pytest.mark.parametrize("command", [*COMMANDS, "table create", "table check", "token new"])
def test_every_command_explains_itself_with_examples(pannier: Pannier, command: str) -> None:
    shown = pannier(*command.split(), "--help")

    assert shown.code == ExitCode.OK
    assert "examples:\n  pannier" in shown.text
    assert "exit code" in shown.text
    assert max(map(len, shown.text.splitlines())) <= 100


@pytest.mark.parametrize("command", TALKING)
def test_commands_that_scripts_use_list_their_exit_codes(pannier: Pannier, command: str) -> None:
    assert EXPLAINED in pannier(command, "--help").text


@pytest.mark.parametrize("code", [code for code in ExitCode if code < 100])
def test_every_exit_code_is_explained(code: ExitCode) -> None:
    assert re.search(rf"^  {code.value}  \w", EXPLAINED, re.MULTILINE)


@pytest.mark.parametrize("name", OPTIONS)
def test_every_setting_is_a_flag_with_its_default(pannier: Pannier, name: str) -> None:
    option = OPTIONS[name]
    default = getattr(Settings(), name)
    is_list = option.repeatable and default
    shown = " and ".join(map(str, default)) if is_list else option.show(default)

    text = words(pannier("serve", "--help").text)

    assert f" {flag_name(name)}" in text
    assert words(f"{option.help} (default: {shown})") in text


def test_serve_explains_where_else_settings_can_stand(pannier: Pannier) -> None:
    text = pannier("serve", "--help").text

    assert "PANNIER_MAX_DATA_BYTES" in text
    assert "PANNIER_CONFIG" in text
    assert "--config FILE" in text
