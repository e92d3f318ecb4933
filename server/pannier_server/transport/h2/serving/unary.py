"""Calls with one request and one answer."""

import asyncio
from asyncio import _enter_task, _leave_task
from collections.abc import Coroutine
from contextvars import Context, copy_context
from typing import Any

from pannier_server.transport.h2.http2.stream import Stream
from pannier_server.transport.h2.serving.call import Call
from pannier_server.transport.h2.serving.resumption import Resumption
from pannier_server.transport.h2.wire.answers import unary_answer
from pannier_server.transport.h2.wire.codes import INTERNAL
from pannier_server.transport.h2.wire.heads import RequestHead
from pannier_server.transport.h2.wire.messages import PREFIX_BYTES


class UnaryCall(Call):
    """A call whose handler runs as far as it can at once, and in a task only if it waits."""

    __slots__ = ("_body",)

    # -- the request, where it comes in pieces

    def expect(self, stream: Stream[RequestHead]) -> None:
        """Take the request from a stream."""
        self.stream = stream
        self._body = self._new_body(stream)

    def received(self, data: bytes) -> None:
        """Take a piece of the request."""
        if not self._over:
            self._take_single(self._body, data)

    def look(self, now: float) -> None:
        """Take a look of the sweep, on its clock."""
        if self._task is None and not self._over:
            self._look_at_request(self._body, now)

    def ended(self) -> None:
        """Start the handler once the request is complete."""
        if self._over:
            return
        body = self._body
        if not body.messages or body.is_partial:
            self._end(INTERNAL, "the request is not one whole message", ())
        elif not self._has_expired():
            self._protocol.held.release(self)
            self.start(body.pop())

    # -- the handler

    def start(self, message: bytes) -> None:
        """Run the handler up to its first wait, and answer if it comes to its end.

        Doing so without a task saves a call that does not wait about 3 us.
        """
        protocol = self._protocol
        protocol.meters.calls += 1
        method = self._method
        loop = protocol.loop
        variables = copy_context()
        # What asks for the current task in the first step gets this call, which passes
        # `cancel` and the like on to the task that it will have become by then.
        _enter_task(loop, self)  # type: ignore[arg-type]
        try:
            try:
                request = message if method.deserialize is None else method.deserialize(message)
            except Exception:  # noqa: BLE001 (any codec's)
                self._end_unreadable()
                return
            coroutine = method.behaviour(request, self)
            awaited = variables.run(coroutine.send, None)
        except StopIteration as done:
            self._answer(done.value)
            return
        except Exception as error:  # noqa: BLE001 (a handler may raise anything)
            self._end_for(error)
            return
        except asyncio.CancelledError as error:
            self._end_for(error)
            return
        finally:
            _leave_task(loop, self)  # type: ignore[arg-type]
        self._go_on(coroutine, awaited, variables)

    def _go_on(self, coroutine: Coroutine[Any, Any, Any], awaited: Any, variables: Context) -> None:
        """Hand the rest of the handler over to a task."""
        self._open_stream()
        rest = self._finish(Resumption(coroutine, awaited))
        task = self._protocol.loop.create_task(rest, context=variables)
        self._run_task(task)
        self._watch_deadline()
        if self._extras and self._extras.cancels:
            self._cancel(task)

    async def _finish(self, resumption: Resumption) -> None:
        try:
            answer = await resumption
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 (as above)
            self._end_for(error)
        else:
            self._answer(answer)
        finally:
            self._task_ended()
        self._protocol.flush_soon()

    def _answer(self, answer: Any) -> None:
        if self._over:
            return
        if self._extras and self._extras.code:
            self._send_status()
            return
        serialize = self._method.serialize
        try:
            message = answer if serialize is None else serialize(answer)
            size = len(message)
        except Exception as error:  # noqa: BLE001 (as above)
            self._end_for(error)
            return
        connection = self._protocol.connection
        if not self._extras and connection.outbox.claim(size + PREFIX_BYTES):
            connection.outbox.frames.append(unary_answer(self._stream_id, message))
            if self.stream is not None:
                connection.finished(self.stream)
            # All that `_settle` would do for a call that has set nothing.
            self._over = True
            if self._timer:
                self._timer.cancel()
            return
        self._send_message(self._open_stream(), message)
        self._send_status()

    # -- what asyncio asks of a current task

    def cancel(self, msg: Any = None) -> bool:
        """Cancel the handler, at its first wait where it has not come to it yet."""
        if self._task is not None:
            return self._cancel(self._task, msg)
        self._set().cancels += 1
        return True

    def cancelling(self) -> int:
        """Return how often the handler was cancelled."""
        if self._task is not None:
            return self._task.cancelling()
        return self._extras.cancels if self._extras else 0

    def uncancel(self) -> int:
        """Take one cancellation back."""
        if self._task is not None:
            return self._task.uncancel()
        if self._extras and self._extras.cancels:
            self._extras.cancels -= 1
        return self.cancelling()

    def get_name(self) -> str:
        """Return what a log calls it."""
        return f"call of {self._head.path}"
