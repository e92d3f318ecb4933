"""Probes."""
import asyncio
import gc
import pytest
from bench.attacks import frames
from bench.attacks.frames import END_STREAM, Setting
from tests.transport.serving.client import *
from tests.transport.serving.servers import *


async def test_basic():
    async with serving() as s, connected(s.port) as c:
        a = await c.answer(c.call())
        assert a.messages == [b"hello"] and a.status == 0

async def test_held_leak():
    big = bytes(300_000)
    async def handler(request, ctx):
        return big
    async with serving({"Echo": unary(handler)}) as s, connected(s.port) as c:
        for _ in range(5):
            st = c.call()
            got = 0
            while not c.answers[st].ended:
                f = await c.frame()
                if f.kind == 0 and f.payload:
                    c.send(frames.window_update(0, len(f.payload)), frames.window_update(st, len(f.payload)))
            assert c.answers[st].status == 0
        assert s.meters.held_bytes == 0

async def test_reset_before_task():
    started = []
    async def handler(requests, ctx):
        started.append(1)
        await asyncio.sleep(100)
        return b""
    async with serving({"Echo": stream_unary(handler)}) as s, connected(s.port) as c:
        for _ in range(5):
            st = c.next_stream()
            c.send(frames.headers(st, request_block("Echo")), frames.rst_stream(st))
        await c.round_trip()
        await turns(3)
        assert s.meters.running == 0
        assert s.protocol.connection.lingering == 0

async def test_reset_before_task_unary():
    ended = []
    async def handler(request, ctx):
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            ended.append(1)
            raise
    async with serving({"Echo": unary(handler)}) as s, connected(s.port) as c:
        st = c.next_stream()
        c.send(call(st), frames.rst_stream(st))
        await c.round_trip()
        await turns(3)
        assert ended
        assert s.meters.running == 0
        assert s.protocol.connection.lingering == 0

async def test_spin():
    async with serving() as s, connected(s.port) as c:
        await c.round_trip()
        p = s.protocol
        n = 0
        orig = p._proceed
        c.send(frames.ping()*400 + frames.ping())
        await until(lambda: p.connection.cut)
        p.abort()
        await turns(20)
        cb = [h for h in getattr(asyncio.get_running_loop(), '_ready', [])]
        print(len(cb), cb[:3])
        class X: pass
        calls=[]
        ServerProtocol._resume_reading, orig = (lambda self: (calls.append(1), orig(self))), ServerProtocol._resume_reading
        await turns(20)
        ServerProtocol._resume_reading = orig
        assert not calls
