"""Which file system a path is on, as Linux tells it (proc_pid_mountinfo(5))."""

from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


def file_system_of(path: Path, mounts: str) -> tuple[str, str] | None:
    """Return the type and the mount point of the file system that holds a path.

    Args:
        path: An absolute path without links.
        mounts: The content of ``/proc/self/mountinfo``.

    Returns:
        None where no line tells.
    """
    best: tuple[str, str] | None = None
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5:
            continue
        point = _unescaped(fields[4])
        # Of two at one point the later line is mounted over the other.
        if path.is_relative_to(point) and (best is None or len(point) >= len(best[1])):
            best = after.split(" ", 1)[0], point
    return best


def _unescaped(text: str) -> str:
    for written, meant in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(written, meant)
    return text
