"""``pannier rm``: deletes a record."""

from argparse import Namespace

from pannier_server.cli import output
from pannier_server.cli.connection import add_connection_arguments, open_store, utf8
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.cli.put import version

_EPILOG = """\
examples:
  pannier rm demo:task-1
  pannier rm demo:task-1 --if-version 3
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Delete a record. Where no live record has the key, nothing is done and the exit code\n"
        "is 3."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument("key", metavar="KEY", type=utf8, help="owner:name")
    parser.add_argument("--if-version", metavar="N", type=version, help="delete only this version")
    parser.add_argument(
        "--etag", type=utf8, default="", help="delete only what this very write made"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_connection_arguments(parser)


def run(arguments: Namespace) -> int:
    """Delete the record and say whether it was there."""
    with open_store(arguments) as store:
        deleted = store.delete(
            arguments.key, expected_version=arguments.if_version, etag=arguments.etag
        )
    if arguments.json:
        output.print_json({"key": arguments.key, "deleted": deleted})
    elif deleted:
        print(f"deleted {output.printable(arguments.key)}")
    if not deleted:
        raise CommandFailed("no live record has this key", ExitCode.NOT_FOUND)
    return ExitCode.OK
