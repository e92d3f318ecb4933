"""What a process takes of the machine, under the names that Prometheus' clients use."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pannier_server import __version__
from pannier_server.backends.store_url import parse_store_url
from pannier_server.config import Settings
from pannier_server.metrics.samples import Sample, Snapshot, sample

_PROC = Path("/proc/self")


class ProcessUsage:
    """Asks the system about this process."""

    def __init__(self) -> None:
        """Take the time: the sidecar starts now."""
        self._started = time.time()

    def samples(self) -> Iterator[Sample]:
        """Return what it takes now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield sample("process_cpu_seconds_total", used.ru_utime + used.ru_stime)
        yield sample("process_start_time_seconds", self._started)
        most_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most_files != resource.RLIM_INFINITY:
            yield sample("process_max_fds", most_files)
        # Not there on other systems, and not to be read by a process that has no file left.
        with suppress(OSError):
            yield from _linux_samples()


def _linux_samples() -> Iterator[Sample]:
    pages = (_PROC / "statm").read_text().split()
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    yield sample("process_virtual_memory_bytes", int(pages[0]) * page_bytes)
    yield sample("process_resident_memory_bytes", int(pages[1]) * page_bytes)
    # The folder itself is open while it is listed.
    yield sample("process_open_fds", sum(1 for _ in (_PROC / "fd").iterdir()) - 1)


def worker_samples(*, restarts: int, silent: int) -> Snapshot:
    """Return what is known of the processes beside what they say."""
    return [
        sample("pannier_worker_restarts_total", restarts),
        sample("pannier_workers_silent", silent),
    ]


def build_samples(settings: Settings) -> Snapshot:
    """Return what runs, as a sample that is 1."""
    python = ".".join(map(str, sys.version_info[:3]))
    store = parse_store_url(settings.store).scheme
    return [sample("pannier_build_info", 1, __version__, python, settings.transport, store)]
