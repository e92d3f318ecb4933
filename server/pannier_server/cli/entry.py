"""The entry point: chooses the command, and turns its failure into a line and a code."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from keyword import iskeyword

from pannier_server import __version__
from pannier_server.cli.exit_codes import EXPLAINED, CommandFailed, ExitCode
from pannier_server.cli.parser import Parser, add_command

_COMMANDS = {
    "serve": "Run the sidecar",
    "lambda": "Run the sidecar beside a function of AWS Lambda",
    "table": "Make or check the DynamoDB table",
    "get": "Print a record's data",
    "put": "Write a record",
    "ls": "List the records under a prefix",
    "rm": "Delete a record",
    "cleanup": "Remove expired records now",
    "export": "Write the records of a store as JSON Lines",
    "import": "Write exported records into a store",
    "health": "Ask a sidecar whether it serves",
    "token": "Make a token for a caller",
    "doctor": "Check settings, store and permissions, and say what to fix",
}

_EPILOG = f"""\
A key is owner:name. get, put, ls, rm, cleanup and health talk to a running sidecar: the
one that --address or PANNIER_ADDRESS names (unix:PATH or HOST:PORT), else the one on
your default socket.

examples:
  pannier serve
  echo '{{"state": "new"}}' | pannier put demo:task-1
  pannier get demo:task-1
  pannier ls demo:

{EXPLAINED}"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: The command line without the program's name; None for the process's.
    """
    # gRPC's core writes what it thinks to standard error; errors here are said once, by us.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Names may hold characters that the terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            return _run(arguments)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone (`| head`); Python must not try to flush to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BROKEN_PIPE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    parsed = build_parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except CommandFailed as failure:
        print(f"pannier: {failure}", file=sys.stderr)
        return failure.code
    return code


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="pannier",
        description="Keep versioned records in DynamoDB, SQLite or memory, behind gRPC.",
        epilog=_EPILOG,
    )
    parser.add_argument("--version", action="version", version=f"pannier {__version__}")
    commands = parser.add_commands()
    for name, summary in _COMMANDS.items():
        # A module cannot be called as a keyword is.
        module = f"{name}_" if iskeyword(name) else name
        add_command(commands, name, summary, f"pannier_server.cli.{module}")
    return parser
