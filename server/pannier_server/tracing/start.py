"""Starts tracing: only here is OpenTelemetry imported, once it is known to be there."""

import os
from typing import TYPE_CHECKING

from pannier_server.config import Settings
from pannier_server.tracing.extra import require_extra

if TYPE_CHECKING:
    from pannier_server.tracing.tracing import Tracing


def start_tracing(settings: Settings) -> "Tracing":
    """Return what makes spans and exports them, as the environment's OTEL_ variables say.

    Raises:
        SettingsError: OpenTelemetry is not installed, or one of its variables is wrong.
    """
    require_extra(settings)
    try:
        from pannier_server.tracing.exporting import new_provider
        from pannier_server.tracing.tracing import Tracing

        provider = new_provider(os.environ)
    except ValueError as error:
        raise settings.error("traces", f"the environment's OTEL_ variables: {error}") from None
    return Tracing(provider, settings.grace)
