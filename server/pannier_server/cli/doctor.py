"""``pannier doctor``: what keeps a sidecar with these settings from serving, and the fix."""

import asyncio
import logging
import os
import sys
from argparse import ArgumentTypeError, Namespace

from pannier_server.cli.exit_codes import ExitCode
from pannier_server.cli.parser import Parser
from pannier_server.cli.serve import add_setting_arguments

_DESCRIPTION = """\
Check everything that serving needs, and say in plain words what to fix: settings, files,
addresses, and the store, from DNS to what the credentials may do. Nothing is changed.
Give it the flags, environment and settings file of 'pannier serve', and run it as the same
user in the same place.
"""

_EPILOG = """\
examples:
  pannier doctor
  pannier doctor --store 'dynamodb://tasks?region=eu-west-1'
  pannier doctor --config pannier.toml --json | jq '.checks[] | select(.status == "failed")'

The exit code is 0 where nothing failed (there may be warnings), 1 where a check failed, 2 for a
wrong command line. docs/doctor.md lists all checks and the members of the JSON.
"""


def add_arguments(parser: Parser) -> None:
    """Add the settings, and how to report."""
    parser.description = _DESCRIPTION
    parser.epilog = _EPILOG
    parser.set_defaults(run=run)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="print what each check has found in detail"
    )
    parser.add_argument(
        "--owner",
        type=_owner,
        help="whose (absent) record to ask the table for, where IAM holds the credentials to some "
        "owners (default: pannier-doctor)",
    )
    add_setting_arguments(parser)


def run(arguments: Namespace) -> int:
    """Run all checks, print what they find, and return 1 where one failed."""
    # What the store's code would log is in the checks.
    logging.getLogger("pannier_server").addHandler(logging.NullHandler())
    return asyncio.run(_run(arguments))


async def _run(arguments: Namespace) -> int:
    from pannier_server.backends.store_url import masked
    from pannier_server.doctor import Status, areas_of, examine
    from pannier_server.doctor.areas import DEFAULT_OWNER
    from pannier_server.doctor.report import TextReport, as_json, worst

    found, areas = areas_of(vars(arguments), os.environ, owner=arguments.owner or DEFAULT_OWNER)
    text = TextReport(areas, sys.stdout, os.environ, details=arguments.verbose)
    results = []
    async for result in examine(areas):
        results.append(result)
        if not arguments.json:
            text.add(result)
    if arguments.json:
        print(as_json(masked(found.store) if found.store else None, results))
    else:
        text.end(results)
    return ExitCode.FAILED if worst(results) is Status.FAILED else ExitCode.OK


def _owner(text: str) -> str:
    """Return an owner.

    Raises:
        ArgumentTypeError: It cannot be one.
    """
    if not text or ":" in text:
        raise ArgumentTypeError("an owner is what stands before the colon of a key")
    return text
