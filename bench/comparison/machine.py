"""What a run was made on: nothing that names the machine, all that explains its figures."""

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

from bench.ghz_runs import CHECKOUT
from tests.engines import npm_package

PACKAGES = ("uvloop", "grpcio", "protobuf", "boto3")
MODULES = {
    "grpc-go": ("tools/peers/go.mod", "google.golang.org/grpc"),
    "ghz": ("tools/go/go.mod", "github.com/bojand/ghz"),
}


def describe() -> str:
    """Return the processor, the system, and the versions of everything that was compared."""
    kernel = ".".join(platform.release().split(".")[:2])
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    modules = [f"{name} {_module_version(*place)}" for name, place in MODULES.items()]
    runtime = f"{platform.python_implementation()} {platform.python_version()}"
    things = (runtime, *packages, *modules, npm_package.NAME)
    return f"{os.cpu_count()} cores ({_processor()}), Linux {kernel}; {', '.join(things)}"


def _processor() -> str:
    names = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return names[0] if names else platform.machine()


def _module_version(file: str, module: str) -> str:
    found = re.search(rf"\b{re.escape(module)} v(\S+)", (CHECKOUT / file).read_text())
    assert found, f"{file} does not require {module}"
    return found[1]
