"""What the Dockerfile says about the image, and what a deployment makes of it."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from pannier_server.cli.entry import build_parser
from pannier_server.config import Settings, UnixAddress, load_settings
from tests.engines.cache import CHECKOUT

_DOCKERFILE = re.sub(r"\\\n", " ", (CHECKOUT / "Dockerfile").read_text())
_FINAL_STAGE = _DOCKERFILE[_DOCKERFILE.rindex("\nFROM ") :]


def _instruction(keyword: str) -> str:
    (found,) = re.findall(rf"^{keyword} (.*)$", _FINAL_STAGE, re.MULTILINE)
    return str(found)


VARIABLES = dict(pair.split("=", 1) for pair in shlex.split(_instruction("ENV")))
USER, GROUP = map(int, _instruction("USER").split(":"))
VOLUMES: list[str] = json.loads(_instruction("VOLUME"))


def settings_of(environment: Mapping[str, str], arguments: Sequence[str] = ()) -> Settings:
    """Return the settings that the image's sidecar takes from what a deployment gives it."""
    parsed = build_parser().parse_args(list(arguments) or ["serve"])
    return load_settings(vars(parsed), {**VARIABLES, **environment})


def check_health_command(command: Sequence[str]) -> None:
    """See that a probe is a command line that there is, and no shell."""
    program, *arguments = command
    assert (program, arguments[0]) == ("pannier", "health")
    build_parser().parse_args(arguments)


def check_shared_socket(settings: Settings, address: str, mount: str) -> None:
    """See that an application in the socket's group finds it, on a volume of the image."""
    (listen,) = settings.listen
    assert str(listen) == address
    assert isinstance(listen, UnixAddress)
    assert str(Path(listen.path).parent) == mount
    assert mount in VOLUMES
    assert settings.socket_mode == 0o660
