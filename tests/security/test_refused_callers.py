"""Refused callers are in the log, each call once, and cannot fill it."""

import logging
from collections.abc import Iterable
from dataclasses import replace

import grpc
import pytest

from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from tests.security.auth_files import AuthFileOnDisk, everything
from tests.security.calls import call, reflection_paths, storage_path
from tests.sidecars import channel_to


def warnings(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [one for one in caplog.records if one.levelno >= logging.WARNING]


async def refused(settings: Settings, paths: Iterable[str]) -> None:
    """Make calls without a token."""
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        for path in paths:
            assert (await call(channel, path)).code is grpc.StatusCode.UNAUTHENTICATED


async def test_a_caller_who_is_known_is_no_line(
    settings: Settings, auth_file: AuthFileOnDisk, caplog: pytest.LogCaptureFixture
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        await call(channel, storage_path("CleanupExpired"), token=caller.token)

    assert warnings(caplog) == []


@pytest.mark.parametrize(
    ("path", "rpc"),
    [
        (storage_path("Get"), "Get"),
        (storage_path("ListByPrefix"), "ListByPrefix"),
        *((path, "ServerReflectionInfo") for path in reflection_paths()),
    ],
)
async def test_a_refused_call_is_one_line_that_names_the_address(
    path: str,
    rpc: str,
    settings: Settings,
    auth_file: AuthFileOnDisk,
    caplog: pytest.LogCaptureFixture,
) -> None:
    auth_file.write(everything())
    with caplog.at_level(logging.DEBUG, "pannier_server.service"):
        await refused(settings, [path])

    (line,) = [one for one in caplog.records if "UNAUTHENTICATED" in one.getMessage()]
    assert warnings(caplog) == [line]
    assert line.getMessage().startswith(f"{rpc} failed after ")
    assert "peer=ipv4:127.0.0.1:" in line.getMessage()
    assert "send a token as" in line.getMessage()


async def test_refused_callers_cannot_fill_the_log(
    settings: Settings, auth_file: AuthFileOnDisk, caplog: pytest.LogCaptureFixture
) -> None:
    auth_file.write(everything())
    await refused(replace(settings, log_failed_calls=1), [storage_path("Get")] * 20)

    lines = [one.fields for one in warnings(caplog)]  # type: ignore[attr-defined]
    counts = [fields.get("left_out_count", 0) for fields in lines]
    assert len(counts) - counts.count(0) == counts.count(0)
    assert counts.count(0) + sum(counts) == 20
