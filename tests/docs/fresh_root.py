"""A Debian on which nobody has worked yet, in a folder: what a newcomer's machine has.

Package managers work there as they do on this machine: with its settings, and the files that
those name.
"""

import hashlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.docs.pages import ROOT
from tests.engines.cache import installed

RELEASE = "trixie"
# What the quick start asks for, and what Debian's own installer would have put there.
PACKAGES = ("make", "python3-venv", "default-jre-headless", "nodejs", "npm", "ca-certificates")

_SCRIPT = ROOT / "tools" / "debian_root.sh"
_USER = 1000
_HOME = Path("home/reader")
_CHECKOUT = _HOME / "pannier"

# Where package managers look for their settings, and which variables they read.
_SETTINGS = ("etc/pip.conf", "etc/npmrc", "etc/ssl/certs/ca-certificates.crt", "etc/resolv.conf")
_USERS_SETTINGS = (".npmrc", ".config/pip/pip.conf")
_VARIABLES = ("PIP_", "NPM_CONFIG_", "npm_config_", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
_PROXIES = {"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

_MOUNT = 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec chroot "$@"'


class FreshRoot:
    """A copy of the fresh system, with this checkout and a user who has nothing else."""

    def __init__(self, folder: Path) -> None:
        """Make it in a folder that is not there yet."""
        self._root = folder
        self._numbers = itertools.count()
        subprocess.run(["cp", "-a", _prepared() / "root", folder], check=True)
        self._variables = self._take_settings()
        self._copy_checkout()
        for path in [folder / _HOME, *(folder / _HOME).rglob("*")]:
            os.chown(path, _USER, _USER, follow_symlinks=False)

    @property
    def shell(self) -> Sequence[str]:
        """A login of that user. What is mounted for it is gone with it."""
        environment = {
            "HOME": f"/{_HOME}",
            "LANG": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            **self._variables,
        }
        pairs = [f"{name}={text}" for name, text in environment.items()]
        return [
            *("unshare", "--mount", "sh", "-c", _MOUNT, str(self._root)),
            *(f"--userspec={_USER}:{_USER}", str(self._root)),
            *("env", "-i", "-C", f"/{_CHECKOUT}", *pairs),
        ]

    def shell_for(self, command: str) -> Sequence[str]:
        """Return the same: nothing else listens here."""
        del command
        return self.shell

    def adapt(self, text: str) -> str:
        """Return the text as it is."""
        return text

    def save(self, text: str) -> str:
        """Keep a text where that user can read it."""
        path = Path("tmp", f"saved-{next(self._numbers)}")
        (self._root / path).write_text(text)
        (self._root / path).chmod(0o644)
        return f"/{path}"

    def _take_settings(self) -> Mapping[str, str]:
        """Copy the settings of package managers, and return the variables that they read."""
        home = Path.home()
        for name in _SETTINGS:
            self._copy(Path("/", name), Path(name))
        for name in _USERS_SETTINGS:
            self._copy(home / name, _HOME / name)
        taken: dict[str, str] = {}
        for name, text in os.environ.items():
            if name in _PROXIES or name.startswith(_VARIABLES):
                path = Path(text)
                if path.is_absolute() and not path.is_file():
                    continue
                if path.is_absolute():
                    self._copy(path, path.relative_to("/"))
                taken[name] = text
        return taken

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_file():
            (self._root / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, self._root / target)

    def _copy_checkout(self) -> None:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                target = self._root / _CHECKOUT / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)


def _prepared() -> Path:
    """Return the folder that holds the fresh system, made once."""
    what = [_SCRIPT.read_text(), RELEASE, *PACKAGES]
    digest = hashlib.sha256("\n".join(what).encode()).hexdigest()[:12]
    return installed(f"{RELEASE}-{digest}", _make, ROOT / ".cache" / "roots")


def _make(folder: Path) -> None:
    subprocess.run([_SCRIPT, RELEASE, folder / "root", *PACKAGES], check=True)
