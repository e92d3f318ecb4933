"""What the process gets from its machine: Python, packages, open files, cores."""

import importlib
import os
import platform
import resource
from pathlib import Path

from pannier_server import __version__
from pannier_server.config.options import flag_name
from pannier_server.doctor.check import Area, Check, Outcome, failed, in_thread, ok, warning
from pannier_server.doctor.found import FoundSettings
from pannier_server.installed import has_grpcio

# Parts in C that a wrong build, another architecture or another C library breaks.
_NATIVE = ("uvloop", "httptools", "msgspec", "google.protobuf")

_FEW_FILES = 4096

_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def area(found: FoundSettings) -> Area:
    """Return the checks of this machine."""
    return Area(
        "Machine",
        [
            Check("machine.python", "Python", in_thread(_python), limit=20),
            Check("machine.open_files", "open files", in_thread(_open_files)),
            Check(
                "machine.workers",
                "workers",
                in_thread(lambda: _workers(found.settings.workers)),
                needs=("settings.values",),
            ),
        ],
    )


def _python() -> Outcome:
    version = platform.python_version()
    facts = {
        "version": version,
        "pannier_server": __version__,
        "system": f"{platform.system()} {platform.machine()}",
    }
    # The self-contained program has no grpcio; settings that need it are refused there.
    for name in (*_NATIVE, *(["grpc"] if has_grpcio() else [])):
        try:
            importlib.import_module(name)
        except ImportError as error:
            return failed(
                f"Python {version} cannot import {name} ({error})",
                "install pannier-server again, with this very Python and for this machine",
                **facts,
            )
    return ok(f"{version} on {facts['system']}, pannier-server {__version__}", **facts)


def _open_files() -> Outcome:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    facts = {"soft": soft, "hard": None if unlimited else hard}
    if not unlimited and hard < _FEW_FILES:
        return warning(
            f"the process may have {hard} open files at most, and each connection takes one",
            "raise the hard limit: LimitNOFILE=65536 in a systemd unit, ulimits in a container's "
            "or task's definition, or ulimit -Hn",
            **facts,
        )
    shown = "any number" if unlimited else f"{hard}"
    return ok(f"{shown} at most; the sidecar takes what the hard limit allows", **facts)


def _workers(workers: int) -> Outcome:
    cores = _cores()
    facts = {"workers": workers, "cores": cores}
    if workers > max(cores, 1):
        return warning(
            f"{workers} workers take turns on {cores:g} cores",
            f"set {flag_name('workers')} to {max(int(cores), 1)}, or give the process more cores",
            **facts,
        )
    return ok(f"{workers} on {cores:g} cores", **facts)


def _cores() -> float:
    """Return how many cores the process may use, with a container's limit."""
    if hasattr(os, "sched_getaffinity"):
        cores = float(len(os.sched_getaffinity(0)))
    else:
        cores = float(os.cpu_count() or 1)
    try:
        quota, period = _CPU_LIMIT.read_text().split()
        return min(cores, int(quota) / int(period))
    except (OSError, ValueError):
        # No cgroup v2, or no limit ("max").
        return cores
