"""`pannier table`: the DynamoDB table is made as the sidecar needs it, and verified."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from pannier_server.backends.dynamodb.layout import DynamoDBLocation, parse_dynamodb_url
from pannier_server.backends.dynamodb.table import Finding, Level, check_table, create_table
from pannier_server.backends.errors import StoreMisconfigured, TableMisconfigured
from pannier_server.backends.store_url import parse_store_url
from tests.engines.dynamodb_local import Engine
from tests.engines.process import free_port
from tests.engines.table import Table
from tests.engines.table import create_table as create_bare_table

NewTable = Callable[[], Table]


@pytest.fixture
def new_table(dynamodb_engine: Engine) -> NewTable:
    """Names a table that is not there yet."""

    def name() -> Table:
        return Table(f"table_{uuid4().hex}", endpoint=dynamodb_engine.endpoint)

    return name


def location_of(table: Table, options: str = "") -> DynamoDBLocation:
    return parse_dynamodb_url(parse_store_url(table.store_url + options))


def level(findings: list[Finding], aspect: str) -> Level:
    return next(finding.level for finding in findings if finding.aspect == aspect)


def message(findings: list[Finding], aspect: str) -> str:
    return next(finding.message for finding in findings if finding.aspect == aspect)


def test_a_table_is_made_with_its_keys_and_expiry_and_billed_by_use(new_table: NewTable) -> None:
    table = new_table()

    create_table(location_of(table))

    client = table.client()
    made = client.describe_table(TableName=table.name)["Table"]
    assert made["TableStatus"] == "ACTIVE"
    assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert made["KeySchema"] == [
        {"AttributeName": "PK", "KeyType": "HASH"},
        {"AttributeName": "SK", "KeyType": "RANGE"},
    ]
    expiry = client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert expiry == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


@pytest.mark.not_on_ministack("it has point-in-time recovery, which DynamoDB Local lacks")
def test_a_table_that_was_made_passes_the_check(new_table: NewTable) -> None:
    table = new_table()
    create_table(location_of(table))

    findings = check_table(location_of(table))

    assert {finding.aspect: finding.level for finding in findings} == {
        "endpoint": Level.OK,
        "table": Level.OK,
        "keys": Level.OK,
        "TTL": Level.OK,
        # The engine has no point-in-time recovery.
        "backups": Level.WARNING,
        "deletion protection": Level.OK,
    }


def test_attributes_have_the_names_that_the_store_url_gives(new_table: NewTable) -> None:
    table = new_table()
    location = location_of(table, "&partition_key=owner&sort_key=name&expires_at=ttl")

    create_table(location)

    assert message(check_table(location), "keys") == "partition key owner (S), sort key name (S)"
    assert message(check_table(location), "TTL") == "on, by ttl"


def test_making_a_table_again_changes_nothing(new_table: NewTable) -> None:
    table = new_table()
    create_table(location_of(table))
    before = table.client().describe_table(TableName=table.name)["Table"]

    findings = create_table(location_of(table))

    assert message(findings, "table") == "exists and is ACTIVE"
    assert message(findings, "TTL") == "on, by expires_at"
    assert table.client().describe_table(TableName=table.name)["Table"] == before


def test_a_table_without_expiry_is_completed(new_table: NewTable) -> None:
    table = create_bare_table(new_table(), ttl_attribute=None)
    assert level(check_table(location_of(table)), "TTL") is Level.WARNING

    findings = create_table(location_of(table))

    assert message(findings, "TTL") == "turned on, by expires_at"
    assert level(check_table(location_of(table)), "TTL") is Level.OK


def test_a_table_with_other_keys_is_refused_and_left_alone(new_table: NewTable) -> None:
    table = create_bare_table(new_table(), partition_key="id", ttl_attribute=None)

    with pytest.raises(TableMisconfigured) as caught:
        create_table(location_of(table))

    assert caught.value.message.startswith(
        "the table has partition key id (S), sort key SK (S), "
        "wanted is partition key PK (S), sort key SK (S); use another table"
    )
    expiry = table.client().describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    assert expiry["TimeToLiveStatus"] == "DISABLED"


def test_keys_of_another_type_are_a_problem(new_table: NewTable) -> None:
    table = new_table()
    table.client().create_table(
        TableName=table.name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "PK", "KeyType": "HASH"},
            {"AttributeName": "SK", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "PK", "AttributeType": "S"},
            {"AttributeName": "SK", "AttributeType": "N"},
        ],
    )

    findings = check_table(location_of(table))

    assert level(findings, "keys") is Level.PROBLEM
    assert "sort key SK (N), wanted is partition key PK (S), sort key SK (S)" in message(
        findings, "keys"
    )


def test_a_table_without_sort_key_is_a_problem(new_table: NewTable) -> None:
    table = new_table()
    table.client().create_table(
        TableName=table.name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
    )

    assert level(check_table(location_of(table)), "keys") is Level.PROBLEM


def test_expiry_by_another_attribute_is_a_problem_that_is_not_changed(new_table: NewTable) -> None:
    table = create_bare_table(new_table(), ttl_attribute="ttl")

    findings = create_table(location_of(table))

    assert level(findings, "TTL") is Level.PROBLEM
    assert "on, but by ttl instead of expires_at; write expires_at=ttl in the store URL" in message(
        findings, "TTL"
    )
    assert message(check_table(location_of(table)), "TTL") == message(findings, "TTL")


@pytest.mark.parametrize("protect", [True, False, None])
def test_deletion_protection_is_as_asked_and_off_on_a_local_engine(
    new_table: NewTable, *, protect: bool | None
) -> None:
    table = new_table()

    findings = create_table(location_of(table), deletion_protection=protect)

    made = table.client().describe_table(TableName=table.name)["Table"]
    assert made["DeletionProtectionEnabled"] is bool(protect)
    assert message(findings, "deletion protection") == ("on" if protect else "off")


@pytest.mark.not_on_ministack("it has point-in-time recovery, which DynamoDB Local lacks")
def test_backups_that_the_engine_does_not_have_are_a_warning(new_table: NewTable) -> None:
    table = new_table()

    findings = create_table(location_of(table))

    assert level(findings, "backups") is Level.WARNING
    assert message(findings, "backups") == "this endpoint offers no point-in-time recovery"


def test_backups_that_are_not_wanted_are_not_mentioned(new_table: NewTable) -> None:
    findings = create_table(location_of(new_table()), point_in_time_recovery=False)

    assert "backups" not in {finding.aspect for finding in findings}


def test_a_missing_table_is_a_problem_that_says_how_to_make_it(new_table: NewTable) -> None:
    findings = check_table(location_of(new_table()))

    assert level(findings, "endpoint") is Level.OK
    assert level(findings, "table") is Level.PROBLEM
    assert message(findings, "table").endswith("make it with: pannier table create --store …")


def test_an_engine_that_is_not_there_is_a_problem() -> None:
    findings = check_table(location_of(Table("tasks", endpoint=f"http://127.0.0.1:{free_port()}")))

    assert [finding.aspect for finding in findings] == ["endpoint"]
    assert findings[0].level is Level.PROBLEM
    assert findings[0].message.startswith("DynamoDB cannot be reached: Could not connect")


def test_missing_credentials_are_a_problem_that_says_what_to_set(
    new_table: NewTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    findings = check_table(location_of(new_table()))

    assert [finding.aspect for finding in findings] == ["access"]
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in findings[0].message


def test_a_missing_region_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    with pytest.raises(StoreMisconfigured, match="no AWS region is set; write it in the store"):
        check_table(location_of(Table("tasks", region=None)))


def test_an_unknown_profile_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")

    with pytest.raises(StoreMisconfigured, match="The config profile \\(nobody\\) could not"):
        check_table(location_of(Table("tasks")))
