"""What requests consume is read from the answers, wherever it stands, and nowhere else."""

import pytest

from pannier_server.backends.dynamodb.capacity import CapacityCount

SAID = b'"ConsumedCapacity":{"CapacityUnits":2.5,"TableName":"tasks"}'
ITEM = b'"Item":{"PK":{"S":"OWNER#o"},"data":{"S":"{}"}}'


def units_of(*bodies: bytes) -> float:
    count = CapacityCount()
    for body in bodies:
        count.note("GetItem", body)
    return count.units["GetItem"]


@pytest.mark.parametrize(
    "body",
    [
        b"{" + SAID + b"}",
        b"{" + SAID + b"," + ITEM + b"}",
        b"{" + ITEM + b"," + SAID + b"}",
        b"{" + ITEM + b"," + SAID + b',"Count":1}',
        b'{"ConsumedCapacity":{"TableName":"t","CapacityUnits":2.5}}',
        b'{"ConsumedCapacity":{"TableName":"t","CapacityUnits":25E-1}}',
    ],
)
def test_it_is_found_first_last_and_between(body: bytes) -> None:
    assert units_of(body) == 2.5


@pytest.mark.parametrize("units", ["2.5", "1.5", "25"])
def test_what_an_answer_says_is_not_taken_for_what_the_last_one_said(units: str) -> None:
    other = SAID.replace(b"2.5", units.encode())
    first_and_last = [b"{" + SAID + b"," + ITEM + b"}", b"{" + ITEM + b"," + SAID + b"}"]
    bodies = [*first_and_last, *(body.replace(SAID, other) for body in first_and_last), b"{}"]
    assert units_of(*bodies, *bodies) == 4 * 2.5 + 4 * float(units)


def test_it_is_added_up_by_operation() -> None:
    count = CapacityCount()
    for operation in ("GetItem", "UpdateItem", "GetItem"):
        count.note(operation, b"{" + SAID + b"}")

    assert count.units == {"GetItem": 5.0, "UpdateItem": 2.5, "DeleteItem": 0.0, "Query": 0.0}


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"",
        b"{" + ITEM + b"}",
        # An attribute of that name, and data that looks like it.
        b'{"Item":{"ConsumedCapacity":{"N":"7"}}}',
        b'{"Item":{"ConsumedCapacity":{"M":{"CapacityUnits":{"N":"7"}}}}}',
        b'{"Item":{"data":{"S":"{\\"ConsumedCapacity\\":{\\"CapacityUnits\\":7}}"}}}',
        b'{"ConsumedCapacity":{"TableName":"t"}}',
        b'{"ConsumedCapacity":{"CapacityUnits":"7"}}',
        b'{"ConsumedCapacity":{"CapacityUnits":7',
    ],
)
def test_what_only_looks_like_it_is_not_counted(body: bytes) -> None:
    assert units_of(body) == 0.0


def test_an_attribute_of_that_name_does_not_hide_it() -> None:
    assert units_of(b"{" + SAID + b',"Item":{"ConsumedCapacity":{"N":"7"}}}') == 2.5
