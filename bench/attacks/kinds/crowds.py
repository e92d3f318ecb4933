"""Very many connections that do little or nothing."""

from bench.attacks import frames, header_blocks
from bench.attacks.attack import Attack, Target, Volley, greeting, stream_ids

WATCH = b"/grpc.health.v1.Health/Watch"
WATCHES = 100
HALF = frames.PREFACE[: len(frames.PREFACE) // 2]


def connected_only(_target: Target) -> Attack:
    """1,000 connections on which nothing is ever sent."""
    return Attack(opening=Volley(), connections=1_000)


def half_open(_target: Target) -> Attack:
    """1,000 connections with half a preface."""
    return Attack(opening=Volley(HALF), connections=1_000)


def idle(_target: Target) -> Attack:
    """500 connections that were set up and make no call."""
    return Attack(
        opening=greeting(frames.frame(frames.FrameType.SETTINGS, flags=frames.ACK)), connections=500
    )


def endless_watches(target: Target) -> Attack:
    """Two thousand calls that end only when their client goes: Watch of the health service."""
    block = header_blocks.request(WATCH, target.authority)
    calls = [
        frames.headers(stream, block) + frames.data(stream, frames.message(b""), frames.END_STREAM)
        for stream in stream_ids(WATCHES)
    ]
    return Attack(opening=greeting(*calls), connections=20)


def connection_churn(target: Target) -> Attack:
    """1,000 connections at a time, each with one call and closed a tenth of a second later."""
    return Attack(opening=greeting(target.call(1)), connections=1_000, lasts=0.1)


def connection_churn_silent(_target: Target) -> Attack:
    """Connections that are closed as soon as they are open."""
    return Attack(opening=Volley(), connections=50, lasts=0.0)


ATTACKS = (
    connected_only,
    half_open,
    idle,
    endless_watches,
    connection_churn,
    connection_churn_silent,
)
