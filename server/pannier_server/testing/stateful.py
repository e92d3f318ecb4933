"""A stateful property test: a backend and a plain model, driven by the same operations.

Hypothesis makes up sequences of operations over few keys, with retries of earlier
writes and a clock that advances, and shortens a sequence that fails. Every answer,
error and fact is compared with `pannier_server.testing.model`, and after each
operation the whole lists are.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from pannier_server.backends.contract import StorageBackend
from pannier_server.testing.machine import BackendMachine


@asynccontextmanager
async def opened(backend: StorageBackend) -> AsyncIterator[StorageBackend]:
    """Open a backend, and close it in the end."""
    await backend.open()
    try:
        yield backend
    finally:
        await backend.close()


def run_stateful(
    open_backend: Callable[[], AbstractAsyncContextManager[StorageBackend]],
    *,
    max_examples: int = 60,
    steps: int = 40,
) -> None:
    """Compare a backend with the model over random sequences of operations.

    Args:
        open_backend: Opens the backend. It is called once, on an event loop of its own;
            every sequence uses the same backend, with owners of its own.
        max_examples: How many sequences to try.
        steps: The most operations in one sequence.

    Raises:
        AssertionError: An answer differs; Hypothesis prints the shortest sequence
            of operations that shows it.
    """
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        backend = runner.run(stack.enter_async_context(open_backend()))
        machine = type(
            "OpenedBackendMachine",
            (BackendMachine,),
            {"backend": backend, "run": staticmethod(runner.run)},
        )
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=max_examples,
                    stateful_step_count=steps,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(stack.aclose())
