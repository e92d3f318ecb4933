"""Runs conformance scenarios by hand (``make conformance``)."""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.languages import LANGUAGES, ToolsAbsent
from tests.conformance.play import Outcome, play
from tests.conformance.stage.stores import DynamoDBStore, SqliteStore, Store
from tests.conformance.table import table, write
from tests.engines import aws_environment
from tests.engines.dynamodb_local import running_engine
from tests.engines.table import Table, create_table
from tests.sidecars import TRANSPORTS


def main() -> int:
    """Run them; return 1 where one has failed."""
    parser = argparse.ArgumentParser(prog="make conformance", description=__doc__)
    parser.add_argument("--language", choices=LANGUAGES, default="python")
    parser.add_argument("--store", choices=["sqlite", "dynamodb"], default="sqlite")
    parser.add_argument("--transport", choices=TRANSPORTS, default="h2")
    parser.add_argument("--listen", choices=["unix", "tcp"], default="unix")
    parser.add_argument("--only", default="", metavar="TEXT", help="scenarios whose name has it")
    parser.add_argument(
        "--table", action="store_true", help="all languages; write the table in docs/clients.md"
    )
    options = parser.parse_args()
    with _store(options.store) as store:
        if options.table:
            return _write_table(store, options)
        outcome = _outcome(options.language, store, options)
    print(outcome.output, end="")
    return int(outcome.exit_code != 0)


def _outcome(language: str, store: Store, options: argparse.Namespace) -> Outcome:
    try:
        runner = LANGUAGES[language].runner()
    except ToolsAbsent as problem:
        sys.exit(str(problem))
    except subprocess.CalledProcessError as problem:
        sys.exit(f"{problem.output}\n{problem}")
    playing = play(runner, store, options.transport, listen=options.listen, only=options.only)
    return asyncio.run(playing)


def _write_table(store: Store, options: argparse.Namespace) -> int:
    outcomes = {language: _outcome(language, store, options) for language in LANGUAGES}
    write(outcomes)
    print(table(outcomes))
    return int(any(outcome.exit_code for outcome in outcomes.values()))


@contextmanager
def _store(kind: str) -> Iterator[Store]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield SqliteStore(Path(folder, "records.db"))
        return
    aws_environment.isolate()
    with running_engine() as engine:
        table = Table(f"pannier_test_{uuid.uuid4().hex}", endpoint=engine.endpoint)
        yield DynamoDBStore(create_table(table))


if __name__ == "__main__":
    sys.exit(main())
