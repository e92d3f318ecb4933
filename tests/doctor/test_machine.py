"""What the process gets from its machine."""

import resource
import sys
from pathlib import Path

import pytest

from pannier_server.doctor import Status, machine
from tests.doctor.conftest import Diagnose


async def test_python_and_its_packages_are_told(diagnose: Diagnose) -> None:
    found = (await diagnose())["machine.python"]

    assert found.status is Status.OK
    assert found.summary.startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")


async def test_a_package_that_cannot_be_imported_is_named(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "httptools", None)

    found = (await diagnose())["machine.python"]

    assert found.status is Status.FAILED
    assert "cannot import httptools" in found.summary
    assert found.fix.startswith("install pannier-server again")


async def test_few_open_files_are_a_warning(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1024))

    found = (await diagnose())["machine.open_files"]

    assert found.status is Status.WARNING
    assert found.facts == {"soft": 256, "hard": 1024}
    assert "LimitNOFILE" in found.fix


async def test_unlimited_open_files_are_fine(
    diagnose: Diagnose, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))

    found = (await diagnose())["machine.open_files"]

    assert (found.status, found.facts["hard"]) == (Status.OK, None)


@pytest.mark.parametrize(
    ("limit", "workers", "status"),
    [
        ("100000 100000", "2", Status.WARNING),
        ("50000 100000", "1", Status.OK),
        ("max 100000", "1", Status.OK),
    ],
)
async def test_workers_are_compared_with_the_cores_that_a_container_has(
    diagnose: Diagnose,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    limit: str,
    workers: str,
    status: Status,
) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(f"{limit}\n")
    monkeypatch.setattr(machine, "_CPU_LIMIT", file)

    found = (await diagnose("sqlite:", workers=workers))["machine.workers"]

    assert found.status is status
    if status is Status.WARNING:
        assert found.fix.startswith("set --workers to 1")
