"""A store of a third party: whether it opens and answers, by its own word."""

import asyncio
import time

from pannier_server.backends.contract import Call
from pannier_server.backends.errors import StorageError
from pannier_server.backends.registry import create_backend
from pannier_server.backends.store_url import StoreUrl
from pannier_server.doctor.check import Area, Check, Outcome, failed_as, ok

_LIMIT = 15.0


def area(url: StoreUrl) -> Area:
    """Return the one check that every backend can answer."""

    async def answers() -> Outcome:
        return await _answers(url)

    return Area(
        "Store",
        [
            Check(
                "store.answers",
                "answers",
                answers,
                needs=("settings.store",),
                limit=_LIMIT,
                when_slow="see that the store runs and can be reached from here",
            )
        ],
    )


async def _answers(url: StoreUrl) -> Outcome:
    backend = create_backend(url.text)
    deadline = asyncio.get_running_loop().time() + _LIMIT
    try:
        await backend.open()
        try:
            await backend.check(Call(int(time.time()), deadline))
        finally:
            await backend.close()
    except StorageError as error:
        return failed_as(error.message, "see the documentation of the store's backend")
    return ok(f"{backend.description} answers")
