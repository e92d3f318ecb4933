"""The wheels are complete: they install and run outside the checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table
from tests.project.installation import Installation

pytestmark = pytest.mark.slow


def _pip(*arguments: str | Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *arguments], check=True)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each distribution's wheel, by the name of its package."""
    folder = tmp_path_factory.mktemp("wheels")
    options = ("--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    _pip("wheel", *options, *DISTRIBUTIONS.values())
    return {path.name.partition("-")[0]: path for path in folder.iterdir()}


@pytest.fixture(scope="module")
def installation(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An environment with the wheels and the locked run-time packages, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    install = ("--python", folder / "bin" / "python", "install")
    _pip(*install, "--require-hashes", "-r", ROOT / "requirements" / "runtime.txt")
    _pip(*install, "--no-index", "--no-deps", *wheels.values())
    return Installation(folder)


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
    _pip("--python", installation.python, "check")


def test_it_runs_outside_the_checkout(installation: Installation) -> None:
    version = project_table(ROOT / "server")["version"]
    assert installation.run("pannier", "--version").split()[-1] == version
    places = "import pannier, pannier_server; print(pannier.__path__, pannier_server.__path__)"
    assert str(ROOT) not in installation.run("python", "-c", places)


def test_it_serves(installation: Installation, tmp_path: Path) -> None:
    socket = f"unix:{tmp_path}/pannier.sock"
    store = f"sqlite://{tmp_path}/pannier.db"
    with installation.serving({"PANNIER_STORE": store, "PANNIER_LISTEN": socket}):
        put = ("put", "demo:hello", "--data", "world")
        installation.run("pannier", *put, PANNIER_ADDRESS=socket)
        assert installation.run("pannier", "get", "demo:hello", PANNIER_ADDRESS=socket) == "world"
