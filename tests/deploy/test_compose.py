"""deploy/compose: the Compose Specification's own tool takes it, and it fits the image."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pannier_server.backends.dynamodb.layout import parse_dynamodb_url
from pannier_server.backends.store_url import parse_store_url
from pannier_server.cli.entry import build_parser
from pannier_server.config.load import find_store
from pannier_server.units import parse_duration
from tests.deploy.checkers import DEPLOY
from tests.deploy.images import GROUP, USER, check_health_command, check_shared_socket, settings_of
from tests.transport.peers import peer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FILE = DEPLOY / "compose" / "compose.yaml"


def compose_spec(file: Path) -> subprocess.CompletedProcess[str]:
    command = [str(peer("compose-spec")), "--format", "json", "--no-path-resolution", file.name]
    return subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Each service, all short forms written out."""
    result = compose_spec(FILE)
    assert result.returncode == 0, result.stderr
    services: dict[str, Any] = json.loads(result.stdout)["services"]
    return services


def test_the_reference_tool_finds_mistakes(tmp_path: Path) -> None:
    for right, wrong in [
        ("  socket:\n", ""),
        ("read_only:", "readonly:"),
        ("condition: service_healthy", "condition: healthy"),
    ]:
        text = FILE.read_text()
        assert right in text
        before, found, after = text.rpartition(right)
        (tmp_path / FILE.name).write_text(before + found.replace(right, wrong) + after)
        assert compose_spec(tmp_path / FILE.name).returncode != 0, wrong


def test_the_sidecar_takes_its_settings(services: dict[str, Any]) -> None:
    sidecar, application = services["pannier"], services["app"]
    settings = settings_of(sidecar["environment"])

    assert parse_duration(str(sidecar["stop_grace_period"])) > settings.grace
    check_health_command(sidecar["healthcheck"]["test"][1:])
    (mount,) = (volume["target"] for volume in sidecar["volumes"])
    check_shared_socket(settings, application["environment"]["PANNIER_ADDRESS"], mount)
    location = parse_dynamodb_url(parse_store_url(settings.store))
    assert location.endpoint == "http://dynamodb:8000"


def test_the_table_is_made_where_the_sidecar_looks_for_it(services: dict[str, Any]) -> None:
    table = services["table"]
    parsed = build_parser().parse_args(table["command"])
    store, _ = find_store(vars(parsed), table["environment"]) or ("", "")
    assert store == settings_of(services["pannier"]["environment"]).store


def test_the_application_shares_the_socket_and_nothing_else(services: dict[str, Any]) -> None:
    sidecar, application = services["pannier"], services["app"]
    user, group = map(int, application["user"].split(":"))
    assert user != USER
    assert group == GROUP
    (shared,) = sidecar["volumes"]
    assert shared in application["volumes"]
    assert application["depends_on"]["pannier"]["condition"] == "service_healthy"


def test_what_is_ours_can_write_nowhere_and_has_no_rights(services: dict[str, Any]) -> None:
    for name in ("app", "pannier", "table"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in service
