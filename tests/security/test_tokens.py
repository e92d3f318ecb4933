"""Bearer tokens: which forms are taken, and what becomes of calls when they change."""

import grpc
import pytest

import pannier
from pannier_server.app import Sidecar, running_sidecar
from pannier_server.config import Settings
from pannier_server.security.tokens import PREFIX, new_token, token_digest
from tests.security.auth_files import AuthFileOnDisk, Caller, everything
from tests.security.calls import Answer, call, request_to, storage_path
from tests.sidecars import channel_to, eventually

PUT = request_to("Put", "o").SerializeToString()
OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


async def put_with(channel: grpc.aio.Channel, *authorizations: str) -> Answer:
    metadata = tuple(("authorization", value) for value in authorizations)
    return await call(channel, storage_path("Put"), PUT, metadata=metadata)


async def put(channel: grpc.aio.Channel, token: str) -> grpc.StatusCode:
    return (await put_with(channel, f"Bearer {token}")).code


def test_a_token_is_256_random_bits_that_scanners_recognise() -> None:
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    for token in tokens:
        assert token.startswith(PREFIX)
        assert len(token.removeprefix(PREFIX)) * 6 >= 256
        assert len(token_digest(token)) == 32


async def test_the_python_client_calls_with_its_token(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar:
        at = str(sidecar.addresses[0])
        async with pannier.aio.connect(at, token=caller.token) as store:
            assert (await store.put("o:n", b"")).version == 1
        async with pannier.aio.connect(at, token=new_token()) as store:
            with pytest.raises(pannier.Unauthenticated) as refused:
                await store.put("o:n", b"")
    assert refused.value.write_outcome is pannier.WriteOutcome.NOT_APPLIED


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}"])
async def test_the_scheme_may_be_written_in_any_case(
    settings: Settings, auth_file: AuthFileOnDisk, form: str
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert (await put_with(channel, form.format(caller.token))).code is OK


@pytest.mark.parametrize(
    "form",
    ["{}", "Basic {}", "Bearer", "Bearer ", "Bearer{}", "Bearer {}x", "Bearer {} x", "Bearer x{}"],
)
async def test_other_forms_are_refused(
    settings: Settings, auth_file: AuthFileOnDisk, form: str
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        answer = await put_with(channel, form.format(caller.token))

    assert answer.code is UNAUTHENTICATED
    assert answer.error is not None
    assert caller.token not in (answer.error.details() or "")


async def test_two_tokens_are_refused_though_both_are_right(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    one, two = everything("one"), everything("two")
    auth_file.write(one, two)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        answer = await put_with(channel, f"Bearer {one.token}", f"Bearer {two.token}")

    assert answer.code is UNAUTHENTICATED


async def test_a_digest_is_no_token(settings: Settings, auth_file: AuthFileOnDisk) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert await put(channel, token_digest(caller.token).hex()) is UNAUTHENTICATED


async def test_a_caller_with_two_tokens_changes_from_one_to_the_other(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    caller = everything()
    old, new = caller.token, new_token()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert await put(channel, old) is OK

        caller.tokens = [old, new]
        await reload(sidecar, auth_file, channel, caller, becomes=OK, token=new)
        assert await put(channel, old) is OK

        caller.tokens = [new]
        await reload(sidecar, auth_file, channel, caller, becomes=UNAUTHENTICATED, token=old)
        assert await put(channel, new) is OK


async def test_a_right_that_is_taken_away_is_gone_with_the_next_call(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert await put(channel, caller.token) is OK
        caller.rules = [("o", "read")]
        denied = grpc.StatusCode.PERMISSION_DENIED
        await reload(sidecar, auth_file, channel, caller, becomes=denied, token=caller.token)


async def test_nobody_is_left_when_the_file_is_emptied(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    caller = everything()
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        assert await put(channel, caller.token) is OK
        await reload(sidecar, auth_file, channel, becomes=UNAUTHENTICATED, token=caller.token)


async def reload(
    sidecar: Sidecar,
    auth_file: AuthFileOnDisk,
    channel: grpc.aio.Channel,
    *callers: Caller,
    becomes: grpc.StatusCode,
    token: str,
) -> None:
    """Write the file, have it read, and wait until a token fares as it then should."""
    auth_file.write(*callers)
    sidecar.reloader.ask()

    async def is_read() -> bool:
        return await put(channel, token) is becomes

    await eventually(is_read)
