"""``pannier import``: writes the records of an export into a store."""

import os
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pannier_server.backends.contract import Key
from pannier_server.backends.errors import StorageError
from pannier_server.backends.transfer import Outcome, Replace, Restored
from pannier_server.cli import output
from pannier_server.cli.direct_store import (
    add_store_arguments,
    find_backend,
    run_to_end,
    store_failed,
)
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.transfer.state_file import store_digest

if TYPE_CHECKING:
    from pannier_server.backends.transfer import TransferableBackend
    from pannier_server.transfer.import_ import ImportCounts, Importer
    from pannier_server.transfer.import_state import ImportKeeper, ImportState
    from pannier_server.transfer.progress import Progress
    from pannier_server.transfer.verify import Verified

_EPILOG = """\
--on-conflict says what to do where a live record has the key, but not the same version,
data and expiry:
  fail       keep it and name it; the exit code is 4, and all other records are written
  skip       keep it and count it
  newer      keep the one with the higher version; the same version with other content is as
             for fail
  overwrite  replace it

examples:
  pannier import --store 'dynamodb://tasks?region=eu-west-1' --input tasks.jsonl --dry-run
  pannier import --store 'dynamodb://tasks?region=eu-west-1' --input tasks.jsonl
  pannier import --store 'dynamodb://tasks?region=eu-west-1' --input tasks.jsonl --resume
  gunzip < billing.gz | pannier import --store sqlite:///var/lib/pannier/pannier.db

exit codes:
  0    done
  1    failed, or done without records that the store refuses; standard error names them
  2    wrong command line or setting
  4    done without records that others are in the way of; standard error names them
  5    the store cannot be reached or is too busy: try again
  130  interrupted
"""

_SOME = "the records before that were imported, and count as done when you import it again, whole"

_REPLACE = {
    "fail": Replace.NOTHING,
    "skip": Replace.NOTHING,
    "newer": Replace.OLDER,
    "overwrite": Replace.ANYTHING,
}


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Write the records of an export into a store, with their own versions and expiry. The\n"
        "store is written to directly, and may be in use by sidecars. Importing again changes\n"
        "nothing: a record that is there with the same version, data and expiry is done."
    )
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    group = parser.add_argument_group("import")
    group.add_argument(
        "--input", metavar="FILE", help="the export; it is checked first (default: standard input)"
    )
    group.add_argument(
        "--on-conflict",
        choices=_REPLACE,
        default="fail",
        help="what to do where another record has the key (default: fail)",
    )
    group.add_argument(
        "--dry-run", action="store_true", help="write nothing, and say what would become of it"
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="go on with --input where an earlier attempt ended, to be done sooner",
    )
    group.add_argument("--json", action="store_true", help="print the counts as one JSON object")
    add_store_arguments(parser)


def run(arguments: Namespace) -> int:
    """Import, and say what became of the records."""
    from pannier_server.transfer.progress import SECOND_HALF, Progress
    from pannier_server.transfer.verify import InputError

    if arguments.resume and (arguments.dry_run or not arguments.input):
        raise CommandFailed("--resume needs --input FILE, and no --dry-run", ExitCode.USAGE)
    # There is none where whoever started this has closed it.
    if not arguments.input and (sys.stdin is None or sys.stdin.isatty()):
        raise CommandFailed("name an export by --input FILE, or pipe one in", ExitCode.USAGE)
    backend, url = find_backend(arguments)
    descriptor = _open(arguments)
    progress = Progress(
        "looked at" if arguments.dry_run else "imported",
        sys.stderr,
        # In a pipe, the export before it draws on the same line.
        column=0 if arguments.input else SECOND_HALF,
    )
    advice = (
        "go on with the same command and --resume"
        if arguments.input
        else "import it again: what was written already counts as done"
    )
    importing = _Import(arguments, backend, url, descriptor, progress)
    try:
        counts = run_to_end(importing.run())
    except InputError as error:
        progress.clear()
        so_far = _SOME if importing.has_begun else "nothing was imported"
        raise CommandFailed(f"{error}; {so_far}") from None
    except StorageError as error:
        progress.clear()
        raise store_failed(error, advice) from None
    except OSError as error:
        progress.clear()
        raise CommandFailed(f"cannot read the export: {error.strerror}") from None
    except KeyboardInterrupt:
        progress.say(f"pannier: interrupted; {advice}")
        raise
    finally:
        if arguments.input:
            os.close(descriptor)
    progress.clear()
    return _summary(counts, arguments)


class _Import:
    """One run of the command.

    Attributes:
        has_begun: Whether records may have been written.
    """

    def __init__(
        self,
        arguments: Namespace,
        backend: "TransferableBackend",
        url: str,
        descriptor: int,
        progress: "Progress",
    ) -> None:
        self.has_begun = False
        self._arguments = arguments
        self._backend = backend
        self._url = url
        self._descriptor = descriptor
        self._progress = progress
        self._transfer = backend.transfer()

    async def run(self) -> "ImportCounts":
        """Look at the input, open the store and write."""
        try:
            if self._arguments.input:
                return await self._from_file()
            return await self._from_pipe()
        finally:
            await self._backend.close()

    async def _from_pipe(self) -> "ImportCounts":
        from pannier_server.transfer.reader import ExportReader

        reader = ExportReader(self._descriptor, "standard input")
        await reader.begin()
        await self._open_store()
        return await self._importer().run(reader)

    async def _from_file(self) -> "ImportCounts":
        """Import a file that is whole, from where an earlier attempt ended if that is wanted."""
        from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread
        from pannier_server.transfer.import_ import DestinationChanged, ImportCounts
        from pannier_server.transfer.import_state import ImportKeeper, ImportState
        from pannier_server.transfer.verify import verify_export

        name = self._arguments.input
        verified = await run_in_daemon_thread(lambda: verify_export(self._descriptor, name))
        self._progress.total = verified.trailer.records
        await self._open_store()
        begun = ImportState(
            id=verified.header.id,
            store=store_digest(self._url),
            on_conflict=self._arguments.on_conflict,
            counts=ImportCounts(),
        )
        keeper = ImportKeeper(Path(name), self._url, begun)
        if self._arguments.resume:
            try:
                return await self._go_on(keeper, verified, keeper.load())
            except DestinationChanged:
                self._progress.say(
                    "records of the earlier attempt are not in the store any more; beginning anew"
                )
        return await self._go_on(keeper, verified, begun)

    async def _go_on(
        self, keeper: "ImportKeeper", verified: "Verified", state: "ImportState"
    ) -> "ImportCounts":
        from pannier_server.transfer.reader import ExportReader

        reader = ExportReader(self._descriptor, self._arguments.input)
        os.lseek(self._descriptor, state.offset, os.SEEK_SET)
        if state.offset:
            reader.go_on(verified.header, state.offset, state.lines)
        else:
            await reader.begin()
        importer = self._importer()
        importer.counts = msgspec.structs.replace(state.counts)
        if self._arguments.dry_run:
            return await importer.run(reader)
        keeper.begin(state)
        importer.on_batch = lambda batch: keeper.note(batch, importer.counts)
        try:
            counts = await importer.run(reader, done_lines=state.done)
        except BaseException:
            keeper.save()
            raise
        keeper.forget()
        return counts

    async def _open_store(self) -> None:
        if self._arguments.dry_run:
            await self._transfer.open_source()
        else:
            await self._backend.open()
            self.has_begun = True

    def _importer(self) -> "Importer":
        from pannier_server.transfer.import_ import Importer

        transfer = self._transfer
        return Importer(
            transfer.compare if self._arguments.dry_run else transfer.restore,
            replace=_REPLACE[self._arguments.on_conflict],
            now=lambda: int(time.time()),
            patience=self._arguments.timeout,
            progress=self._progress,
            report=self._report,
        )

    def _report(self, key: Key, restored: Restored) -> None:
        if restored.outcome is Outcome.CONFLICT and self._arguments.on_conflict == "skip":
            return
        kind = "conflict" if restored.outcome is Outcome.CONFLICT else "refused"
        named = output.printable(f"{key.owner}:{key.name}")
        self._progress.say(f"{kind}: {named}: {restored.problem}")


def _open(arguments: Namespace) -> int:
    if not arguments.input:
        return sys.stdin.fileno()
    try:
        return os.open(arguments.input, os.O_RDONLY)
    except OSError as error:
        raise CommandFailed(f"cannot read {arguments.input}: {error.strerror}") from None


def _summary(counts: "ImportCounts", arguments: Namespace) -> int:
    """Print what became of the records; fail where some are not in the store."""
    if arguments.json:
        output.print_json(msgspec.structs.asdict(counts))
    else:
        print(_in_words(counts, arguments))
    if counts.refused:
        raise CommandFailed(f"{counts.refused:,} records were refused and are not in the store")
    if counts.conflicts and arguments.on_conflict != "skip":
        raise CommandFailed(
            f"{counts.conflicts:,} records are not in the store, because others are in the way; "
            "see --on-conflict",
            ExitCode.CONFLICT,
        )
    return ExitCode.OK


def _in_words(counts: "ImportCounts", arguments: Namespace) -> str:
    would = "would be " if arguments.dry_run else ""
    parts = [f"{counts.written:,} {would}written"]
    for count, text in (
        (counts.same, "there before"),
        (counts.newer, "kept with a higher version"),
        (counts.conflicts, "in conflict, kept as they are"),
        (counts.refused, "refused"),
        (counts.expired, "expired, left out"),
    ):
        if count:
            parts.append(f"{count:,} {text}")
    return f"{counts.records:,} record{'' if counts.records == 1 else 's'}: {', '.join(parts)}"
