"""`pannier table create|check` tells people and scripts what became of the table."""

from uuid import uuid4

import pytest

from tests.cli.conftest import Pannier
from tests.engines.dynamodb_local import Engine
from tests.engines.process import free_port
from tests.engines.table import Table, create_table


@pytest.fixture
def table(dynamodb_engine: Engine) -> Table:
    """Name a table that is not there yet."""
    return Table(f"table_{uuid4().hex}", endpoint=dynamodb_engine.endpoint)


@pytest.mark.not_on_ministack("it has point-in-time recovery, which DynamoDB Local lacks")
def test_a_table_is_made_and_then_passes_the_check(pannier: Pannier, table: Table) -> None:
    made = pannier("table", "create", "--store", table.store_url)
    checked = pannier("table", "check", "--store", table.store_url)

    assert (made.code, checked.code) == (0, 0)
    assert made.text.splitlines() == [
        f"table {table.name}",
        f"  ok       endpoint             {table.endpoint}, region us-east-1",
        "  ok       table                created",
        "  ok       keys                 partition key PK (S), sort key SK (S)",
        "  ok       TTL                  turned on, by expires_at",
        "  warning  backups              this endpoint offers no point-in-time recovery",
        "  ok       deletion protection  off",
    ]
    assert "  ok       TTL                  on, by expires_at\n" in checked.text


def test_flags_say_how_a_table_is_made(pannier: Pannier, table: Table) -> None:
    made = pannier(
        "table", "create", "--store", table.store_url, "--no-pitr", "--deletion-protection"
    )

    assert "backups" not in made.text
    assert made.text.endswith("  ok       deletion protection  on\n")


def test_a_missing_table_fails_the_check(pannier: Pannier, table: Table) -> None:
    checked = pannier("table", "check", "--store", table.store_url)

    assert checked.code == 1
    line = checked.text.splitlines()[-1]
    assert line.startswith("  problem  table     the table does not exist; ")
    assert line.endswith("; make it with: pannier table create --store …")


def test_json_has_the_same_findings(pannier: Pannier, table: Table) -> None:
    checked = pannier("table", "check", "--store", table.store_url, "--json")

    assert checked.code == 1
    assert checked.json["table"] == table.name
    assert checked.json["usable"] is False
    assert checked.json["findings"][-1] == {
        "aspect": "table",
        "level": "problem",
        "message": "the table does not exist; make it with: pannier table create --store …",
    }


def test_a_warning_does_not_fail_the_check(pannier: Pannier, table: Table) -> None:
    create_table(table, ttl_attribute=None)

    checked = pannier("table", "check", "--store", table.store_url, "--json")

    assert checked.code == 0
    assert checked.json["usable"] is True
    assert "warning" in {finding["level"] for finding in checked.json["findings"]}


@pytest.mark.parametrize("command", ["create", "check"])
def test_other_keys_fail(pannier: Pannier, table: Table, command: str) -> None:
    create_table(table, sort_key="id")

    result = pannier("table", command, "--store", table.store_url)

    assert result.code == 1
    assert "has partition key PK (S), sort key id (S), wanted is" in result.text + result.errors


def test_the_store_can_stand_in_the_environment(
    pannier: Pannier, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PANNIER_STORE", table.store_url)

    assert pannier("table", "create").code == 0


def test_an_engine_that_is_not_there_fails(pannier: Pannier) -> None:
    nowhere = Table("tasks", endpoint=f"http://127.0.0.1:{free_port()}").store_url

    checked = pannier("table", "check", "--store", nowhere)
    made = pannier("table", "create", "--store", nowhere)

    assert (checked.code, made.code) == (1, 1)
    assert "DynamoDB cannot be reached" in checked.text
    assert made.error.startswith("pannier: table tasks: DynamoDB cannot be reached: ")


@pytest.mark.parametrize(
    ("store", "says"),
    [
        ("sqlite:", "pannier: --store: sqlite: is no DynamoDB table; write --store dynamodb://"),
        ("tasks", "pannier: --store: 'tasks' is no store URL; write memory:, sqlite:///path/file"),
        (
            "dynamodb://t",
            "pannier: --store: dynamodb://t: what follows the slashes is no table name",
        ),
    ],
)
def test_a_wrong_store_is_one_line_and_code_2(pannier: Pannier, store: str, says: str) -> None:
    refused = pannier("table", "check", "--store", store)

    assert refused.code == 2
    assert refused.error.startswith(says)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ("regio=eu-west-1", "unknown option 'regio'; did you mean region?"),
        ("partition=id", "unknown option 'partition'; did you mean partition_key?"),
        ("region=us east", "region must be like eu-west-1"),
        ("endpoint=http://localhost:99999", "endpoint must be like https://host:port"),
    ],
)
def test_a_wrong_option_is_named_with_what_to_write(
    pannier: Pannier, option: str, says: str
) -> None:
    refused = pannier("table", "check", "--store", f"dynamodb://tasks?{option}")

    assert refused.code == 2
    assert refused.error == f"pannier: --store: dynamodb://tasks?{option}: {says}"


def test_without_a_store_it_is_asked_for(pannier: Pannier) -> None:
    refused = pannier("table", "check")

    assert refused.code == 2
    assert refused.error == "pannier: no DynamoDB table is named; write --store dynamodb://table"
