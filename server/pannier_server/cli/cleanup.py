"""``pannier cleanup``: removes expired records now."""

from argparse import Namespace

from pannier_server.cli import output
from pannier_server.cli.connection import add_connection_arguments, open_store, utf8
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser

_EPILOG = """\
examples:
  pannier cleanup
  pannier cleanup demo:
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Remove expired records now. They are hidden at once when they expire, and removed\n"
        "by themselves later; this only saves the room earlier. On DynamoDB it needs a prefix:\n"
        "the table's TTL removes the rest."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument(
        "prefix",
        metavar="PREFIX",
        nargs="?",
        default="",
        type=utf8,
        help="only these: owner: and the start of a name (default: the whole store)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_connection_arguments(parser)


def run(arguments: Namespace) -> int:
    """Remove until nothing is left, and print how many there were."""
    removed = 0
    with open_store(arguments) as store:
        while True:
            done = store.cleanup_expired(arguments.prefix)
            removed += done.removed
            if not done.more:
                break
            if not done.removed:
                raise CommandFailed(
                    f"removed {removed}, and the store had no time for the rest; "
                    "run it again, perhaps with a longer --timeout",
                    ExitCode.TRY_AGAIN,
                )
    _print(removed, as_json=arguments.json)
    return ExitCode.OK


def _print(removed: int, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"removed": removed})
    else:
        print(f"removed {removed} expired record{'' if removed == 1 else 's'}")
