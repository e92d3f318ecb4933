"""What docs/security.md shows can be used as it stands."""

import re
from argparse import ArgumentParser
from pathlib import Path

from pannier_server.cli.credentials import add_credential_arguments
from pannier_server.config.options import flag_name, variable_name
from pannier_server.config.settings import OPTIONS
from pannier_server.security.auth_text import parse_auth_text
from pannier_server.security.tokens import new_token, token_digest

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text()


def test_its_auth_file_is_one() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    filled = re.sub(r"<[^>]*>", lambda _: token_digest(new_token()).hex(), example)

    billing, cleanup = parse_auth_text(filled)

    assert billing.tokens
    assert billing.names
    assert billing.users == {1000}
    assert billing.identity.may_write("tenant-1")
    assert not billing.identity.may_clean_up("billing")
    assert cleanup.identity.may_clean_up(None)
    assert not cleanup.identity.may_read("billing")


def test_its_flags_and_variables_are_those_that_there_are() -> None:
    calling = ArgumentParser()
    add_credential_arguments(calling.add_argument_group())
    flags = {*map(flag_name, OPTIONS), *calling._option_string_actions}
    commands = {"--address", "--dry-run", "--name", "--owner", "--prefix"}

    assert set(re.findall(r"(?<!\S)`?(--[a-z][a-z-]+)", PAGE)) <= flags | commands
    assert set(re.findall(r"PANNIER_\w+", PAGE)) <= {*map(variable_name, OPTIONS), "PANNIER_TOKEN"}
