"""``pannier token``: makes tokens for callers of a sidecar that has an auth file."""

from argparse import ArgumentTypeError, Namespace

from pannier_server.cli import output
from pannier_server.cli.exit_codes import ExitCode
from pannier_server.cli.parser import Parser

_EPILOG = """\
examples:
  pannier token new
  pannier token new --name billing --owner billing
  pannier token new --json | jq -r .token

The exit code is 0, or 2 for a wrong command line. docs/security.md explains the auth file.
"""

_NEW = """\
Make a new token and print it, with the lines that tell the sidecar's auth file about it.
The token is shown this once and kept nowhere: the file holds its SHA-256 only.
"""


def add_arguments(parser: Parser) -> None:
    """Add ``new``."""
    parser.epilog = _EPILOG
    commands = parser.add_commands()
    new = commands.add_parser(
        "new", help="make a token and print it once", description=_NEW, epilog=_EPILOG
    )
    new.set_defaults(run=_new)
    new.add_argument(
        "--name", type=_plain, default="NAME", help="what to call the caller in the auth file"
    )
    new.add_argument(
        "--owner", type=_owner, default="OWNER", help="whose records it may read and write"
    )
    new.add_argument("--json", action="store_true", help="print one JSON object")


def _plain(text: str) -> str:
    """Return text that stands in quotes as it is.

    Raises:
        ArgumentTypeError: It would need escapes.
    """
    if not text or not text.isprintable() or '"' in text or "\\" in text:
        raise ArgumentTypeError("use printable characters without quotes and backslashes")
    return text


def _owner(text: str) -> str:
    """Return an owner as it stands in the auth file.

    Raises:
        ArgumentTypeError: No key has such an owner.
    """
    if ":" in text:
        raise ArgumentTypeError("an owner has no colon: write what stands before it in keys")
    return _plain(text)


def _new(arguments: Namespace) -> int:
    from pannier_server.security.tokens import new_token, token_digest

    token = new_token()
    digest = token_digest(token).hex()
    if arguments.json:
        output.print_json({"token": token, "token_sha256": digest})
        return ExitCode.OK
    print(f"""\
The token, which is shown only now; give it to the caller, as PANNIER_TOKEN for example:

{token}

For the auth file; beside an identity that is there already, only the token_sha256 line counts:

[[identity]]
name = "{arguments.name}"
token_sha256 = ["{digest}"]
allow = [{{ owners = ["{arguments.owner}"], actions = ["read", "write"] }}]""")
    return ExitCode.OK
