"""Settings of the sidecar: one typed object, built once, passed in.

`load_settings` merges defaults, a TOML file, the environment and flags, in that
order of precedence, and refuses what cannot work before anything is started.
"""

from pannier_server.config.addresses import ListenAddress, TcpAddress, UnixAddress
from pannier_server.config.errors import SettingsError
from pannier_server.config.load import load_settings
from pannier_server.config.settings import Settings

__all__ = [
    "ListenAddress",
    "Settings",
    "SettingsError",
    "TcpAddress",
    "UnixAddress",
    "load_settings",
]
