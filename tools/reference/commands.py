"""The command line's page: every command, argument and default, from the parser itself."""

# argparse shows what it knows as help only; its attributes are the one way to the same facts.
# ruff: noqa: SLF001

from argparse import Action, BooleanOptionalAction, _HelpAction, _SubParsersAction, _VersionAction
from collections.abc import Iterator

from pannier_server.cli.exit_codes import EXPLAINED
from pannier_server.cli.parser import Parser
from pannier_server.config.options import flag_name
from pannier_server.config.settings import OPTIONS
from tools.reference.markdown import sentence, table, with_code

_EXAMPLES = "not run: examples, whose arguments a test gives to the parser"


def commands_page(parser: Parser) -> str:
    """Return the page of a parser and the commands below it."""
    return "\n".join(["# The command line\n", *_command(parser), *_exit_codes()])


def _command(parser: Parser) -> Iterator[str]:
    parser.complete()
    below = [action for action in parser._actions if isinstance(action, _SubParsersAction)]
    yield f"## {parser.prog}\n"
    yield f"{_description(parser)}\n"
    for group in parser._action_groups:
        rows = [
            [_written(action), with_code(_help(action))]
            for action in group._group_actions
            if not isinstance(action, (_HelpAction, _SubParsersAction))
            and not _is_setting(parser, action)
        ]
        if rows:
            yield table([_heading(group.title), ""], rows)
    if parser.prog.endswith(" serve"):
        yield "Each [setting](settings.md) is an option too.\n"
    yield from _examples(parser)
    for action in below:
        for command in action.choices.values():
            yield from _command(command)


def _description(parser: Parser) -> str:
    return with_code(" ".join((parser.description or "").split()))


def _heading(title: str | None) -> str:
    return {"positional arguments": "Argument", "options": "Option", None: "Option"}.get(
        title, (title or "").capitalize()
    )


def _written(action: Action) -> str:
    if not action.option_strings:
        optional = ", optional" if action.nargs == "?" else ""
        return f"`{action.metavar or action.dest.upper()}`{optional}"
    metavar = action.metavar or action.dest.upper()
    takes_value = action.nargs != 0 and not isinstance(action, _VersionAction)
    names = [f"{name} {metavar}" if takes_value else name for name in action.option_strings]
    return ", ".join(f"`{name}`" for name in names)


def _help(action: Action) -> str:
    text = action.help or ""
    if isinstance(action, BooleanOptionalAction):
        # Some versions of Python add the default once more.
        text = text.removesuffix(" (default: %(default)s)")
    return sentence(text.replace("%%", "%"))


def _is_setting(parser: Parser, action: Action) -> bool:
    flags = {flag_name(name) for name in OPTIONS}
    return parser.prog.endswith(" serve") and bool(flags & set(action.option_strings))


def _examples(parser: Parser) -> Iterator[str]:
    text = (parser.epilog or "").replace(EXPLAINED, "").strip()
    before, found, after = text.partition("examples:\n")
    if before.strip():
        yield f"```text\n{before.strip()}\n```\n"
    if found:
        examples, _, rest = after.partition("\n\n")
        lines = "\n".join(line.removeprefix("  ") for line in examples.splitlines())
        yield f"<!-- {_EXAMPLES} -->\n```sh\n{lines}\n```\n"
        if rest.strip():
            yield with_code(" ".join(rest.split())) + "\n"


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "Of the commands that talk to a sidecar:\n"
    yield f"```text\n{EXPLAINED.partition(chr(10))[2].rstrip()}\n```\n"
