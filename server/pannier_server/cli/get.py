"""``pannier get``: a record's data, exactly as it is stored."""

import sys
from argparse import Namespace

from pannier_server.cli import output
from pannier_server.cli.connection import add_connection_arguments, open_store, utf8
from pannier_server.cli.exit_codes import ExitCode
from pannier_server.cli.parser import Parser

_EPILOG = """\
examples:
  pannier get demo:task-1
  pannier get demo:task-1 --json | jq .version
  pannier get demo:photo > photo.jpg
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Print a record's data to standard output, byte by byte as it is stored. Only on a\n"
        "terminal a line break is added where the data ends without one."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument("key", metavar="KEY", type=utf8, help="owner:name")
    parser.add_argument(
        "-l", "--long", action="store_true", help="print version, etag and expiry to stderr too"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object; data that is no UTF-8 is in data_base64",
    )
    parser.add_argument(
        "--eventual",
        action="store_true",
        help="accept a value that may miss recent writes; half the price on DynamoDB",
    )
    add_connection_arguments(parser)


def run(arguments: Namespace) -> int:
    """Read the record and print it."""
    with open_store(arguments) as store:
        record = store.get(
            arguments.key, consistency="eventual" if arguments.eventual else "strong"
        )
    if arguments.json:
        output.print_json(output.record_json(record))
        return ExitCode.OK
    if arguments.long:
        output.print_facts(record.key, record, size=len(record.data), file=sys.stderr)
    _write(record.data)
    return ExitCode.OK


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    if sys.stdout.isatty() and not data.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
