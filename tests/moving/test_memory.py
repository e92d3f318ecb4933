"""However much is moved, it takes little memory."""

import subprocess
from pathlib import Path

import pytest

from tests.moving.commands import COMMAND
from tests.moving.stores import fill_store, plain_records

RECORDS = 600
DATA_BYTES = 200_000
MOST_BYTES = 160 << 20
"""An export of these has 160 MB, and a process that holds none of it takes about 70."""


def peak_of(*arguments: str) -> int:
    """Run a command, and return the most memory that it had resident."""
    process = subprocess.Popen(
        ["/usr/bin/env", "python3", "-c", _WATCH, *COMMAND, *arguments],
        stdout=subprocess.PIPE,
    )
    printed, _ = process.communicate()
    assert process.returncode == 0
    return int(printed) * 1024


_WATCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_does_not_grow_with_the_number_of_records(
    source: str, destination: str, exported: Path
) -> None:
    fill_store(source, plain_records(RECORDS, DATA_BYTES))
    assert peak_of("export", "--store", source, "--output", str(exported)) < MOST_BYTES
    assert peak_of("import", "--store", destination, "--input", str(exported)) < MOST_BYTES
