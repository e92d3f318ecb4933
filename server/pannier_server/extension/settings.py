"""The settings of an extension: the environment's, with defaults that fit Lambda."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pannier_server.config import Settings, SettingsError, load_settings

# Lambda leaves extensions about 1.7 s of the 2 s of a shutdown, and kills them then. After
# the grace time connections are closed, which may take another half of a second.
LONGEST_GRACE: Final = 1.0
"""Seconds that calls in flight may take at most when the sandbox ends."""

_DEFAULTS: Final = {
    "grace": 0.5,
    # Nobody asks a sandbox for its health, and each look at the table is a request.
    "health_interval": 3600.0,
}


def extension_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings that ``PANNIER_`` variables make, checked for Lambda.

    Raises:
        SettingsError: One is wrong, or does not go with Lambda; it says what to change.
    """
    settings = load_settings({}, environment)
    if "store" not in settings.origins:
        raise SettingsError(
            "PANNIER_STORE",
            "it is not set; name the table that keeps the records, as in dynamodb://tasks "
            "(the region is the function's), because a sandbox of Lambda keeps nothing",
        )
    if settings.workers > 1:
        raise settings.error(
            "workers", "a sandbox of Lambda runs one invocation at a time; leave it at 1"
        )
    if settings.transport != "h2":
        raise settings.error("transport", "an extension has one transport only; leave it at h2")
    if settings.grace > LONGEST_GRACE and "grace" in settings.origins:
        raise settings.error(
            "grace", "Lambda kills extensions two seconds after it ends a sandbox; choose up to 1s"
        )
    unset = {name: value for name, value in _DEFAULTS.items() if name not in settings.origins}
    return replace(settings, **unset)  # type: ignore[arg-type]
