"""The table, what the credentials may do with it, and the policy that would allow the rest."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest

from pannier_server.backends.dynamodb.wire.endpoint import Endpoint
from pannier_server.doctor import Outcome, Status
from pannier_server.doctor.dynamodb.permissions import ACTIONS
from tests.doctor.conftest import Diagnose
from tests.doctor.stand_in import StandIn, denied, refusal, told
from tests.dynamodb.wire.http_server import answer, serving
from tests.engines.dynamodb_local import Engine
from tests.engines.table import Table, create_table
from tests.security.policies import policy

DESCRIBED = {
    "TableStatus": "ACTIVE",
    "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/tasks",
    "KeySchema": [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "PK", "AttributeType": "S"},
        {"AttributeName": "SK", "AttributeType": "S"},
    ],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
}
BACKUPS_OFF = {
    "ContinuousBackupsDescription": {
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "DISABLED"}
    }
}


IDENTITY = """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:sts::123456789012:assumed-role/app/task</Arn><UserId>ID</UserId>
<Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
NO_IDENTITY = """<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>
<Message>The security token is invalid</Message></Error></ErrorResponse>"""


def statuses(found: Mapping[str, Outcome]) -> dict[str, Status]:
    return {check: found[check].status for check in found if check.startswith("dynamodb.")}


def statement(outcome: Outcome) -> dict[str, str]:
    """Return the policy statement in a fix."""
    written = re.search(r"\{.*\}", outcome.fix)
    assert written is not None
    statement: dict[str, str] = json.loads(written[0])
    return statement


@pytest.fixture
def on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the endpoint for AWS's own; STS stays out of reach."""
    monkeypatch.setattr(Endpoint, "is_aws", True)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")


async def test_a_table_as_it_should_be_has_no_failures(
    diagnose: Diagnose, dynamodb_table: Table
) -> None:
    before = dynamodb_table.client().scan(TableName=dynamodb_table.name)["Count"]

    found = await diagnose(dynamodb_table.store_url)

    assert not {Status.FAILED, Status.WARNING} & set(statuses(found).values())
    for action in ACTIONS:
        assert found[f"dynamodb.permission.{action}"].status is Status.OK
    assert found["dynamodb.keys"].summary == "partition key PK (S), sort key SK (S)"
    assert found["dynamodb.latency"].facts["samples"] == 7
    after = dynamodb_table.client().scan(TableName=dynamodb_table.name)["Count"]
    assert after == before


async def test_only_the_actions_of_the_documented_policies_are_asked_for(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    server, table = before_table
    await diagnose(table.store_url)

    assert set(server.asked) == policy("Serving") | policy("pannier table check")
    assert set(ACTIONS) == policy("Serving")


async def test_a_row_that_someone_keeps_there_stays(
    diagnose: Diagnose, dynamodb_table: Table
) -> None:
    key = {"PK": {"S": "OWNER#pannier-doctor"}, "SK": {"S": "TASK#no-such-record"}}
    row = {**key, "version": {"N": "1"}, "data": {"S": "mine"}}
    client = dynamodb_table.client()
    client.put_item(TableName=dynamodb_table.name, Item=row)
    try:
        await diagnose(dynamodb_table.store_url)
        assert client.get_item(TableName=dynamodb_table.name, Key=key)["Item"] == row
    finally:
        client.delete_item(TableName=dynamodb_table.name, Key=key)


async def test_a_missing_table_fails_once_and_says_how_to_make_it(
    diagnose: Diagnose, dynamodb_engine: Engine
) -> None:
    found = await diagnose(Table("absent_table", endpoint=dynamodb_engine.endpoint).store_url)

    assert found["dynamodb.table"].status is Status.FAILED
    assert "pannier table create" in found["dynamodb.table"].fix
    assert found["dynamodb.keys"].status is Status.SKIPPED
    assert found["dynamodb.permission.GetItem"].status is Status.SKIPPED
    assert list(statuses(found).values()).count(Status.FAILED) == 1


async def test_other_keys_fail_and_permissions_cannot_be_told(
    diagnose: Diagnose, dynamodb_engine: Engine
) -> None:
    table = Table("table_with_other_keys", endpoint=dynamodb_engine.endpoint)
    create_table(table, sort_key="id")

    found = await diagnose(table.store_url)

    assert found["dynamodb.keys"].status is Status.FAILED
    assert "wanted is partition key PK (S), sort key SK (S)" in found["dynamodb.keys"].summary
    assert found["dynamodb.keys"].fix.startswith("use another table")
    assert found["dynamodb.permission.GetItem"].status is Status.SKIPPED


async def test_ttl_that_is_off_is_a_warning_and_another_attribute_a_failure(
    diagnose: Diagnose, dynamodb_engine: Engine
) -> None:
    off = Table("table_without_ttl", endpoint=dynamodb_engine.endpoint)
    other = Table("table_with_other_ttl", endpoint=dynamodb_engine.endpoint)
    create_table(off, ttl_attribute=None)
    create_table(other, ttl_attribute="dies_at")

    of_off = (await diagnose(off.store_url))["dynamodb.ttl"]
    of_other = (await diagnose(other.store_url))["dynamodb.ttl"]

    assert of_off.status is Status.WARNING
    assert of_off.fix == "turn it on with: pannier table create --store …"
    assert of_other.status is Status.FAILED
    assert "expires_at=dies_at" in of_other.fix


@pytest.mark.parametrize("action", ACTIONS)
async def test_each_action_that_is_denied_is_named_with_its_statement(
    diagnose: Diagnose, before_table: tuple[StandIn, Table], action: str
) -> None:
    server, table = before_table
    server.answers[action] = denied(action)

    found = await diagnose(table.store_url)

    permission = found[f"dynamodb.permission.{action}"]
    assert permission.status is Status.FAILED
    assert f"not authorized to perform: dynamodb:{action}" in permission.summary
    allowed = statement(permission)
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", f"dynamodb:{action}")
    assert allowed["Resource"].endswith(f":table/{table.name}")
    for other in set(ACTIONS) - {action}:
        assert found[f"dynamodb.permission.{other}"].status is Status.OK


async def test_a_table_that_may_not_be_seen_is_named_with_its_statement(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    server, table = before_table
    server.answers["DescribeTable"] = denied("DescribeTable")

    found = (await diagnose(table.store_url))["dynamodb.table"]

    assert found.status is Status.FAILED
    assert statement(found) == {
        "Effect": "Allow",
        "Action": "dynamodb:DescribeTable",
        "Resource": f"arn:aws:dynamodb:us-east-1:*:table/{table.name}",
    }


@pytest.mark.parametrize(
    ("kind", "fix"),
    [
        ("UnrecognizedClientException", "check that access key, secret key and session token"),
        ("ExpiredTokenException", "renew the credentials"),
    ],
)
async def test_credentials_that_aws_does_not_know_fail_once(
    diagnose: Diagnose, before_table: tuple[StandIn, Table], kind: str, fix: str
) -> None:
    server, table = before_table
    server.answers |= dict.fromkeys([*ACTIONS, "DescribeContinuousBackups"], refusal(kind, "no"))

    found = await diagnose(table.store_url)

    assert found["dynamodb.accepted"].status is Status.FAILED
    assert found["dynamodb.accepted"].fix.startswith(fix)
    assert found["dynamodb.permission.GetItem"].status is Status.SKIPPED
    assert found["dynamodb.table"].status is Status.SKIPPED


async def test_a_key_that_cannot_be_used_fails(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    server, table = before_table
    server.answers["GetItem"] = refusal("KMSDisabledException", "the key is disabled")

    found = (await diagnose(table.store_url))["dynamodb.encryption"]

    assert found.status is Status.FAILED
    assert "KMS key" in found.summary
    assert "enabled" in found.fix


@pytest.mark.parametrize("status", ["CREATING", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"])
async def test_a_table_that_takes_no_requests_fails(
    diagnose: Diagnose, before_table: tuple[StandIn, Table], status: str
) -> None:
    server, table = before_table
    server.answers["DescribeTable"] = told({"Table": {**DESCRIBED, "TableStatus": status}})

    found = (await diagnose(table.store_url))["dynamodb.table"]

    assert found.status is Status.FAILED
    assert found.fix


@pytest.mark.usefixtures("on_aws")
async def test_what_protects_a_table_is_a_warning_where_it_is_off(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    server, table = before_table
    server.answers["DescribeTable"] = told({"Table": DESCRIBED})
    server.answers["DescribeContinuousBackups"] = told(BACKUPS_OFF)

    found = await diagnose(table.store_url)

    assert found["dynamodb.backups"].status is Status.WARNING
    assert found["dynamodb.backups"].fix == "turn it on with: pannier table create --store …"
    assert found["dynamodb.deletion_protection"].status is Status.WARNING
    assert "--deletion-protection-enabled" in found["dynamodb.deletion_protection"].fix


@pytest.mark.usefixtures("on_aws")
async def test_what_may_not_be_looked_at_is_a_warning_with_its_statement(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    server, table = before_table
    server.answers["DescribeContinuousBackups"] = denied("DescribeContinuousBackups")

    found = (await diagnose(table.store_url))["dynamodb.backups"]

    assert found.status is Status.WARNING
    assert statement(found)["Action"] == "dynamodb:DescribeContinuousBackups"


async def test_billing_is_told(diagnose: Diagnose, before_table: tuple[StandIn, Table]) -> None:
    server, table = before_table
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    provisioned = {**DESCRIBED, "BillingModeSummary": {}, "ProvisionedThroughput": units}
    server.answers["DescribeTable"] = told({"Table": provisioned})

    found = (await diagnose(table.store_url))["dynamodb.billing"]

    assert found.facts == {"mode": "PROVISIONED", "read_units": 5, "write_units": 2}


@pytest.mark.usefixtures("on_aws")
async def test_the_identity_is_told_and_its_account_is_in_the_statements(
    diagnose: Diagnose,
    before_table: tuple[StandIn, Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, table = before_table
    server.answers["DescribeTable"] = denied("DescribeTable")
    async with serving() as sts:
        sts.otherwise = answer(IDENTITY.encode())
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)

        found = await diagnose(table.store_url)

    assert found["dynamodb.identity"].status is Status.OK
    assert found["dynamodb.identity"].facts["account"] == "123456789012"
    resource = statement(found["dynamodb.table"])["Resource"]
    assert resource == f"arn:aws:dynamodb:us-east-1:123456789012:table/{table.name}"


@pytest.mark.usefixtures("on_aws")
async def test_credentials_that_sts_does_not_know_fail(
    diagnose: Diagnose,
    before_table: tuple[StandIn, Table],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, table = before_table
    async with serving() as sts:
        sts.otherwise = answer(NO_IDENTITY.encode(), status=403)
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)

        found = (await diagnose(table.store_url))["dynamodb.identity"]

    assert found.status is Status.FAILED
    assert "InvalidClientTokenId" in found.summary
    assert found.fix.startswith("check that access key")


@pytest.mark.usefixtures("on_aws")
async def test_without_sts_the_identity_is_skipped(
    diagnose: Diagnose, before_table: tuple[StandIn, Table]
) -> None:
    _, table = before_table

    found = (await diagnose(table.store_url))["dynamodb.identity"]

    assert found.status is Status.SKIPPED
    assert "serving does not need" in found.summary


async def test_a_local_engine_has_no_identity(diagnose: Diagnose, dynamodb_table: Table) -> None:
    found = (await diagnose(replace(dynamodb_table).store_url))["dynamodb.identity"]

    assert found.status is Status.SKIPPED
