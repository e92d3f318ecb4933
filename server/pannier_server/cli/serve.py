"""``pannier serve``: every setting is a flag."""

import os
from argparse import BooleanOptionalAction, Namespace
from collections.abc import Mapping
from typing import Any

from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.config import Settings, SettingsError, load_settings
from pannier_server.config.options import Option, flag_name
from pannier_server.config.settings import OPTIONS

_EPILOG = """\
A setting is looked for as a flag, then in the environment (--max-data-bytes is
PANNIER_MAX_DATA_BYTES; commas part several addresses), then in the TOML file that
--config or PANNIER_CONFIG names (max_data_bytes = "1MiB"). The first that is found wins.
TIME is in seconds or has a unit (500ms, 10s, 1h30m), SIZE in bytes or has a unit (350KiB).

examples:
  pannier serve
  pannier serve --store sqlite:///var/lib/pannier/pannier.db --listen unix:/run/pannier.sock
  pannier serve --store 'dynamodb://tasks?region=eu-west-1' --listen 127.0.0.1:50051 --workers 2
  pannier serve --store memory: --listen 127.0.0.1:0

SIGTERM and Ctrl-C finish the calls in flight and stop; a second one stops at once. SIGHUP has
the auth file and those of TLS read again at once; they are when they change, too. Without such
files it ends the sidecar, as closing its terminal does.
The exit code is 0 after a stop, 1 where it could not start, 2 for a wrong setting.
"""


def add_arguments(parser: Parser) -> None:
    """Add the settings."""
    parser.set_defaults(run=run)
    parser.epilog = _EPILOG
    add_setting_arguments(parser)


def add_setting_arguments(parser: Parser) -> None:
    """Add a flag for each setting, under its heading, and the one that names a file of them."""
    defaults = Settings()
    groups = {name: parser.add_argument_group(name) for name in _headings()}
    for name, option in OPTIONS.items():
        groups[option.group].add_argument(
            flag_name(name),
            help=f"{option.help} (default: {_shown(option, getattr(defaults, name))})",
            **_form(option),
        )
    groups["Process"].add_argument("--config", metavar="FILE", help="a TOML file with settings")


def run(arguments: Namespace) -> int:
    """Serve until a signal; return the exit code."""
    try:
        settings = load_settings(vars(arguments), os.environ)
    except SettingsError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from None
    from pannier_server import app

    return app.run(settings)


def _headings() -> list[str]:
    return list(dict.fromkeys(option.group for option in OPTIONS.values()))


def _form(option: Option) -> Mapping[str, Any]:
    if option.is_switch:
        return {"action": BooleanOptionalAction, "default": None}
    action = "append" if option.repeatable else "store"
    return {"action": action, "metavar": option.metavar}


def _shown(option: Option, value: Any) -> str:
    is_list = option.repeatable and value
    text = " and ".join(map(str, value)) if is_list else option.show(value)
    return text.replace("%", "%%")
