"""The command line's parser: errors in one line, and commands that load when chosen."""

from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter, _SubParsersAction
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn, TypeAlias


class Parser(ArgumentParser):
    """A parser that takes its arguments from ``fill`` only when it is used.

    So the arguments, and the imports behind them, of one command cost the others
    nothing.
    """

    def __init__(self, *, fill: Callable[["Parser"], None] | None = None, **options: Any) -> None:
        """Make an empty parser; ``options`` are those of ArgumentParser."""
        options.setdefault("formatter_class", RawDescriptionHelpFormatter)
        # An abbreviation that works today is ambiguous with tomorrow's option.
        super().__init__(allow_abbrev=False, **options)
        self._fill = fill

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Parse arguments; what is unknown is an error here, where it can be named best."""
        self.complete()
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown[0])
        return parsed, []

    def complete(self) -> None:
        """Take the arguments from ``fill``, unless that is done."""
        if self._fill:
            fill, self._fill = self._fill, None
            fill(self)

    def add_commands(self) -> "Commands":
        """Make room for commands; without one, the help is printed."""
        self.set_defaults(run=self._print_help)
        return self.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)

    def error(self, message: str) -> NoReturn:
        """Print one line and end with exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _print_help(self, _: Namespace) -> int:
        self.print_help()
        return 2

    def _refuse(self, argument: str) -> NoReturn:
        if not argument.startswith("-"):
            self.error(f"unexpected argument {argument!r}")
        flag = argument.partition("=")[0]
        near = get_close_matches(flag, self._option_string_actions, 1)
        self.error(f"unknown option {flag}" + (f", did you mean {near[0]}?" if near else ""))


# argparse has no public name for what add_subparsers answers.
Commands: TypeAlias = "_SubParsersAction[Parser]"


def add_command(commands: Commands, name: str, summary: str, module: str) -> None:
    """Add a command whose arguments and work are in a module.

    Args:
        commands: Where to add it.
        name: The command's name.
        summary: One line on what it does.
        module: A module with ``add_arguments(parser)``, which also sets the default
            ``run``: a function from the parsed arguments to the exit code.
    """

    def fill(parser: Parser) -> None:
        import_module(module).add_arguments(parser)

    commands.add_parser(name, help=summary, description=f"{summary}.", fill=fill)
