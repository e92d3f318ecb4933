"""The benchmark's requests are what the servers take."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.comparison import requests
from bench.comparison.entries import Call
from bench.contenders.in_process import seeded_key
from pannier.v1 import storage_pb2 as pb
from tests.project.checkout import ROOT


def _messages(path: Path) -> Iterator[bytes]:
    """Return the messages of a file, each after its length as a varint."""
    data = path.read_bytes()
    at = 0
    while at < len(data):
        size = shift = 0
        while True:
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield data[at : at + size]
        at += size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.bin"


def test_an_echo_is_one_field_of_bytes(path: Path) -> None:
    (message,) = _messages(requests.write(path, Call.ECHO, 1024))
    # Field 1 of a Get is text, which has the same encoding.
    assert pb.GetRequest.FromString(message) == pb.GetRequest(key="0" * 1024)


def test_gets_ask_for_the_records_that_were_written(path: Path, tmp_path: Path) -> None:
    asked = [pb.GetRequest.FromString(one).key for one in _gets(path)]
    seeds = _messages(requests.write_seeds(tmp_path / "seeds.bin", 1024))
    written = [pb.PutRequest.FromString(one) for one in seeds]
    assert asked == [put.key for put in written]
    assert {len(put.data) for put in written} == {1024}
    assert len(set(asked)) == requests.RECORDS


def _gets(path: Path) -> Iterator[bytes]:
    return _messages(requests.write(path, Call.GET, 1024))


def test_programs_ask_for_the_same_records(path: Path) -> None:
    asked = [pb.GetRequest.FromString(one).key for one in _gets(path)]
    assert [seeded_key(number, 1024) for number in (0, 17, 1017)] == [
        asked[0],
        asked[17],
        asked[17],
    ]


def test_each_write_over_a_version_expects_the_one_before(path: Path) -> None:
    file = requests.write(path, Call.PUT_IF_VERSION, 100, calls=2_001, label="run-3-")
    writes = [pb.PutIfVersionRequest.FromString(one) for one in _messages(file)]
    same = [writes[number] for number in (0, 1_000, 2_000)]
    assert [write.expected_version for write in same] == [1, 2, 3]
    assert {write.key for write in same} == {"load-0:run-3-bytes-100-0"}
    assert len(writes) == 2_001


def test_the_records_of_a_label_are_seeded_under_it(path: Path, tmp_path: Path) -> None:
    file = requests.write(path, Call.PUT_IF_VERSION, 1024, label="run-3-")
    keys = {pb.PutIfVersionRequest.FromString(one).key for one in _messages(file)}
    seeds = _messages(requests.write_seeds(tmp_path / "seeds.bin", 1024, "run-3-"))
    assert {pb.PutRequest.FromString(one).key for one in seeds} == keys


def test_puts_of_large_values_are_fewer(path: Path) -> None:
    puts = list(_messages(requests.write(path, Call.PUT, 300 * 1024)))
    assert 10 < len(puts) < 100
    assert {len(pb.PutRequest.FromString(put).data) for put in puts} == {300 * 1024}


def test_a_list_asks_for_all_records_of_an_owner(path: Path) -> None:
    lists = [
        pb.ListByPrefixRequest.FromString(one)
        for one in _messages(requests.write(path, Call.LIST, 1024))
    ]
    asked = [pb.GetRequest.FromString(one).key for one in _gets(path)]
    for one in lists:
        assert sum(key.startswith(one.prefix) for key in asked) == one.page_size


@pytest.mark.parametrize("call", Call)
def test_a_call_is_declared_by_its_file(call: Call) -> None:
    text = (ROOT / requests.proto(call)).read_text()
    package, service, method = requests.method(call).rsplit(".", 2)
    assert f"package {package};" in text
    assert f"service {service} " in text
    assert f"rpc {method}(" in text
