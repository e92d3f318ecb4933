"""How many files, and so connections, the process may have open."""

import resource
from contextlib import suppress
from pathlib import Path

# The most that Linux lets any process have, whatever its limits say.
_SYSTEM_MAXIMUM = Path("/proc/sys/fs/nr_open")


def raise_open_file_limit() -> None:
    """Raise this process's limit as far as it may; workers started later inherit it.

    Most systems start processes with 1,024, for the sake of programs that use
    select(2), and let them ask for more. Where even that is refused, it stays.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard
    if hard == resource.RLIM_INFINITY:
        with suppress(OSError):
            wanted = int(_SYSTEM_MAXIMUM.read_text())
    if wanted != soft:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
