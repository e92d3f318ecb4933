"""The checker knows the contract: what it allows, and what it does not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.linearizability.checker import Verdict, check

# The program is built in the setup of the first test that needs it.
pytestmark = pytest.mark.timeout(700)

Line = dict[str, Any]
Judge = Callable[..., Verdict]


@pytest.fixture
def judge(checker_program: Path, tmp_path: Path) -> Judge:
    """Return the verdict on lines of a history."""

    def verdict(*lines: Line) -> Verdict:
        history = tmp_path / "history.jsonl"
        history.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return check(checker_program, history)

    return verdict


def call(kind: str, called: int, returned: int, answer: Line | None = None, **wish: Any) -> Line:
    """Return a line; unless told otherwise the clock stands at 100."""
    given = None if answer is None else {"outcome": "ok", **answer}
    return {
        "client": called,
        "key": "o:n",
        "kind": kind,
        "called": called,
        "returned": returned,
        "clock": [100, 100],
        **wish,
        "answer": given,
    }


def put(name: str, called: int, returned: int, version: int, **wish: Any) -> Line:
    answer = {"version": version, "etag": f"{version}-{name}"}
    return call("put", called, returned, answer, write_id=name, data=name, **wish)


def lost(name: str, called: int, returned: int = 0, kind: str = "put", **wish: Any) -> Line:
    """Return an attempt of which nobody knows what came of it."""
    return call(kind, called, returned, None, write_id=name, data=name, **wish)


def put_over(
    name: str, called: int, returned: int, expected: int, answer: Line, **wish: Any
) -> Line:
    return call(
        "put_if_version",
        called,
        returned,
        answer,
        write_id=name,
        data=name,
        expected_version=expected,
        **wish,
    )


def made(name: str, version: int) -> Line:
    return {"version": version, "etag": f"{version}-{name}"}


def read(name: str, called: int, returned: int, version: int, **answer: Any) -> Line:
    return call("get", called, returned, {**made(name, version), "data": name, **answer})


def absent(called: int, returned: int, **wish: Any) -> Line:
    return call("get", called, returned, {"outcome": "not_found"}, **wish)


def conflict(name: str, version: int) -> Line:
    return {"outcome": "conflict", **made(name, version)}


NOT_FOUND = {"outcome": "not_found"}
EXISTS = {"outcome": "exists"}

ALLOWED = {
    "a read sees the write before it": [put("a", 1, 2, 1), read("a", 3, 4, 1)],
    "a read beside a write sees it or does not": [put("a", 1, 9, 1), absent(2, 3)],
    "versions rise by one": [put("a", 1, 2, 1), put("b", 3, 4, 2), read("b", 5, 6, 2)],
    "a lost write took effect late": [
        lost("a", 1),
        absent(2, 3),
        read("a", 4, 5, 1),
        put("b", 6, 7, 2),
    ],
    "a lost write never took effect": [lost("a", 1), absent(2, 3), put("b", 6, 7, 1)],
    "a write is recognised after one other": [
        lost("a", 1, 3),
        put("b", 4, 5, 2),
        put("a", 1, 9, 1),
        read("b", 10, 11, 2),
    ],
    "past that depth a put is written again": [
        lost("a", 1, 3),
        put("b", 4, 5, 2),
        put("c", 6, 7, 3),
        put("a", 1, 9, 4),
        read("a", 10, 11, 4),
    ],
    "versions start again after a delete": [
        put("a", 1, 2, 1),
        call("delete", 3, 4, {"deleted": True}),
        put("b", 5, 6, 1),
    ],
    "a conflict names what is there": [
        put("a", 1, 2, 1),
        put("b", 3, 4, 2),
        put_over("c", 5, 6, 1, conflict("b", 2)),
    ],
    "an expired record is absent, and its version may go on": [
        put("a", 1, 2, 1, expires_at=90),
        absent(3, 4),
        put("b", 5, 6, 2),
    ],
    "or it was removed": [put("a", 1, 2, 1, expires_at=90), put("b", 5, 6, 1)],
    "in the second of its expiry a record is live or not": [
        put("a", 1, 2, 1, expires_at=100),
        read("a", 3, 4, 1, expires_at=100) | {"clock": [99, 100]},
        absent(5, 6, clock=[99, 100]),
    ],
    "an expired record is created again": [
        put("a", 1, 2, 1, expires_at=90),
        put_over("b", 3, 4, 0, made("b", 2)),
    ],
    "a delete of what is not there": [call("delete", 1, 2, {"deleted": False})],
    "keys know nothing of each other": [
        put("a", 1, 2, 1),
        put("b", 3, 4, 1) | {"key": "o:m"},
    ],
}

FORBIDDEN = {
    "an acknowledged write is gone": [put("a", 1, 2, 1), absent(3, 4)],
    "a read is stale": [put("a", 1, 2, 1), put("b", 3, 4, 2), read("a", 5, 6, 1)],
    "a read goes back in time": [
        lost("a", 1),
        read("a", 2, 3, 1),
        absent(4, 5),
    ],
    "two writes get the same version": [put("a", 1, 9, 1), put("b", 2, 8, 1)],
    "two writes over the same version succeed": [
        put("a", 1, 2, 1),
        put_over("b", 3, 9, 1, made("b", 2)),
        put_over("c", 4, 8, 1, made("c", 2)),
    ],
    "a version is left out": [put("a", 1, 2, 1), put("b", 3, 4, 3)],
    "a lost write took effect twice": [
        lost("a", 1),
        read("a", 2, 3, 1),
        put("b", 4, 5, 2),
        read("a", 6, 7, 3),
    ],
    "a write is applied again although one other came between": [
        lost("a", 1, 3),
        put("b", 4, 5, 2),
        put("a", 1, 9, 3),
    ],
    "a conflict with itself": [
        put("x", 0, 1, 1),
        lost("a", 2, 3, "put_if_version", expected_version=1),
        put_over("a", 2, 9, 1, conflict("a", 2)),
    ],
    "a conflict names what never was": [
        put("a", 1, 2, 1),
        put_over("c", 5, 6, 7, conflict("b", 2)),
    ],
    "a conflict where there was none": [
        put("a", 1, 2, 1),
        put_over("c", 5, 6, 1, conflict("a", 1)),
    ],
    "a write that was said not to be there": [absent(1, 2), read("a", 3, 4, 1)],
    "an expired record is read": [
        put("a", 1, 2, 1, expires_at=90),
        read("a", 3, 4, 1, expires_at=90),
    ],
    "a write over an expired version": [
        put("a", 1, 2, 1, expires_at=90),
        put_over("b", 3, 4, 1, made("b", 2)),
    ],
    "a create beside an expired record fails": [
        put("a", 1, 2, 1, expires_at=90),
        put_over("b", 3, 4, 0, EXISTS),
    ],
    "a delete of an expired record finds one": [
        put("a", 1, 2, 1, expires_at=90),
        call("delete", 3, 4, {"deleted": True}),
    ],
    "a live record is not found by a condition": [
        put("a", 1, 2, 1),
        put_over("b", 3, 4, 1, NOT_FOUND),
    ],
    "a record is removed before it expires": [
        put("a", 1, 2, 1, expires_at=200),
        absent(3, 4),
    ],
    "a delete at an etag takes what another write made": [
        put("a", 1, 2, 1),
        put("b", 3, 4, 2),
        call("delete", 5, 6, {"deleted": True}, etag="1-a"),
        absent(7, 8),
    ],
    "one record is deleted twice": [
        put("a", 1, 2, 1),
        call("delete", 3, 9, {"deleted": True}),
        call("delete", 4, 8, {"deleted": True}),
    ],
}


@pytest.mark.parametrize("case", ALLOWED)
def test_the_contract_allows(judge: Judge, case: str) -> None:
    verdict = judge(*ALLOWED[case])
    assert verdict.is_legal, verdict


@pytest.mark.parametrize("case", FORBIDDEN)
def test_the_contract_forbids(judge: Judge, case: str) -> None:
    verdict = judge(*FORBIDDEN[case])
    assert verdict.illegal == ("o:n",)
    assert "<html" in verdict.picture.read_text().lower()


def test_one_wrong_record_among_many_is_named(judge: Judge) -> None:
    right = [put("a", 1, 2, 1) | {"key": f"o:{number}"} for number in range(50)]
    verdict = judge(*right, *FORBIDDEN["a read is stale"])
    assert (verdict.keys, verdict.operations) == (51, 53)
    assert verdict.illegal == ("o:n",)


@pytest.mark.parametrize(
    "line",
    ["no json", json.dumps(call("touch", 1, 2)), json.dumps(call("get", 2, 1))],
)
def test_a_history_that_cannot_be_read_is_refused(
    checker_program: Path, tmp_path: Path, line: str
) -> None:
    history = tmp_path / "history.jsonl"
    history.write_text(line + "\n")
    with pytest.raises(AssertionError, match="line 1"):
        check(checker_program, history)
