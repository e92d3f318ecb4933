"""`make` explains itself, and says what is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.checkout import ROOT

FIND_PYTHON = ROOT / "tools" / "find_python.sh"


def test_make_lists_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text()
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    commands = re.findall(r"^\.PHONY: ([a-z-]+)$", makefile, re.MULTILINE)
    assert re.findall(r"^  make ([a-z-]+) +[A-Z]", listed, re.MULTILINE) == commands


def _python(folder: Path, name: str, *, version: tuple[int, int], venv: bool = True) -> None:
    """Put a stand-in for an interpreter into ``folder``."""
    answers = f"*version_info*) exit {int(version < (3, 11))};; *) exit {int(not venv)};;"
    (folder / name).write_text(f'#!/bin/sh\ncase "$2" in {answers} esac\n')
    (folder / name).chmod(0o755)


def _find(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", FIND_PYTHON],
        env={"PATH": os.fspath(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    _python(tmp_path, "python3", version=(3, 10))
    _python(tmp_path, "python3.12", version=(3, 12))
    assert _find(tmp_path).stdout == "python3.12\n"


def test_an_interpreter_without_venv_is_passed_over(tmp_path: Path) -> None:
    _python(tmp_path, "python3.13", version=(3, 13), venv=False)
    _python(tmp_path, "python3", version=(3, 11))
    assert _find(tmp_path).stdout == "python3\n"


def test_a_person_can_name_the_interpreter(tmp_path: Path) -> None:
    (tmp_path / "with a space").mkdir()
    _python(tmp_path / "with a space", "python3", version=(3, 11))
    chosen = f"{tmp_path}/with a space/python3"
    assert _find(tmp_path, PYTHON=chosen).stdout == f"{chosen}\n"


@pytest.mark.parametrize(
    ("version", "venv", "advice"),
    [
        ((3, 10), True, "Python 3.11 or newer is needed"),
        ((3, 11), False, "apt install python3-venv"),
    ],
)
def test_without_a_usable_interpreter_it_says_what_to_install(
    tmp_path: Path, version: tuple[int, int], venv: bool, advice: str
) -> None:
    _python(tmp_path, "python3", version=version, venv=venv)
    found = _find(tmp_path)
    assert found.returncode == 1
    assert found.stdout == ""
    assert advice in found.stderr


def test_this_interpreter_is_a_usable_one() -> None:
    assert _find(Path("/nowhere"), PYTHON=sys.executable).stdout == f"{sys.executable}\n"


class _Checkout:
    """A copy of the Makefile whose set-up only writes down what it would install."""

    def __init__(self, folder: Path) -> None:
        shutil.copy(ROOT / "Makefile", folder)
        shutil.copytree(ROOT / "requirements", folder / "requirements")
        for path in ("client/python/pyproject.toml", "server/pyproject.toml"):
            (folder / path).parent.mkdir(parents=True)
            shutil.copy(ROOT / path, folder / path)
        self.folder = folder
        self._put("tools/setup_venv.sh", 'echo run time >>done; echo "$PWD" >.venv/.runtime')
        self._put(".venv/bin/pannier", 'echo "pannier $*" >>done')
        self._put(".venv/bin/python", 'echo "$*" | sed "s/.*require-hashes //" >>done')

    def make(self, *arguments: str) -> list[str]:
        """Return what was done."""
        done = self.folder / "done"
        done.unlink(missing_ok=True)
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        subprocess.run(
            ["make", *arguments], cwd=self.folder, env=environment, check=True, capture_output=True
        )
        return done.read_text().splitlines()

    def _put(self, name: str, commands: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{commands}\n")
        path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> _Checkout:
    (tmp_path / "checkout").mkdir()
    return _Checkout(tmp_path / "checkout")


def test_who_only_serves_gets_no_packages_of_developers(checkout: _Checkout) -> None:
    assert checkout.make("serve", "ARGS=--workers 2") == ["run time", "pannier serve --workers 2"]
    assert checkout.make("dynamodb") == ["-m tests.engines"]


def test_what_tests_need_is_added_once(checkout: _Checkout) -> None:
    checkout.make("serve")
    assert checkout.make("test") == ["-r requirements/dev.txt", "-m tests"]
    assert checkout.make("test") == ["-m tests"]
    assert checkout.make("serve") == ["pannier serve"]


def test_a_changed_lock_file_is_installed(checkout: _Checkout) -> None:
    checkout.make("test")
    for changed, done in [
        ("dev.txt", ["-r requirements/dev.txt"]),
        ("runtime.txt", ["run time", "-r requirements/dev.txt"]),
    ]:
        os.utime(checkout.folder / "requirements" / changed)
        assert checkout.make("test") == [*done, "-m tests"]


def test_a_checkout_that_was_moved_is_set_up_again(checkout: _Checkout) -> None:
    checkout.make("test")
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("elsewhere"))
    assert checkout.make("test") == ["run time", "-r requirements/dev.txt", "-m tests"]
    assert checkout.make("test") == ["-m tests"]
