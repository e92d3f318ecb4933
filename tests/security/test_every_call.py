"""Every method of every service is refused without an identity, and without the right rule."""

from typing import Any

import grpc
import pytest

import pannier_server.app
from pannier_server.app import running_sidecar
from pannier_server.backends.contract import StorageBackend
from pannier_server.backends.memory import MemoryBackend
from pannier_server.config import Settings
from pannier_server.security.tokens import new_token
from pannier_server.transport.registry import create_transport
from tests.security.auth_files import AuthFileOnDisk, Caller
from tests.security.calls import (
    ACTIONS,
    STORAGE,
    Answer,
    call,
    health_paths,
    reflection_paths,
    request_to,
    storage_path,
)
from tests.sidecars import LOOPBACK, channel_to
from tests.statuses import failure_of

METHODS = [method.name for method in STORAGE.methods]
WRITES = {"Put", "PutIfVersion", "Delete", "CleanupExpired"}
OK = grpc.StatusCode.OK
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED


class UntouchedBackend(MemoryBackend):
    """Records in memory that nobody may ask for."""

    def __getattribute__(self, name: str) -> Any:
        if name in {"get", "put", "put_if_version", "delete", "list_page", "cleanup_expired"}:
            raise AssertionError(f"a refused call has reached the store: {name}")
        return super().__getattribute__(name)


def test_every_method_has_an_action() -> None:
    assert set(METHODS) == ACTIONS.keys()


async def ask(
    settings: Settings,
    method: str,
    *,
    owner: str = "o",
    token: str | None,
    backend: StorageBackend | None = None,
) -> Answer:
    """Call a method of the storage service, with a record there."""
    async with (
        running_sidecar(settings, backend=backend) as sidecar,
        channel_to(sidecar) as channel,
    ):
        request = request_to(method, owner).SerializeToString()
        return await call(channel, storage_path(method), request, token=token)


def assert_refused(answer: Answer, code: grpc.StatusCode, method: str) -> str:
    """Check everything that a refusal has, and return its message."""
    assert answer.code is code
    assert answer.error is not None
    failure = failure_of(answer.error)
    assert failure.reason == code.name
    assert failure.write_outcome == ("not_applied" if method in WRITES else None)
    assert not failure.details
    return failure.message


@pytest.mark.parametrize("method", METHODS)
async def test_without_an_identity_it_is_unauthenticated(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    auth_file.write(Caller("one", [("*", "read write cleanup")]))

    answer = await ask(settings, method, token=None, backend=UntouchedBackend())

    message = assert_refused(answer, UNAUTHENTICATED, method)
    assert "authorization: Bearer TOKEN" in message


@pytest.mark.parametrize("method", METHODS)
async def test_with_a_token_that_nobody_has_it_is_unauthenticated(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    auth_file.write(Caller("one", [("*", "read write cleanup")]))
    unknown = new_token()

    answer = await ask(settings, method, token=unknown, backend=UntouchedBackend())

    message = assert_refused(answer, UNAUTHENTICATED, method)
    assert "ask whoever runs it for a new one" in message
    assert unknown not in message


@pytest.mark.parametrize("method", METHODS)
async def test_without_the_action_it_is_denied(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    others = " ".join({"read", "write", "cleanup"} - {ACTIONS[method]})
    caller = Caller("billing", [("*", others)])
    auth_file.write(caller)

    answer = await ask(settings, method, token=caller.token, backend=UntouchedBackend())

    message = assert_refused(answer, PERMISSION_DENIED, method)
    assert f"identity billing has no {ACTIONS[method]} rule" in message


@pytest.mark.parametrize("method", METHODS)
async def test_for_another_owner_it_is_denied(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    caller = Caller("billing", [("mine mine-* *-mine", "read write cleanup")])
    auth_file.write(caller, Caller("other", [("theirs", "read write cleanup")]))

    answer = await ask(
        settings, method, owner="theirs", token=caller.token, backend=UntouchedBackend()
    )

    message = assert_refused(answer, PERMISSION_DENIED, method)
    assert "theirs" not in message
    assert "mine" not in message


@pytest.mark.parametrize("method", METHODS)
async def test_with_the_right_it_is_served(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    caller = Caller("one", [("o", ACTIONS[method])])
    auth_file.write(Caller("other", [("p", "read write cleanup")]), caller)

    answer = await ask(settings, method, token=caller.token)

    # Nothing is there to be read: NOT_FOUND comes from behind the guards.
    assert answer.code in {OK, grpc.StatusCode.NOT_FOUND}


async def test_a_refusal_is_the_same_whether_the_record_is_there(
    settings: Settings, auth_file: AuthFileOnDisk
) -> None:
    writer = Caller("writer", [("there", "write")])
    nosy = Caller("nosy", [("mine", "read write cleanup")])
    auth_file.write(writer, nosy)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        put = request_to("Put", "there").SerializeToString()
        assert (await call(channel, storage_path("Put"), put, token=writer.token)).code is OK
        for method in METHODS:
            messages = {
                assert_refused(
                    await call(
                        channel,
                        storage_path(method),
                        request_to(method, owner).SerializeToString(),
                        token=nosy.token,
                    ),
                    PERMISSION_DENIED,
                    method,
                )
                for owner in ("there", "absent")
            }
            assert len(messages) == 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("token", ["none", "wrong"])
async def test_a_request_is_not_looked_at_before_its_caller_is_known(
    settings: Settings, auth_file: AuthFileOnDisk, method: str, token: str
) -> None:
    auth_file.write(Caller("one", [("*", "read write cleanup")]))
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        answer = await call(
            channel,
            storage_path(method),
            b"\xff no message",
            token=None if token == "none" else new_token(),
        )

    assert_refused(answer, UNAUTHENTICATED, method)


@pytest.mark.parametrize("method", METHODS)
async def test_what_is_wrong_with_a_request_is_not_said_to_who_may_not_make_it(
    settings: Settings, auth_file: AuthFileOnDisk, method: str
) -> None:
    caller = Caller("one", [("mine", "read write cleanup")])
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        request = request_to(method, "x" * 3_000).SerializeToString()
        answer = await call(channel, storage_path(method), request, token=caller.token)

    assert_refused(answer, PERMISSION_DENIED, method)


@pytest.mark.parametrize(
    ("owners", "code"), [("o o-* *-o", PERMISSION_DENIED), ("*", OK), ("o *", OK)]
)
async def test_a_cleanup_of_everything_needs_all_owners(
    settings: Settings, auth_file: AuthFileOnDisk, owners: str, code: grpc.StatusCode
) -> None:
    caller = Caller("sweeper", [(owners, "cleanup")])
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        answer = await call(channel, storage_path("CleanupExpired"), token=caller.token)

    assert answer.code is code


@pytest.mark.parametrize("path", reflection_paths())
async def test_reflection_needs_an_identity_and_no_right(
    settings: Settings, auth_file: AuthFileOnDisk, path: str
) -> None:
    caller = Caller("without rights")
    auth_file.write(caller)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        refused = [await call(channel, path), await call(channel, path, token=new_token())]
        served = await call(channel, path, token=caller.token)

    for answer in refused:
        assert_refused(answer, UNAUTHENTICATED, "reflection")
    assert served.code is OK


@pytest.mark.parametrize("path", health_paths())
async def test_health_answers_everyone(
    settings: Settings, auth_file: AuthFileOnDisk, path: str
) -> None:
    auth_file.write()
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        answer = await call(channel, path)

    # grpcio's servicer lacks the newest method.
    assert answer.code is (grpc.StatusCode.UNIMPLEMENTED if path.endswith("/List") else OK)


async def test_nothing_that_is_registered_is_left_open(
    settings: Settings, auth_file: AuthFileOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth_file.write()
    paths: set[str] = set()

    def create(*arguments: Any) -> Any:
        transport = create_transport(*arguments)
        _note_paths(transport.grpc, paths)
        return transport

    monkeypatch.setattr(pannier_server.app, "create_transport", create)
    async with running_sidecar(settings) as sidecar, channel_to(sidecar) as channel:
        served = {path for path in paths if (await call(channel, path)).code is OK}
        refused = {path for path in paths if (await call(channel, path)).code is UNAUTHENTICATED}

    assert served <= set(health_paths())
    assert refused == paths - set(health_paths())
    assert refused == {*map(storage_path, METHODS), *reflection_paths()}


def _note_paths(server: Any, paths: set[str]) -> None:
    """Have a server note the paths that services register."""
    generic, registered = server.add_generic_rpc_handlers, server.add_registered_method_handlers

    def add_generic(handlers: Any) -> None:
        for handler in handlers:
            paths.update(handler._method_handlers)
        generic(handlers)

    def add_registered(service: str, handlers: Any) -> None:
        paths.update(f"/{service}/{name}" for name in handlers)
        registered(service, handlers)

    server.add_generic_rpc_handlers = add_generic
    server.add_registered_method_handlers = add_registered


async def test_without_the_setting_everyone_may_do_everything(transport: str) -> None:
    settings = Settings(store="memory:", listen=LOOPBACK, grace=1.0, transport=transport)
    for method in METHODS:
        answer = await ask(settings, method, token=None)
        assert answer.code in {OK, grpc.StatusCode.NOT_FOUND}
