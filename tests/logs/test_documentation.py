"""docs/logs.md has every field that there is, at the levels that there are."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc

from pannier.v1 import storage_pb2 as pb
from pannier_server.config.settings import Settings
from pannier_server.log_writer import MOST_WAITING
from pannier_server.service import failure_log
from tests.security.auth_files import AuthFileOnDisk, Caller
from tests.security.processes import logged_sidecar

PAGE = (Path(__file__).parents[2] / "docs" / "logs.md").read_text()

# What only a bug, a slow reader and a trace bring; other tests see to each.
ELSEWHERE = {"exception", "dropped_count", "trace_id", "span_id"}


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2]
    table = re.search(r"^\|.*?(?=\n\n)", section, re.MULTILINE | re.DOTALL)
    assert table is not None
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)


async def fail(address: str, token: str) -> None:
    """Fail with all that a line can say."""
    metadata = (("authorization", f"Bearer {token}"),)
    async with grpc.aio.insecure_channel(address) as channel:
        put: Any = channel.unary_unary(
            "/pannier.v1.StorageBackend/PutIfVersion",
            request_serializer=pb.PutIfVersionRequest.SerializeToString,
        )
        assert await put(pb.PutIfVersionRequest()).code() is grpc.StatusCode.UNAUTHENTICATED
        for _ in range(3):
            request = pb.PutIfVersionRequest(key="a:b", expected_version=7, request_id=str(uuid4()))
            code = await put(request, metadata=metadata).code()
            assert code is grpc.StatusCode.NOT_FOUND


def test_the_fields_of_real_lines_are_those_of_the_table(tmp_path: Path) -> None:
    auth_file = AuthFileOnDisk(tmp_path)
    caller = Caller("billing", [("*", "write")])
    auth_file.write(caller)
    flags = (
        *("--store=memory:", "--listen=127.0.0.1:0", f"--auth={auth_file}"),
        *("--log-format=json", "--log-level=debug", "--log-failed-calls=1"),
    )
    with logged_sidecar(tmp_path / "output", *flags) as sidecar:
        asyncio.run(fail(sidecar.addresses[0], caller.token))
        sidecar.wait_for('"left_out_count": 2')
        lines = [json.loads(line) for line in sidecar.text.splitlines() if line.startswith("{")]

    documented = {name for row in rows("Fields") for name in names(row[0])}
    seen = {name for line in lines for name in line}
    assert seen <= documented
    assert documented - seen == ELSEWHERE
    always = {names(row[0])[0] for row in rows("Fields") if row[1] == "every line"}
    assert all(always <= line.keys() for line in lines)


def test_the_json_that_it_shows_has_no_other_fields() -> None:
    (shown,) = re.findall(r"```json\n(.*?)\n```", PAGE, re.DOTALL)

    documented = {name for row in rows("Fields") for name in names(row[0])}
    assert json.loads(shown).keys() <= documented


def test_the_levels_are_those_of_the_table() -> None:
    documented = {
        code: names(level)[0] for level, codes, _ in rows("Failed calls") for code in names(codes)
    }
    levels = {code.name: level for code, level in failure_log._LEVELS.items()}

    assert documented == {
        code: {10: "debug", 20: "info", 30: "warning", 40: "error"}[level]
        for code, level in levels.items()
    }


def test_its_numbers_are_right() -> None:
    assert "logs ten calls in a second at most" in " ".join(PAGE.split())
    assert Settings().log_failed_calls == 10
    assert f"up to {MOST_WAITING:,} of them wait" in PAGE
