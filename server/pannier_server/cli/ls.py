"""``pannier ls``: the records under a prefix."""

import sys
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from pannier_server.cli import output
from pannier_server.cli.connection import add_connection_arguments, open_store, utf8
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pannier import Record, Unreadable

_EPILOG = """\
examples:
  pannier ls demo:
  pannier ls demo:task- --desc --limit 10
  pannier ls demo: -k | xargs -d '\\n' -n1 pannier rm
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "List one owner's live records whose names start with a prefix, in the byte order of\n"
        "their keys. Control characters in keys are shown escaped; --json gives them exactly."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument(
        "prefix", metavar="PREFIX", type=utf8, help="owner: and the start of a name, or owner:"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("-k", "--keys-only", action="store_true", help="print only keys, one a line")
    shape.add_argument("-l", "--long", action="store_true", help="print expiry and etag too")
    parser.add_argument(
        "--limit", metavar="N", type=_limit, help="stop after so many (default: all)"
    )
    parser.add_argument("--desc", action="store_true", help="largest key first")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    add_connection_arguments(parser)


def run(arguments: Namespace) -> int:
    """List the records and print them as they arrive."""
    unreadable = 0

    def report(row: "Unreadable") -> None:
        nonlocal unreadable
        unreadable += 1
        print(f"unreadable: {output.printable(row.key)}: {row.problem}", file=sys.stderr)

    with open_store(arguments) as store:
        records = store.list(
            arguments.prefix,
            limit=arguments.limit or 0,
            keys_only=arguments.keys_only,
            order="descending" if arguments.desc else "ascending",
            on_unreadable=report,
        )
        _print(records, arguments)
    if unreadable:
        raise CommandFailed(
            f"{unreadable:,} stored rows cannot be read as records: repair or delete them"
        )
    return ExitCode.OK


def _print(records: "Iterable[Record]", arguments: Namespace) -> None:
    if arguments.json:
        for record in records:
            output.print_json(output.record_json(record, with_data=not arguments.keys_only))
    elif arguments.keys_only:
        for record in records:
            print(output.printable(record.key))
    else:
        output.print_table(records, details=arguments.long)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:11]) < 2**32):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 up")
    return int(text)
