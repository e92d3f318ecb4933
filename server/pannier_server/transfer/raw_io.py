"""Reading and writing that blocks, beside the event loop, over bare descriptors.

A pipe may block for as long as its other end likes. That must hold up neither requests
that are under way nor Ctrl-C, and not the end of the process either: buffered streams,
which Python flushes and locks at exit, would.
"""

import os

from pannier_server.backends.dynamodb.wire.daemon import run_in_daemon_thread

READ_BYTES = 1 << 20


async def write_all(descriptor: int, data: bytes) -> None:
    """Write all of some data.

    Raises:
        OSError: The disk is full, the reader of a pipe has gone.
    """

    def write() -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]

    await run_in_daemon_thread(write)


async def read_some(descriptor: int) -> bytes:
    """Read up to a megabyte; nothing at the end.

    Raises:
        OSError: It cannot be read.
    """
    return await run_in_daemon_thread(lambda: os.read(descriptor, READ_BYTES))


async def sync(descriptor: int) -> None:
    """Bring what was written to the disk.

    Raises:
        OSError: The disk fails.
    """
    await run_in_daemon_thread(lambda: os.fsync(descriptor))
