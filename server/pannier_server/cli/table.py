"""``pannier table``: the DynamoDB table, made and checked with boto3."""

import json
import os
from argparse import BooleanOptionalAction, Namespace
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pannier_server.backends.errors import StorageError
from pannier_server.backends.store_url import StoreUrlError, parse_store_url
from pannier_server.cli.exit_codes import CommandFailed, ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.config import SettingsError
from pannier_server.config.load import find_store

if TYPE_CHECKING:
    from pannier_server.backends.dynamodb.layout import DynamoDBLocation
    from pannier_server.backends.dynamodb.table import Finding

_CREATE = """\
Make the table, with on-demand billing, TTL and point-in-time recovery, and wait until it
is usable. A table that is there and fits is completed and otherwise left as it is; one
with other keys is an error.
"""

_WRITE = "write --store dynamodb://table"

_EPILOG = """\
examples:
  pannier table create --store 'dynamodb://tasks?region=eu-west-1'
  pannier table check --store 'dynamodb://tasks?region=eu-west-1'
  pannier table create --store 'dynamodb://tasks?region=local&endpoint=http://127.0.0.1:8000'

Credentials are found as the AWS SDK finds them (environment, profile, role). The store can
also stand in PANNIER_STORE or in the file that --config names.
The exit code is 0 where the table is usable, 1 where it is not, 2 for a wrong setting.
"""


def add_arguments(parser: Parser) -> None:
    """Add ``create`` and ``check``."""
    parser.epilog = _EPILOG
    commands = parser.add_commands()
    create = commands.add_parser(
        "create",
        help="make the table, or complete one that is there",
        description=_CREATE,
        epilog=_EPILOG,
    )
    create.add_argument(
        "--pitr",
        action=BooleanOptionalAction,
        default=True,
        help="keep point-in-time backups (default: yes)",
    )
    create.add_argument(
        "--deletion-protection",
        action=BooleanOptionalAction,
        help="protect a new table from being deleted (default: on AWS yes, elsewhere no)",
    )
    _add_common(create, _create)
    check = commands.add_parser(
        "check",
        help="verify the table, changing nothing",
        description="Verify that the table is as the sidecar needs it. Nothing is changed.",
        epilog=_EPILOG,
    )
    _add_common(check, _check)


def _add_common(parser: Parser, run: Callable[[Namespace], int]) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("--store", metavar="URL", help="dynamodb://table?region=...&endpoint=...")
    parser.add_argument("--config", metavar="FILE", help="a TOML file that names the store")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _create(arguments: Namespace) -> int:
    location = _location(arguments)
    from pannier_server.backends.dynamodb.table import create_table

    def create() -> Sequence["Finding"]:
        return create_table(
            location,
            point_in_time_recovery=arguments.pitr,
            deletion_protection=arguments.deletion_protection,
        )

    return _report(location, create, as_json=arguments.json)


def _check(arguments: Namespace) -> int:
    location = _location(arguments)
    from pannier_server.backends.dynamodb.table import check_table

    return _report(location, lambda: check_table(location), as_json=arguments.json)


def _location(arguments: Namespace) -> "DynamoDBLocation":
    from pannier_server.backends.dynamodb.layout import parse_dynamodb_url

    try:
        found = find_store(vars(arguments), os.environ)
    except SettingsError as error:
        raise CommandFailed(str(error), ExitCode.USAGE) from None
    text, origin = found or ("", "")
    if not text:
        raise CommandFailed(f"no DynamoDB table is named; {_WRITE}", ExitCode.USAGE)
    try:
        url = parse_store_url(text)
        if url.scheme != "dynamodb":
            raise StoreUrlError(f"{text} is no DynamoDB table; {_WRITE}")
        return parse_dynamodb_url(url)
    except StoreUrlError as error:
        raise CommandFailed(f"{origin}: {error}", ExitCode.USAGE) from None


def _report(
    location: "DynamoDBLocation", work: Callable[[], Sequence["Finding"]], *, as_json: bool
) -> int:
    from pannier_server.backends.dynamodb.table import Level

    try:
        findings = work()
    except StorageError as error:
        raise CommandFailed(f"table {location.layout.table}: {error.message}") from None
    usable = all(finding.level is not Level.PROBLEM for finding in findings)
    print(_as_json(location, findings, usable=usable) if as_json else _as_text(location, findings))
    return ExitCode.OK if usable else ExitCode.FAILED


def _as_json(location: "DynamoDBLocation", findings: Sequence["Finding"], *, usable: bool) -> str:
    return json.dumps(
        {
            "table": location.layout.table,
            "usable": usable,
            "findings": [
                {"aspect": found.aspect, "level": found.level.value, "message": found.message}
                for found in findings
            ],
        },
        ensure_ascii=False,
    )


def _as_text(location: "DynamoDBLocation", findings: Sequence["Finding"]) -> str:
    width = max(len(found.aspect) for found in findings)
    lines = [
        f"  {found.level.value:<8} {found.aspect:<{width}}  {found.message}" for found in findings
    ]
    return "\n".join([f"table {location.layout.table}", *lines])
