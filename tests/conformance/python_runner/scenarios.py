"""Carrying scenarios out, and telling what went wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

import pannier
from tests.conformance.python_runner.calls import Calls
from tests.conformance.python_runner.control import Control, StageFailed
from tests.conformance.python_runner.matching import mismatch
from tests.conformance.python_runner.results import error_json
from tests.conformance.python_runner.substitution import at_path, substitute

Open = Callable[..., Any]
Step = Mapping[str, Any]
Outcome = tuple[str, dict[str, Any]]
"""``result`` or ``error``, and what it was."""

_MOST_AT_ONCE = 16


class StepFailed(Exception):
    """A step did not do what it should; the message says what it did."""


def run_files(files: Sequence[Path], control: Control, open_store: Open, only: str) -> int:
    """Run the scenarios of files whose names hold a text; return how many failed."""
    passed = failed = 0
    for file in files:
        topic = json.loads(file.read_text())
        for scenario in topic["scenarios"]:
            if only not in scenario["name"]:
                continue
            problem = _problem(scenario, control, open_store)
            passed, failed = (passed, failed + 1) if problem else (passed + 1, failed)
            if problem:
                print(f"FAILED {topic['topic']}: {scenario['name']}\n  {problem}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed


def _problem(scenario: Mapping[str, Any], control: Control, open_store: Open) -> str | None:
    try:
        began = control.do(
            {"do": "begin", "scenario": scenario["name"], "stage": scenario.get("stage", {})}
        )
        try:
            _play(scenario, began, control, open_store)
        finally:
            control.do({"do": "end"})
    except (StepFailed, StageFailed) as problem:
        return str(problem)
    return None


def _play(
    scenario: Mapping[str, Any], began: Mapping[str, Any], control: Control, open_store: Open
) -> None:
    store = open_store(began["address"], **_settings(scenario.get("connect", {}), began))
    with ThreadPoolExecutor(_MOST_AT_ONCE) as threads:
        try:
            play = _Play(Calls(store, control), control, threads, began["owner"])
            for number, step in enumerate(scenario["steps"], 1):
                problem = play.problem_of(step)
                if problem:
                    raise StepFailed(f"step {number} {json.dumps(step)}: {problem}")
            if play.running:
                raise StepFailed(f"never awaited: {', '.join(play.running)}")
        finally:
            store.close()


def _settings(connect: Mapping[str, Any], began: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {"retries": pannier.RetryPolicy(connect.get("max_attempts"))}
    if "timeout_seconds" in connect:
        settings["timeout"] = connect["timeout_seconds"]
    if "token" in connect:
        settings["token"] = connect["token"]
    if began["ca_file"]:
        certificate = Path(began["ca_file"]).read_bytes()
        settings["credentials"] = grpc.ssl_channel_credentials(certificate)
    return settings


class _Play:
    """One scenario while it is carried out."""

    def __init__(
        self, calls: Calls, control: Control, threads: ThreadPoolExecutor, owner: str
    ) -> None:
        self._calls = calls
        self._control = control
        self._threads = threads
        self._saved: dict[str, Any] = {"owner": owner}
        self.running: dict[str, Future[Outcome]] = {}

    def problem_of(self, step: Step) -> str | None:
        """Carry a step out, and return what is wrong with what it did."""
        if "start" in step:
            self.running[step["start"]] = self._threads.submit(self._outcome, step)
            return None
        kind, value = self._outcome(step)
        wanted = "error" if "error" in step else "result"
        if kind != wanted:
            return f"it gave the {kind} {value!r}"
        expected = substitute(step.get("error", step.get("expect", {})), self._saved)
        problem = mismatch(expected, value, kind)
        if problem is None:
            for name, path in step.get("save", {}).items():
                self._saved[name] = at_path(value, path)
        return problem

    def _outcome(self, step: Step) -> Outcome:
        if "await" in step:
            return self.running.pop(step["await"]).result()
        if "control" in step:
            return "result", self._control.do(substitute(step["control"], self._saved))
        try:
            arguments = substitute(step.get("args", {}), self._saved)
            return "result", self._calls.call(step["call"], arguments)
        except StageFailed:
            raise
        except Exception as error:  # noqa: BLE001 (whatever the client raises is the outcome)
            return "error", error_json(error)
