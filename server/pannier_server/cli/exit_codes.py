"""How the command ends: exit codes for scripts, and the failure that carries one."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the command's exit code says."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    CONFLICT = 4
    TRY_AGAIN = 5
    UNKNOWN = 6
    INTERRUPTED = 130
    BROKEN_PIPE = 141


EXPLAINED = """\
exit codes:
  0  done
  1  failed in another way; the message says how
  2  wrong command line, setting, key or other argument
  3  no live record has the key
  4  the record has another version or etag, or exists already
  5  the sidecar or its store cannot be reached, is too slow or too busy now: try
     again; a write was not applied
  6  a write may or may not have been applied; read the record to find out
"""
"""The exit codes of commands about records, for ``--help``."""


class CommandFailed(Exception):
    """A failure that was expected; the message is for people and has no stack trace.

    Attributes:
        code: The exit code.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILED) -> None:
        """Keep the message and the exit code."""
        super().__init__(message)
        self.code = code
