"""Checks run one after the other; what one does leaves the others alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from pannier_server.backends.errors import StoreUnavailable
from pannier_server.doctor import Area, Check, Outcome, Status, examine
from pannier_server.doctor.check import in_thread, ok, warning


async def fine() -> Outcome:
    return ok("fine")


async def outcomes(*checks: Check) -> dict[str, Outcome]:
    area = Area("Area", checks)
    return {result.check.id: result.outcome async for result in examine([area])}


def raising(error: Exception) -> Callable[[], Awaitable[Outcome]]:
    def look() -> NoReturn:
        raise error

    return in_thread(look)


async def test_a_check_that_breaks_off_fails_alone_and_without_its_error_text() -> None:
    found = await outcomes(
        Check("a", "a", raising(RuntimeError("a secret"))), Check("b", "b", fine)
    )

    assert found["a"].status is Status.FAILED
    assert found["a"].summary == "the check itself broke off (RuntimeError)"
    assert found["a"].fix.startswith("report this as a bug")
    assert found["b"].status is Status.OK


async def test_an_error_of_the_store_is_parted_into_problem_and_fix() -> None:
    found = await outcomes(Check("a", "a", raising(StoreUnavailable("it is away; call it back"))))

    assert (found["a"].summary, found["a"].fix) == ("it is away", "call it back")


async def test_what_the_system_refuses_says_so() -> None:
    found = await outcomes(Check("a", "a", raising(PermissionError(13, "Permission denied"))))

    assert found["a"].summary == "cannot be looked at: Permission denied"
    assert found["a"].fix == "run it as the user that the sidecar runs as"


async def test_a_check_has_its_time_and_the_next_goes_on() -> None:
    async def for_ever() -> Outcome:
        await asyncio.Event().wait()
        return ok("never")

    slow = Check("a", "a", for_ever, limit=0.01, when_slow="look at the network")
    found = await outcomes(slow, Check("b", "b", fine))

    assert found["a"].status is Status.FAILED
    assert found["a"].summary == "no result within 10ms"
    assert found["a"].fix == "look at the network"
    assert found["b"].status is Status.OK


async def test_what_needs_a_failed_or_skipped_check_is_skipped() -> None:
    found = await outcomes(
        Check("a", "first", raising(RuntimeError())),
        Check("b", "second", fine, needs=("a",)),
        Check("c", "third", fine, needs=("b",)),
    )

    assert found["b"].status is Status.SKIPPED
    assert found["b"].summary == "needs first"
    assert found["c"].summary == "needs first"
    assert found["c"].facts == {"needs": ["b"]}


async def test_a_warning_is_enough_for_what_needs_it() -> None:
    async def warned() -> Outcome:
        return warning("hm", "do something")

    found = await outcomes(Check("a", "a", warned), Check("b", "b", fine, needs=("a",)))

    assert found["b"].status is Status.OK


async def test_an_area_is_closed_when_its_checks_are_done() -> None:
    order: list[str] = []

    async def look() -> Outcome:
        order.append("look")
        return ok("")

    async def close() -> None:
        order.append("close")

    areas = [Area("A", [Check("a", "a", look)], close), Area("B", [Check("b", "b", look)])]
    assert len([result async for result in examine(areas)]) == 2
    assert order == ["look", "close", "look"]
