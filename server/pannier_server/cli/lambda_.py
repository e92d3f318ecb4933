"""``pannier lambda``: the sidecar beside a function of AWS Lambda."""

from argparse import Namespace

from pannier_server.cli.parser import Parser

_EPILOG = """\
Lambda starts each file in /opt/extensions. The layer that `make layer` builds has this program
there; in a function's container image a file that runs this command does. Every setting is a
PANNIER_ variable of the function, as for `pannier serve`; PANNIER_STORE has to be there.
docs/lambda.md shows all of it.

examples:
  pannier lambda
  pannier lambda --name storage

The exit code is 0 after Lambda has ended the sandbox, 1 where it could not start or Lambda
could not be asked, 2 where there is no Lambda.
"""


def add_arguments(parser: Parser) -> None:
    """Add the command's arguments."""
    parser.set_defaults(run=run)
    parser.epilog = _EPILOG
    parser.add_argument(
        "--name",
        default="pannier",
        help="the name of the file in /opt/extensions that Lambda has started (default: pannier)",
    )


def run(arguments: Namespace) -> int:
    """Run the sidecar until Lambda ends the sandbox; return the exit code."""
    from pannier_server.extension.run import run as run_extension

    return run_extension(arguments.name)
