"""``pannier put``: writes a record."""

import os
import sys
from argparse import ArgumentTypeError, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pannier_server.cli import output
from pannier_server.cli.connection import (
    add_connection_arguments,
    duration,
    open_store,
    require_sidecar,
    utf8,
)
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser

if TYPE_CHECKING:
    from pannier import Store, Written

_EPILOG = """\
examples:
  pannier put demo:task-1 --data '{"state": "new"}'
  pannier put demo:photo --file photo.jpg --ttl 30d
  pannier get demo:task-1 | jq '.state = "done"' | pannier put demo:task-1 --if-version 1
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write a record, replacing its data and its expiry. The data comes from --data,\n"
        "--file or standard input."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument("key", metavar="KEY", type=utf8, help="owner:name")
    _add_data(parser)
    _add_condition(parser)
    _add_expiry(parser)
    parser.add_argument(
        "--request-id",
        metavar="UUID",
        type=utf8,
        help="make it safe to run the same command again: a new UUID for each write",
    )
    parser.add_argument(
        "-l", "--long", action="store_true", help="print the etag and the expiry too"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_connection_arguments(parser)


def _add_data(parser: Parser) -> None:
    data = parser.add_argument_group("data").add_mutually_exclusive_group()
    data.add_argument("--data", metavar="TEXT", type=os.fsencode, help="the data itself")
    data.add_argument("--file", metavar="FILE", help="a file that holds it; - for standard input")


def _add_condition(parser: Parser) -> None:
    group = parser.add_argument_group("condition")
    condition = group.add_mutually_exclusive_group()
    condition.add_argument(
        "--if-version", metavar="N", type=version, help="write only over this version"
    )
    condition.add_argument(
        "--create", action="store_true", help="write only where no live record is"
    )
    group.add_argument(
        "--etag",
        type=utf8,
        default="",
        help="with --if-version: only over this very write, also where the record was deleted "
        "and created again",
    )


def _add_expiry(parser: Parser) -> None:
    expiry = parser.add_argument_group("expiry").add_mutually_exclusive_group()
    expiry.add_argument(
        "--ttl", metavar="TIME", type=duration, help="expire after so long, as in 90s, 1h or 30d"
    )
    expiry.add_argument(
        "--expire-time",
        metavar="WHEN",
        type=_moment,
        help="expire at a time, as in 2030-01-31T12:00:00Z",
    )
    expiry.add_argument(
        "--never-expires",
        action="store_true",
        help="never expire, also where the store takes the expiry from JSON data",
    )


def version(text: str) -> int:
    """Return the version of a record, for a parser's ``type``.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:20]) < 2**63):
        raise ArgumentTypeError(f"{text!r} is not a version; versions are 1 or more")
    return int(text)


def run(arguments: Namespace) -> int:
    """Write the record and print what became of it."""
    if arguments.etag and not arguments.if_version:
        raise CommandFailed("--etag needs --if-version", ExitCode.USAGE)
    if arguments.data is None:
        # Nobody types data for a sidecar that is not there. But connect later: grpcio's threads
        # may be given the signal of a Ctrl-C, which then does not end the reading.
        require_sidecar(arguments)
    data = _read(arguments)
    with open_store(arguments) as store:
        written = _write(store, arguments, data)
    if arguments.json:
        facts = output.facts_json(written.version, written.etag, written.expire_time)
        output.print_json({"key": arguments.key, **facts})
    elif arguments.long:
        output.print_facts(arguments.key, written, size=len(data), file=sys.stdout)
    else:
        print(f"{output.printable(arguments.key)} is at version {written.version}")
    return ExitCode.OK


def _write(store: "Store", arguments: Namespace, data: bytes) -> "Written":
    options: dict[str, Any] = {
        "ttl": arguments.ttl,
        "expire_time": arguments.expire_time,
        "never_expires": arguments.never_expires,
        "request_id": arguments.request_id,
    }
    if arguments.create:
        return store.create(arguments.key, data, **options)
    if arguments.if_version:
        return store.put_if_version(
            arguments.key,
            data,
            expected_version=arguments.if_version,
            etag=arguments.etag,
            **options,
        )
    return store.put(arguments.key, data, **options)


def _read(arguments: Namespace) -> bytes:
    if arguments.data is not None:
        data: bytes = arguments.data
        return data
    if arguments.file not in {None, "-"}:
        try:
            return Path(arguments.file).read_bytes()
        except OSError as error:
            raise CommandFailed(f"cannot read {arguments.file}: {error.strerror}") from None
    if sys.stdin.isatty():
        print("reading the data from the terminal; end it with Ctrl-D", file=sys.stderr)
    return sys.stdin.buffer.read()


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ArgumentTypeError(f"{text!r} is not a time with a zone, as in 2030-01-31T12:00:00Z")
    return moment
