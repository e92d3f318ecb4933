"""A runner tells when a client does not do what a scenario says."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.clients.languages import LANGUAGES
from tests.conformance.conftest import Runner
from tests.conformance.play import play
from tests.conformance.stage.stores import SqliteStore

PUT = {"call": "put", "args": {"key": "$owner:a", "data": "1"}}
GET = {"call": "get", "args": {"key": "$owner:a"}}

WRONG: dict[str, list[dict[str, Any]]] = {
    "another value": [PUT, {**GET, "expect": {"data": "2"}}],
    "another number": [PUT, {**GET, "expect": {"version": 2}}],
    "a value that is absent": [PUT, {**GET, "expect": {"expire_time": {"$any": True}}}],
    "an absent value that is there": [PUT, {**GET, "expect": {"etag": None}}],
    "a number out of range": [PUT, {**GET, "expect": {"version": {"$from": 2, "$to": 3}}}],
    "a text without a part": [PUT, {**GET, "expect": {"data": {"$contains": "2"}}}],
    "a value that it shall not be": [PUT, {**GET, "expect": {"data": {"$not": "1"}}}],
    "none of several": [PUT, {**GET, "expect": {"data": {"$one_of": ["2", "3"]}}}],
    "other repeated data": [PUT, {**GET, "expect": {"data": {"repeat": "1", "times": 2}}}],
    "other binary data": [PUT, {**GET, "expect": {"data": {"base64": "AAEC/w=="}}}],
    "another length": [
        PUT,
        {"call": "list", "args": {"prefix": "$owner:"}, "expect": {"records": {"$length": 2}}},
    ],
    "a shorter list": [
        PUT,
        {"call": "list", "args": {"prefix": "$owner:"}, "expect": {"records": []}},
    ],
    "a time out of range": [
        {**PUT, "args": {**PUT["args"], "ttl_seconds": 60}},  # type: ignore[dict-item]
        {**GET, "expect": {"expire_time": {"$in_seconds": [100, 200]}}},
    ],
    "a saved value": [
        {**PUT, "save": {"etag": "etag"}},
        PUT,
        {**GET, "expect": {"etag": "$etag"}},
    ],
    "an error that does not come": [PUT, {**GET, "error": {"kind": "NotFound"}}],
    "another error": [{**GET, "error": {"kind": "Unavailable"}}],
    "an error that nobody expects": [GET],
    "a fact of an error": [{**GET, "error": {"kind": "NotFound", "reason": "OTHER"}}],
    "what the stage answers": [{"control": {"do": "losses"}, "expect": {"cuts": 1}}],
    "what the stage cannot do": [{"control": {"do": "nothing of the kind"}}],
    "a call that is never awaited": [{**GET, "start": "it"}],
    "what an awaited call gives": [
        PUT,
        {**GET, "start": "it"},
        {"await": "it", "expect": {"data": "2"}},
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_runner_fails_each_scenario_that_is_wrong(
    language: str, runner: Runner, tmp_path: Path
) -> None:
    wrong = [{"name": name, "steps": steps} for name, steps in WRONG.items()]
    right = {"name": "right", "steps": [PUT, {**GET, "expect": {"data": "1"}}]}
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({"topic": "Wrong ones", "scenarios": [*wrong, right]}))
    store = SqliteStore(tmp_path / "records.db")
    outcome = await play(runner(language), store, "h2", files=[file])
    assert (outcome.passed, outcome.failed) == (1, len(WRONG)), outcome.output
    assert outcome.exit_code != 0
    assert all(name in outcome.output for name in WRONG)
