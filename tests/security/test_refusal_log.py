"""Refused callers are in the log, and cannot fill it."""

import pytest

from pannier_server.app import running_sidecar
from pannier_server.config import Settings
from pannier_server.security.refusals import RefusalLog
from tests.security.auth_files import AuthFileOnDisk, everything
from tests.security.calls import call, storage_path
from tests.sidecars import channel_to


class Clock:
    time = 1000.0

    def __call__(self) -> float:
        return self.time


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if "refused a call" in one.getMessage()]


def test_the_first_is_said_and_then_one_line_in_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    log = RefusalLog(clock)
    for _ in range(5):
        log.note("ipv4:10.0.0.1:1", "no token")
    clock.time += 9.9
    log.note("ipv4:10.0.0.1:1", "no token")
    clock.time += 0.2
    log.note("ipv4:10.0.0.2:2", "wrong token")
    clock.time += 10
    log.note("ipv4:10.0.0.3:3", "wrong token")

    assert lines(caplog) == [
        "refused a call of ipv4:10.0.0.1:1: no token",
        "refused a call of ipv4:10.0.0.2:2, and 5 before it: wrong token",
        "refused a call of ipv4:10.0.0.3:3: wrong token",
    ]


async def test_a_sidecar_names_the_address_of_a_stranger(
    settings: Settings, auth_file: AuthFileOnDisk, caplog: pytest.LogCaptureFixture
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        await call(channel, storage_path("CleanupExpired"), token=caller.token)
        assert lines(caplog) == []
        for _ in range(3):
            await call(channel, storage_path("Get"))

    (line,) = lines(caplog)
    assert line.startswith("refused a call of ipv4:127.0.0.1:")
    assert line.partition(": this sidecar")[1]
