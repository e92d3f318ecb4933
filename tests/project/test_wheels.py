"""The wheels are complete: they install and run outside the checkout."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table
from tests.project.installation import Installation

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each distribution's wheel, by the name of its package."""
    folder = tmp_path_factory.mktemp("wheels")
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder]
    subprocess.run([*PIP, "wheel", *options, *DISTRIBUTIONS.values()], check=True)
    return {path.name.partition("-")[0]: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def installation(
    wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """An environment with the wheels and the locked run-time packages, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install = [*PIP, "--python", folder / "bin" / "python", "install", "--quiet"]
    locked = ["--require-hashes", "-r", ROOT / "requirements" / "runtime.txt"]
    subprocess.run([*install, *locked], check=True)
    subprocess.run([*install, "--no-index", "--no-deps", *wheels.values()], check=True)
    yield Installation(folder)


def _files(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_clients_wheel_has_the_generated_code_and_its_types(wheels: dict[str, Path]) -> None:
    wanted = {"pannier/py.typed", "pannier/v1/storage_pb2.py", "pannier/v1/storage_pb2.pyi"}
    assert wanted <= _files(wheels["pannier"])


def test_the_servers_wheel_has_the_contract_suite(wheels: dict[str, Path]) -> None:
    files = _files(wheels["pannier_server"])
    assert "pannier_server/py.typed" in files
    assert any(name.startswith("pannier_server/testing/contract/") for name in files)


@pytest.mark.parametrize("package", DISTRIBUTIONS)
def test_a_wheel_holds_its_package_and_nothing_else(package: str, wheels: dict[str, Path]) -> None:
    folders = {name.partition("/")[0] for name in _files(wheels[package])}
    version = project_table(DISTRIBUTIONS[package])["version"]
    assert folders == {package, f"{package}-{version}.dist-info"}


def test_what_is_installed_fits_together(installation: Installation) -> None:
    subprocess.run([*PIP, "--python", installation.python, "check"], check=True)


def test_it_runs_outside_the_checkout(installation: Installation) -> None:
    version = project_table(ROOT / "server")["version"]
    assert installation.run("pannier", "--version").split()[-1] == version
    places = "import pannier, pannier_server; print(pannier.__path__, pannier_server.__path__)"
    assert str(ROOT) not in installation.run("python", "-c", places)


def test_it_serves(installation: Installation, tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/pannier.sock"
    settings = {"PANNIER_STORE": f"sqlite://{tmp_path}/pannier.db", "PANNIER_LISTEN": socket}
    with installation.serving({**settings, "PANNIER_ADDRESS": socket}):
        installation.run("pannier", "put", "demo:hello", "world", PANNIER_ADDRESS=socket)
        assert installation.run("pannier", "get", "demo:hello", PANNIER_ADDRESS=socket) == "world"
