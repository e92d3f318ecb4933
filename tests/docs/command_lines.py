"""The commands in a block of shell code, found without running it."""

import re
import shlex
from collections.abc import Iterator, Sequence

_OPERATORS = re.compile(r"[;&|()<>]+")
# The digit of `2>file`, which is no argument.
_DESCRIPTOR = re.compile(r"(?<=\s)\d(?=[<>])")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_BEFORE_COMMANDS = {"exec", "then", "do", "else", "!", "{", "time", "sudo", "nohup", "$"}

Command = Sequence[str]


def lines(text: str) -> Iterator[str]:
    """Join what a shell reads as one line: continued ones, and quotes over several."""
    pending = ""
    for line in text.splitlines():
        pending += line
        if pending.endswith("\\"):
            pending = pending[:-1]
        elif _is_whole(pending):
            if pending.strip():
                yield pending
            pending = ""
        else:
            pending += "\n"
    if pending.strip():
        yield pending


def commands(text: str) -> Iterator[Command]:
    """Return each command with its arguments, without assignments and redirections."""
    for line in lines(text):
        command: list[str] = []
        into_file = False
        for word in _words(line):
            if _OPERATORS.fullmatch(word):
                into_file = "(" not in word and any(sign in word for sign in "<>")
                if not into_file:
                    yield from _named(command)
                    command = []
            elif into_file:
                into_file = False
            else:
                command.append(word)
        yield from _named(command)


def _named(command: Sequence[str]) -> Iterator[Command]:
    words = list(command)
    while words and (_ASSIGNMENT.fullmatch(words[0]) or words[0] in _BEFORE_COMMANDS):
        words.pop(0)
    if words:
        yield words


def _is_whole(line: str) -> bool:
    try:
        _words(line)
    except ValueError:
        return False
    return True


def _words(line: str) -> list[str]:
    return list(_lexer(_DESCRIPTOR.sub("", line)))


def _lexer(line: str) -> shlex.shlex:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()<>")
    lexer.whitespace_split = True
    return lexer
