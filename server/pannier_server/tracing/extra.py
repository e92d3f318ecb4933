"""Whether what traces need is installed; looking for it imports none of it."""

from importlib.util import find_spec

from pannier_server.config import Settings

_NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")


def require_extra(settings: Settings) -> None:
    """Return where traces can be exported.

    Raises:
        SettingsError: The extra is not installed; the message names it.
    """
    if not all(map(_is_there, _NEEDED)):
        raise settings.error(
            "traces",
            "traces need OpenTelemetry, which is not installed; "
            "run `pip install 'pannier-server[otel]'`, or leave traces out",
        )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is missing.
        return False
