"""Where grpcio is missing, as in the self-contained program, what needs it says so."""

import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Pannier

WHERE = "the package pannier-server"


@pytest.fixture(autouse=True)
def _without_grpcio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "grpc", None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "o:n"),
        ("put", "o:n", "--data=1"),
        ("ls", "o:"),
        ("rm", "o:n"),
        ("cleanup", "o:"),
    ],
)
def test_commands_that_talk_to_a_sidecar_say_where_to_have_them(
    pannier: Pannier, arguments: tuple[str, ...]
) -> None:
    ended = pannier(*arguments)

    assert ended.code == 2
    assert ended.error.startswith("pannier: this program has no grpcio")
    assert WHERE in ended.error


def test_its_transport_is_refused_wherever_it_was_chosen(
    pannier: Pannier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pannier.toml").write_text('transport = "grpcio"\n')
    (tmp_path / "pannier.toml").chmod(0o600)
    serve = ("serve", "--store=memory:")
    by_flag = pannier(*serve, "--transport=grpcio")
    by_file = pannier(*serve, f"--config={tmp_path}/pannier.toml")
    monkeypatch.setenv("PANNIER_TRANSPORT", "grpcio")
    by_variable = pannier(*serve)

    for refused in (by_flag, by_file, by_variable):
        assert refused.code == 2
        assert "choose --transport h2" in refused.error
        assert WHERE in refused.error
    assert "PANNIER_TRANSPORT" in by_variable.error
    assert "pannier.toml" in by_file.error


def test_health_and_the_doctor_work_all_the_same(pannier: Pannier, tmp_path: Path) -> None:
    health = pannier("health")
    examined = pannier("doctor", "--store=memory:", f"--listen=unix:{tmp_path}/p.sock", "--json")

    assert (health.code, health.text) == (0, "SERVING\n")
    assert examined.code == 0
    found = {check["id"]: check for check in examined.json["checks"]}
    assert found["sidecar.health"]["status"] == "ok"
    assert found["sidecar.health"]["facts"]["transport"] == "h2"
    assert found["machine.python"]["status"] == "ok"


def test_the_doctor_finds_a_transport_that_is_not_there(pannier: Pannier) -> None:
    examined = pannier("doctor", "--store=memory:", "--transport=grpcio", "--json")

    assert examined.code == 1
    (values,) = [check for check in examined.json["checks"] if check["id"] == "settings.values"]
    assert values["status"] == "failed"
    assert "choose --transport h2" in f"{values['summary']} {values['fix']}"
