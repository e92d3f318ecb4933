"""What AWS answers about a table and a local engine never does, from a scripted server."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from pannier_server.backends.dynamodb.layout import parse_dynamodb_url
from pannier_server.backends.dynamodb.table import Level, check_table, create, create_table
from pannier_server.backends.dynamodb.table.control_plane import ControlPlane
from pannier_server.backends.errors import AccessDenied, StoreUnavailable, Throttled
from pannier_server.backends.store_url import parse_store_url
from tests.engines.table import Table

ACTIVE = {
    "TableStatus": "ACTIVE",
    "KeySchema": [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "PK", "AttributeType": "S"},
        {"AttributeName": "SK", "AttributeType": "S"},
    ],
    "DeletionProtectionEnabled": True,
}
TTL_ON = {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}}
TTL_OFF = {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}


def backups(status: str) -> dict[str, Any]:
    recovery = {"PointInTimeRecoveryStatus": status}
    return {
        "ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": recovery,
        }
    }


def refusal(code: str, text: str = "no") -> dict[str, Any]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": text}


class Script(HTTPServer):
    """Answers each operation from its list, and repeats the last answer."""

    def __init__(self, answers: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers = answers
        self.asked: list[str] = []

    def answer(self, operation: str) -> dict[str, Any]:
        self.asked.append(operation)
        left = self.answers.get(operation, [{}])
        return left.pop(0) if len(left) > 1 else left[0]


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Script)
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answer(self.headers["X-Amz-Target"].partition(".")[2])
        body = json.dumps(answer).encode()
        self.send_response(400 if "__type" in answer else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's name)
        """Leave the test's output alone."""


@pytest.fixture
def script() -> Iterator[Script]:
    """A server in place of AWS: the table is there and well until a test says otherwise."""
    answers: dict[str, list[dict[str, Any]]] = {
        "DescribeTable": [{"Table": ACTIVE}],
        "DescribeTimeToLive": [TTL_ON],
        "DescribeContinuousBackups": [backups("ENABLED")],
    }
    with Script(answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the scripted server for AWS, and do not wait between questions."""
    monkeypatch.setattr(ControlPlane, "is_aws", True)
    monkeypatch.setattr(create, "_POLL_SECONDS", 0)
    monkeypatch.setattr(create, "_WAIT_ATTEMPTS", 5)


def table(script: Script) -> Any:
    endpoint = f"http://127.0.0.1:{script.server_port}"
    return parse_dynamodb_url(parse_store_url(Table("tasks", endpoint=endpoint).store_url))


def found(script: Script, aspect: str) -> tuple[Level, str]:
    findings = {finding.aspect: finding for finding in check_table(table(script))}
    return findings[aspect].level, findings[aspect].message


def test_a_table_as_it_should_be_has_no_other_findings(script: Script) -> None:
    assert {finding.level for finding in check_table(table(script))} == {Level.OK}
    assert found(script, "backups") == (Level.OK, "point-in-time recovery is on")
    assert found(script, "deletion protection") == (Level.OK, "on")


def test_backups_that_are_off_are_a_warning(script: Script) -> None:
    script.answers["DescribeContinuousBackups"] = [backups("DISABLED")]

    level, message = found(script, "backups")

    assert level is Level.WARNING
    assert message.startswith("point-in-time recovery is off: what is overwritten or deleted")


@pytest.mark.parametrize("operation", ["DescribeTimeToLive", "DescribeContinuousBackups"])
def test_what_may_not_be_looked_at_is_a_warning_that_says_which_permission(
    script: Script, operation: str
) -> None:
    text = f"User x is not authorized to perform: dynamodb:{operation}"
    script.answers[operation] = [refusal("AccessDeniedException", text)]

    aspect = "TTL" if operation == "DescribeTimeToLive" else "backups"
    level, message = found(script, aspect)

    assert level is Level.WARNING
    assert message == f"cannot be looked at: AWS refuses {operation}: {text}"


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"]
)
def test_refused_credentials_are_a_problem_of_access(script: Script, code: str) -> None:
    script.answers["DescribeTable"] = [refusal(code, "The token is invalid")]

    level, message = found(script, "access")

    assert level is Level.PROBLEM
    assert message == "AWS refuses DescribeTable: The token is invalid"


@pytest.mark.parametrize(
    ("status", "level"),
    [
        ("UPDATING", Level.OK),
        ("CREATING", Level.PROBLEM),
        ("DELETING", Level.PROBLEM),
        ("ARCHIVED", Level.PROBLEM),
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", Level.PROBLEM),
    ],
)
def test_a_status_in_which_a_table_is_not_usable_is_a_problem(
    script: Script, status: str, level: Level
) -> None:
    script.answers["DescribeTable"] = [{"Table": {**ACTIVE, "TableStatus": status}}]

    assert found(script, "table")[0] is level


def test_a_new_table_is_waited_for_and_completed(script: Script) -> None:
    creating = {"Table": {**ACTIVE, "TableStatus": "CREATING"}}
    script.answers |= {
        "DescribeTable": [
            refusal("ResourceNotFoundException"), creating, creating, {"Table": ACTIVE},
        ],
        "DescribeTimeToLive": [TTL_OFF],
        "DescribeContinuousBackups": [backups("DISABLED")],
        # As AWS answers in the first seconds of a table.
        "UpdateContinuousBackups": [refusal("ContinuousBackupsUnavailableException"), {}],
    }  # fmt: skip

    findings = create_table(table(script))

    assert [finding.message for finding in findings[1:]] == [
        "created",
        "partition key PK (S), sort key SK (S)",
        "turned on, by expires_at",
        "point-in-time recovery turned on",
        "on",
    ]


def test_a_table_that_never_becomes_active_is_given_up(script: Script) -> None:
    script.answers["DescribeTable"] = [{"Table": {**ACTIVE, "TableStatus": "CREATING"}}]

    with pytest.raises(StoreUnavailable, match="did not become ACTIVE"):
        create_table(table(script))


def test_a_table_that_someone_else_makes_meanwhile_is_taken(script: Script) -> None:
    script.answers["DescribeTable"].insert(0, refusal("ResourceNotFoundException"))
    script.answers["CreateTable"] = [refusal("ResourceInUseException")]

    findings = create_table(table(script))

    assert findings[1].message == "exists and is ACTIVE"


def test_what_cannot_be_turned_on_is_a_problem_beside_what_could(script: Script) -> None:
    script.answers |= {
        "DescribeTimeToLive": [TTL_OFF],
        "UpdateTimeToLive": [refusal("ValidationException", "modified multiple times")],
        "DescribeContinuousBackups": [refusal("AccessDeniedException", "not authorized")],
    }

    findings = create_table(table(script))

    problems = {found.aspect: found.message for found in findings if found.level is Level.PROBLEM}
    assert problems == {
        "TTL": "cannot be turned on: DynamoDB refuses UpdateTimeToLive: modified multiple times",
        "backups": "point-in-time recovery cannot be turned on: "
        "AWS refuses DescribeContinuousBackups: not authorized",
    }


def test_a_missing_permission_to_create_is_said(script: Script) -> None:
    script.answers["DescribeTable"] = [refusal("ResourceNotFoundException")]
    script.answers["CreateTable"] = [refusal("AccessDeniedException", "not authorized")]

    with pytest.raises(AccessDenied, match="AWS refuses CreateTable: not authorized"):
        create_table(table(script))


def test_too_many_tables_at_once_is_said(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    # botocore waits between its attempts.
    monkeypatch.setattr("time.sleep", lambda _: None)
    script.answers["DescribeTable"] = [refusal("ResourceNotFoundException")]
    script.answers["CreateTable"] = [refusal("LimitExceededException", "too many")]

    with pytest.raises(Throttled, match="AWS asks to wait: CreateTable: too many"):
        create_table(table(script))
