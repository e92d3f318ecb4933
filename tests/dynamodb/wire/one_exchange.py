"""``python -m tests.dynamodb.wire.one_exchange PORT``: a request with 0.3 s for its answer."""

import asyncio
import sys

import uvloop

from pannier_server.backends.dynamodb.wire.connection import Connection
from pannier_server.backends.dynamodb.wire.errors import AttemptFailed

SECONDS = 0.3


async def main(port: int) -> None:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(loop, 1000), "127.0.0.1", port)
    try:
        answer = await connection.exchange(b"?", loop.time() + SECONDS)
        print(answer.body.decode())
    except AttemptFailed as failed:
        print("timed out" if failed.timed_out else failed)
    connection.abort()


if __name__ == "__main__":
    # As in the sidecar: this loop handles late timers before it reads sockets.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(sys.argv[1])))
