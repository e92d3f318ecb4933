"""The responder with fixed answers passes for DynamoDB, to boto3 and to a sidecar."""

import http.client
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import pannier
from bench.comparison import requests
from bench.comparison.stores import TABLE, Store, fixed_responder
from bench.contenders.boto3_servicer import row_key, update_over
from bench.servers import sidecar
from tests.engines.dynamodb_local import tools_are_required
from tests.project.checkout import ROOT

pytestmark = pytest.mark.slow

KEY = "load-3:bytes-300-13"
RESPONDER = ".cache/bin/fixed-responder"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    if shutil.which("go") is None and not tools_are_required():
        pytest.skip("the responder is built with Go")
    subprocess.run(["make", "--silent", RESPONDER], cwd=ROOT, check=True)
    with fixed_responder() as running:
        yield running


@pytest.fixture(scope="module")
def dynamodb(store: Store) -> Any:
    return boto3.client("dynamodb", endpoint_url=store.endpoint)


@pytest.fixture(scope="module")
def client(store: Store) -> Iterator[pannier.Store]:
    with sidecar(store.url) as server, pannier.connect(server.address) as connected:
        yield connected


@pytest.mark.parametrize("size", [100, 1024, 300 * 1024])
def test_the_key_says_how_large_a_record_is(
    dynamodb: Any, client: pannier.Store, size: int
) -> None:
    key = f"load-3:bytes-{size}-13"
    row = dynamodb.get_item(TableName=TABLE, Key=row_key(key))["Item"]
    assert len(row["data"]["S"]) == len(client.get(key).data) == size


def test_a_record_has_1024_bytes_where_its_key_says_nothing(client: pannier.Store) -> None:
    assert len(client.get("load-3:bytes-many").data) == len(client.get("a:b").data) == 1024


def test_every_write_succeeds(dynamodb: Any, client: pannier.Store) -> None:
    assert client.put(KEY, b"x").version == client.get(KEY).version
    assert client.put_if_version(KEY, b"x" * 300_000, expected_version=3).version == 4
    dynamodb.update_item(TableName=TABLE, Key=row_key(KEY), **update_over(3, "x"))
    dynamodb.put_item(TableName=TABLE, Item=row_key(KEY))


def test_a_list_is_one_page(client: pannier.Store) -> None:
    records = list(client.list("load-3:bytes-300-"))
    assert len({record.key for record in records}) == requests.PAGE_RECORDS
    assert {len(record.data) for record in records} == {300}


def test_boto3_pages_end(dynamodb: Any) -> None:
    pages = dynamodb.get_paginator("query").paginate(
        TableName=TABLE,
        KeyConditionExpression="PK = :k",
        ExpressionAttributeValues={":k": {"S": "OWNER#load-3"}},
    )
    assert [page["Count"] for page in pages] == [requests.PAGE_RECORDS]


def test_an_unknown_operation_is_refused(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="UnknownOperationException"):
        dynamodb.list_tables()


def test_a_connection_carries_one_request_after_another(store: Store) -> None:
    connection = http.client.HTTPConnection(store.endpoint.removeprefix("http://"), timeout=10)
    headers = {"X-Amz-Target": "DynamoDB_20120810.UpdateItem"}
    # The second is larger than what the responder reads at once, and arrives in parts.
    for size in (10, 1_000_000, 20):
        connection.request("POST", "/", b"0" * size, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"{}")
    connection.close()
