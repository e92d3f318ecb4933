"""Users behind Unix sockets: who may connect at all, and who is known by its number."""

import os
from dataclasses import replace
from pathlib import Path

import grpc
import pytest

from pannier_server.app import running_sidecar
from pannier_server.config import Settings, SettingsError, UnixAddress
from tests.security.auth_files import AuthFileOnDisk, Caller, everything
from tests.security.calls import call, request_to, storage_path
from tests.sidecars import LOOPBACK, channel_to

PUT = request_to("Put", "o").SerializeToString()
OWN = os.geteuid()
OTHER = OWN + 1
OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


@pytest.fixture
def unix(tmp_path: Path) -> Settings:
    """Settings of a sidecar on a Unix socket and on loopback, with our own transport."""
    listen = (UnixAddress(str(tmp_path / "p.sock")), *LOOPBACK)
    return Settings(store="memory:", listen=listen, grace=1.0, transport="h2")


async def put(settings: Settings, token: str | None = None, *, index: int = 0) -> grpc.StatusCode:
    async with running_sidecar(settings) as sidecar:
        at = replace(sidecar, addresses=sidecar.addresses[index:])
        async with channel_to(at) as channel:
            return (await call(channel, storage_path("Put"), PUT, token=token)).code


@pytest.mark.parametrize(
    ("user", "code"), [(OWN, OK), (OTHER, UNAUTHENTICATED)], ids=["own", "other"]
)
async def test_a_user_in_the_auth_file_needs_no_token(
    unix: Settings, auth_file: AuthFileOnDisk, user: int, code: grpc.StatusCode
) -> None:
    auth_file.write(Caller("someone", [("o", "write")], uid=[user]))

    assert await put(replace(unix, auth=str(auth_file))) is code


async def test_a_user_is_not_known_over_tcp(unix: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.write(Caller("someone", [("o", "write")], uid=[OWN]))

    assert await put(replace(unix, auth=str(auth_file)), index=1) is UNAUTHENTICATED


async def test_a_user_has_its_own_rights_only(unix: Settings, auth_file: AuthFileOnDisk) -> None:
    auth_file.write(Caller("someone", [("p", "write")], uid=[OWN]), everything())

    code = await put(replace(unix, auth=str(auth_file)))

    assert code is grpc.StatusCode.PERMISSION_DENIED


async def test_a_token_decides_alone(unix: Settings, auth_file: AuthFileOnDisk) -> None:
    caller = everything()
    auth_file.write(Caller("someone", uid=[OWN]), caller)
    settings = replace(unix, auth=str(auth_file))

    assert await put(settings, caller.token) is OK
    assert await put(settings, "wrong") is UNAUTHENTICATED


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ((OWN,), OK),
        ((OTHER, OWN), OK),
        ((), OK),
        ((OTHER,), grpc.StatusCode.UNAVAILABLE),
    ],
)
async def test_only_users_that_are_named_may_connect(
    unix: Settings, users: tuple[int, ...], code: grpc.StatusCode
) -> None:
    assert await put(replace(unix, socket_user=users)) is code


async def test_users_may_be_named_by_name(unix: Settings) -> None:
    assert await put(replace(unix, socket_user=("root",))) is (
        OK if OWN == 0 else grpc.StatusCode.UNAVAILABLE
    )


async def test_tcp_is_open_beside_a_socket_for_some_users(unix: Settings) -> None:
    assert await put(replace(unix, socket_user=(OTHER,)), index=1) is OK


async def test_a_refused_user_is_logged_once(
    unix: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_sidecar(replace(unix, socket_user=(OTHER,))) as sidecar:
        for _ in range(3):
            async with channel_to(sidecar) as channel:
                await call(channel, storage_path("Put"), PUT)

    said = [one.getMessage() for one in caplog.records if "refused a connection" in one.message]
    assert said == [f"refused a connection: user {OWN} may not use this Unix socket"]


@pytest.mark.parametrize(
    ("user", "says"),
    [
        ("nobody-has-this-name", "there is no user 'nobody-has-this-name'"),
        (65_534, "65534 stands for every user that a container does not know"),
    ],
)
async def test_a_user_that_is_none_is_refused_at_start(
    unix: Settings, user: str | int, says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        await put(replace(unix, socket_user=(user,)))
