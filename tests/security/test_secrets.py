"""No token, key or data is in what a sidecar says, however much it is asked to say."""

import asyncio
import signal
from pathlib import Path

import grpc
import pytest

from pannier.v1 import storage_pb2 as pb
from tests.security.auth_files import AuthFileOnDisk, Caller, text_of
from tests.security.calls import (
    ACTIONS,
    call,
    health_paths,
    reflection_paths,
    request_to,
    storage_path,
)
from tests.security.processes import LoggedSidecar, logged_sidecar
from tests.sidecars import TRANSPORTS

RIGHT = "pannier_RIGHT-token-that-nobody-may-read"
POOR = "pannier_POOR-token-that-nobody-may-read"
WRONG = "pannier_WRONG-token-that-nobody-may-read"
MISPLACED = "pannier_MISPLACED-token-that-nobody-may-read"
OWNER = "owner-that-nobody-may-read"
OTHERS = "others-that-nobody-may-read"
DATA = b"data-that-nobody-may-read"
SECRETS = [RIGHT, POOR, WRONG, MISPLACED, OWNER, OTHERS, DATA.decode()]

SENT = ["Bearer {}", "Basic {}", "{}", "Bearer {} {}", "bearer  {}"]


async def fail_in_many_ways(address: str) -> list[str]:
    """Make calls of all kinds, most of them wrong, and return what the errors said."""
    said: list[str] = []
    async with grpc.aio.insecure_channel(address) as channel:
        paths = [*map(storage_path, ACTIONS), *health_paths(), *reflection_paths()]
        requests = [request_to(method, OWNER).SerializeToString() for method in ACTIONS]
        put = pb.PutRequest(key=f"{OWNER}:n", data=DATA, request_id=WRONG).SerializeToString()
        long = pb.PutRequest(key=f"{OWNER * 200}:n", data=DATA).SerializeToString()
        for token in (RIGHT, POOR, WRONG):
            for form in SENT:
                metadata = (("authorization", form.format(token, token)),)
                for path, request in zip(paths, [*requests, *[b""] * len(paths)], strict=False):
                    answer = await call(channel, path, request, metadata=metadata)
                    said.append(str(answer.error))
                for request in (put, long, b"\xff" + DATA):
                    answer = await call(channel, storage_path("Put"), request, metadata=metadata)
                    said.append(str(answer.error))
    return said


def break_the_file(sidecar: LoggedSidecar, auth_file: AuthFileOnDisk, good: str) -> None:
    """Have files read that have a token in a wrong place."""
    wrong = [
        f"{MISPLACED} = 1",
        f"token = {MISPLACED}",
        f'[[identity]]\nname = "x"\ntoken_sha256 = ["{MISPLACED}"]\nallow = []',
        f'[[identity]]\nname = "x"\ntoken = "{MISPLACED}"',
        f'[[identity]]\nname = "x"\nuid = ["{MISPLACED}"]\nallow = []',
        f'[[identity]]\nname = "x"\ncertificate = ["{MISPLACED}"]\nallow = []',
        f'[[identity]]\nname = "x"\nuid = []\nallow = [{{ owners = ["{MISPLACED}:*"] }}]',
    ]
    for number, text in enumerate(wrong, 1):
        auth_file.write_text(good + text)
        sidecar.process.send_signal(signal.SIGHUP)
        sidecar.wait_for("stays in force", times=number)


@pytest.mark.parametrize("style", ["human", "json"])
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_no_output_and_no_error_has_a_secret(
    auth_file: AuthFileOnDisk, tmp_path: Path, transport: str, style: str
) -> None:
    callers = [
        Caller("rich", [(OWNER, "read write cleanup")], tokens=[RIGHT]),
        Caller("poor", [(OTHERS, "read")], tokens=[POOR]),
    ]
    auth_file.write(*callers)
    flags = (
        *("--store=memory:", "--listen=127.0.0.1:0", f"--auth={auth_file}"),
        *(f"--transport={transport}", "--log-level=debug", f"--log-format={style}"),
    )
    with logged_sidecar(tmp_path / "output", *flags) as sidecar:
        said = asyncio.run(fail_in_many_ways(sidecar.addresses[0]))
        break_the_file(sidecar, auth_file, text_of(callers))
        said += asyncio.run(fail_in_many_ways(sidecar.addresses[0]))
        output = sidecar.text

    assert len(said) > 100
    assert "UNAUTHENTICATED" in " ".join(said)
    for secret in SECRETS:
        assert secret not in output
        assert not [one for one in said if secret in one]
