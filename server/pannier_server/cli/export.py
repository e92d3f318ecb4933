"""``pannier export``: the records of a store as JSON Lines."""

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from pannier_server.backends.contract import Prefix, Unreadable
from pannier_server.backends.errors import StorageError
from pannier_server.cli import output
from pannier_server.cli.connection import utf8
from pannier_server.cli.direct_store import (
    add_store_arguments,
    find_backend,
    run_to_end,
    store_failed,
)
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser

if TYPE_CHECKING:
    from pannier_server.backends.transfer import TransferableBackend
    from pannier_server.transfer.output import ExportState, StreamOutput
    from pannier_server.transfer.progress import Progress

_EPILOG = """\
examples:
  pannier export --store sqlite:///var/lib/pannier/pannier.db --output tasks.jsonl
  pannier export --store sqlite:///var/lib/pannier/pannier.db --output tasks.jsonl --resume
  pannier export --store 'dynamodb://tasks?region=eu-west-1' --owner billing | gzip > billing.gz
  pannier export --store sqlite: | pannier import --store 'dynamodb://tasks?region=eu-west-1'

exit codes:
  0    done
  1    failed, or done without rows that cannot be read; standard error names them
  2    wrong command line or setting
  5    the store cannot be reached or is too busy: try again
  130  interrupted; 141: the reader of the output has gone
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write the live records of a store, with their versions and expiry, as JSON Lines.\n"
        "The store is read directly, and may be in use by sidecars; docs/moving-data.md tells\n"
        "how to move from one store to another, and describes the format."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    which = parser.add_argument_group("records").add_mutually_exclusive_group()
    which.add_argument("--owner", type=utf8, help="only this owner's (default: all)")
    which.add_argument(
        "--prefix", type=utf8, help="only these: owner: and the start of a name (default: all)"
    )
    where = parser.add_argument_group("output")
    where.add_argument(
        "--output", metavar="FILE", help="where to write them (default: standard output)"
    )
    where.add_argument(
        "--resume",
        action="store_true",
        help="go on with the --output that an earlier attempt left; begin where there is none",
    )
    add_store_arguments(parser)


def run(arguments: Namespace) -> int:
    """Export, and say what was left out."""
    from pannier_server.transfer.output import AlreadyComplete, OutputError
    from pannier_server.transfer.progress import Progress

    if arguments.resume and not arguments.output:
        raise CommandFailed("--resume needs --output FILE", ExitCode.USAGE)
    if not arguments.output and sys.stdout is None:
        raise CommandFailed("standard output is closed; name a file by --output", ExitCode.USAGE)
    backend, url = find_backend(arguments)
    prefix = _prefix(arguments)
    progress = Progress("exported", sys.stderr)
    advice = _advice(arguments)
    try:
        opened = _open_output(arguments, url, prefix)
    except AlreadyComplete as complete:
        progress.say(f"{arguments.output} is complete already, with {complete.records:,} records")
        return ExitCode.OK
    except OutputError as error:
        raise CommandFailed(str(error)) from None
    try:
        state = run_to_end(_export(backend, opened, prefix, progress, arguments.timeout))
    except StorageError as error:
        progress.clear()
        raise store_failed(error, advice) from None
    except (BrokenPipeError, KeyboardInterrupt) as ended:
        why = "interrupted" if isinstance(ended, KeyboardInterrupt) else "the reader has gone"
        progress.say(f"pannier: {why}; {advice}")
        raise
    except OSError as error:
        progress.clear()
        raise CommandFailed(f"cannot write: {error.strerror}; {advice}") from None
    finally:
        opened.close()
    return _summary(state, progress)


async def _export(
    backend: "TransferableBackend",
    opened: "StreamOutput",
    prefix: Prefix | None,
    progress: "Progress",
    patience: float,
) -> "ExportState":
    from pannier_server.transfer.export import export_records

    def report(row: Unreadable) -> None:
        key = output.printable(f"{row.key.owner}:{row.key.name}")
        progress.say(f"unreadable: {key}: {row.problem}")

    transfer = backend.transfer()
    try:
        await transfer.open_source()
        return await export_records(
            transfer,
            opened,
            prefix=prefix,
            now=int(time.time()),
            patience=patience,
            progress=progress,
            report=report,
        )
    finally:
        await backend.close()


def _prefix(arguments: Namespace) -> Prefix | None:
    from pannier_server.service.errors import InvalidRequest
    from pannier_server.service.requests import parse_prefix

    if arguments.owner is None and arguments.prefix is None:
        return None
    if arguments.owner is not None and ":" in arguments.owner:
        raise CommandFailed("an owner has no colon; write --prefix owner:name", ExitCode.USAGE)
    text = arguments.prefix if arguments.owner is None else f"{arguments.owner}:"
    try:
        return parse_prefix(text)
    except InvalidRequest as error:
        raise CommandFailed(error.message, ExitCode.USAGE) from None


def _open_output(arguments: Namespace, url: str, prefix: Prefix | None) -> "StreamOutput":
    from pannier_server.transfer.output import StreamOutput, new_state, open_file

    begun = new_state(url, prefix, int(time.time()))
    if arguments.output:
        return open_file(Path(arguments.output), begun, resume=arguments.resume)
    return StreamOutput(sys.stdout.fileno(), begun)


def _advice(arguments: Namespace) -> str:
    if arguments.output:
        return "go on with the same command and --resume"
    return "begin again: only an export to a file (--output) can be resumed"


def _summary(state: "ExportState", progress: "Progress") -> int:
    left_out = [
        text
        for count, text in (
            (state.expired, f"{state.expired:,} have expired"),
            (state.foreign, f"{state.foreign:,} rows are not Pannier's: no key can name them"),
        )
        if count
    ]
    more = f" (left out: {'; '.join(left_out)})" if left_out else ""
    progress.say(f"exported {state.records:,} record{'' if state.records == 1 else 's'}{more}")
    if state.unreadable:
        raise CommandFailed(
            f"{state.unreadable:,} stored rows cannot be read as records and are not in the "
            "export: repair or delete them"
        )
    return ExitCode.OK
