"""Going on with one request where the table is throttled or away for a while."""

import asyncio
from random import uniform

from pannier_server.backends.contract import Call
from pannier_server.backends.dynamodb.cleanup import Ask
from pannier_server.backends.dynamodb.expressions import Request
from pannier_server.backends.dynamodb.wire.retries import Effect
from pannier_server.backends.errors import DeadlineExceeded, StoreUnavailable, Throttled

_ATTEMPT_SECONDS = 30.0
_LONGEST_WAIT = 2.0


async def ask_patiently(
    ask: Ask,
    operation: str,
    request: Request,
    effect: Effect = Effect.READ,
    *,
    owner: str,
    patience: float,
) -> bytes:
    """Return the answer to a request that may be made any number of times.

    Args:
        ask: Makes a request.
        operation: DynamoDB's name of it.
        request: Its body.
        effect: What it does.
        owner: Whose turn it takes where the table is throttled.
        patience: How long to go on after failures that pass, in seconds.

    Raises:
        StorageError: The last failure, or one that does not pass.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    wait = 0.05
    while True:
        # The clock of the call plays no part: what is asked holds its own.
        call = Call(0, min(deadline, loop.time() + _ATTEMPT_SECONDS))
        try:
            return await ask(operation, request, call, effect, owner=owner)
        except (Throttled, StoreUnavailable, DeadlineExceeded) as failure:
            wait = min(wait * 2, _LONGEST_WAIT)
            pause = max(getattr(failure, "retry_delay", 0.0), uniform(wait / 2, wait))
            if loop.time() + pause >= deadline:
                raise
            await asyncio.sleep(pause)
