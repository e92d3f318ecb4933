"""Whether what traces need is installed; looking for it imports none of it."""

import sys
from importlib.util import find_spec

from pannier_server.config import Settings

_NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")

_NOT_INSTALLED = (
    "traces need OpenTelemetry, which is not installed; "
    "run `pip install 'pannier-server[otel]'`, or leave traces out"
)
# Nothing can be installed into it.
_LEFT_OUT = (
    "traces need OpenTelemetry, which the self-contained program and Lambda's layer leave out; "
    "leave traces out, or serve with the image or the package `pannier-server[otel]`"
)


def require_extra(settings: Settings) -> None:
    """Return where traces can be exported.

    Raises:
        SettingsError: The extra is not there; the message says where it can be had.
    """
    if not all(map(_is_there, _NEEDED)):
        is_self_contained = getattr(sys, "frozen", False)  # PyInstaller's mark
        raise settings.error("traces", _LEFT_OUT if is_self_contained else _NOT_INSTALLED)


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is missing.
        return False
