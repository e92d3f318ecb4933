"""The image holds what a sidecar needs, and nothing that its user could change."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.image.builds import Image
from tests.image.containers import Container
from tests.project.checkout import DISTRIBUTIONS, ROOT, project_table

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

OURS = "opt/pannier"
MEBIBYTE = 1024**2


def files_in(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what is in a folder, by its path from there, without following links."""
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder, name)
            yield path.relative_to(root), path.lstat()


def site_packages(image: Image) -> Path:
    (packages,) = (image.root / OURS).glob("lib/*/site-packages")
    return packages


def test_its_size_is_known_by_its_parts(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    sizes: Counter[str] = Counter()
    for path, found in files_in(image.root):
        if stat.S_ISREG(found.st_mode):
            sizes["ours" if path.is_relative_to(OURS) else "base"] += found.st_size
    packages: Counter[str] = Counter()
    for path, found in files_in(site_packages(image)):
        packages[path.parts[0]] += found.st_size
    largest = ", ".join(f"{name} {size / MEBIBYTE:.1f}" for name, size in packages.most_common(8))
    with capsys.disabled():
        print(
            f"\nimage: built in {image.seconds:.0f} s; {sizes['ours'] / MEBIBYTE:.0f} MiB on a "
            f"base of {sizes['base'] / MEBIBYTE:.0f} MiB (of which, in MiB: {largest})"
        )
    assert sizes["ours"] < 80 * MEBIBYTE


def test_it_has_the_locked_packages_and_no_others(image: Image) -> None:
    locks = [(ROOT / "requirements" / f"{name}.txt").read_text() for name in ("runtime", "otel")]
    locked = re.findall(r"^([\w.-]+)==(\S+)", "\n".join(locks), re.MULTILINE)
    own = [
        (table["name"], table["version"]) for table in map(project_table, DISTRIBUTIONS.values())
    ]
    found = {
        re.fullmatch(r"(.+)-([^-]+)\.dist-info", folder.name).groups()  # type: ignore[union-attr]
        for folder in site_packages(image).glob("*.dist-info")
    }

    def normal(name: str, version: str) -> tuple[str, str]:
        return re.sub(r"[-_.]+", "-", name).lower(), version

    assert {normal(*each) for each in found} == {normal(*each) for each in [*locked, *own]}


def test_nothing_in_it_installs_packages(container: Container) -> None:
    names = ["pip", "setuptools", "ensurepip"]
    code = f"from importlib.util import find_spec; print(*map(find_spec, {names}))"
    for python in ("/opt/pannier/bin/python", "/usr/local/bin/python"):
        assert container.execute(python, "-c", code).stdout == "None None None\n"


def test_it_can_talk_to_all_services_that_credentials_may_need(container: Container) -> None:
    services = ["dynamodb", "signin", "sso", "sso-oidc", "sts"]
    clients = f"[boto3.client(name, region_name='eu-west-1') for name in {services}]"
    made = container.execute("python", "-c", f"import boto3; {clients}")
    assert (made.returncode, made.stderr) == (0, "")


def test_it_starts_without_compiling_anything(image: Image) -> None:
    for module in site_packages(image).glob("pannier*/**/*.py"):
        compiled = module.parent / "__pycache__"
        assert list(compiled.glob(f"{module.stem}.cpython-*.pyc")), module


def test_its_user_owns_the_volumes_and_can_change_nothing_else(image: Image) -> None:
    user, group = image.user
    volumes = {path.lstrip("/") for path in image.config["Volumes"]}
    owned, writable = set(), set()
    for path, found in files_in(image.root):
        if found.st_uid == user or found.st_gid == group:
            owned.add(str(path))
        is_sticky = found.st_mode & stat.S_ISVTX
        if found.st_mode & stat.S_IWOTH and not (stat.S_ISLNK(found.st_mode) or is_sticky):
            writable.add(str(path))
    assert owned == volumes == {"data", "run/pannier"}
    assert writable == set()
    for volume in volumes:
        assert stat.S_IMODE((image.root / volume).stat().st_mode) == 0o750


def test_it_has_no_sources_tests_tools_or_settings_of_the_build(image: Image) -> None:
    assert not (image.root / "src").exists()
    assert not (image.root / "opt" / "build").exists()
    assert not (image.root / "opt" / "wheels").exists()
    assert [folder.name for folder in (image.root / "opt").iterdir()] == ["pannier"]
    assert (image.root / "etc" / "pip.conf").read_text() == ""
    assert list((image.root / "root").rglob("*.conf")) == []
    ours = [path for path, _ in files_in(image.root / OURS)]
    assert [path for path in ours if path.suffix in {".jar", ".key", ".pem", ".env"}] == [
        path for path in ours if path.name in {"roots.pem", "cacert.pem"}
    ]
    assert (image.root / OURS / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_its_variables_are_settings_and_no_secrets(image: Image) -> None:
    assert sorted(name for name in image.environment if not name.startswith("PANNIER_")) == [
        "PATH",
        "PYTHONDONTWRITEBYTECODE",
    ]


def test_its_labels_say_what_it_is_and_what_it_was_made_of(image: Image) -> None:
    labels = {
        name.removeprefix("org.opencontainers.image."): value
        for name, value in image.config["Labels"].items()
    }
    assert labels["version"] == project_table(DISTRIBUTIONS["pannier_server"])["version"]
    assert labels["licenses"] == project_table(DISTRIBUTIONS["pannier_server"])["license"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])
    assert re.fullmatch(r"[0-9a-f]{40}", labels.get("revision", "0" * 40))
    assert {"title", "description", "source"} <= labels.keys()
