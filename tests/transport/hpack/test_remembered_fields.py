"""Fields seen before are not decoded again, and what is remembered has bounds."""

import sys
import tracemalloc

import pytest

from pannier_server.transport.h2.hpack import Decoder, decoder
from pannier_server.transport.h2.hpack.caches import BoundedCache
from tests.transport.hpack.blocks import INDEXED, PLAIN, SENSITIVE, literal, size_update
from tests.transport.hpack.oracle import forget

TOKEN = b"Bearer " + b"secret" * 100


def new_decoder() -> Decoder:
    return Decoder(max_list_bytes=100_000)


@pytest.mark.parametrize("kind", [PLAIN, INDEXED])
def test_a_field_is_decoded_once_for_all_connections(decoded: list[bytes], kind: int) -> None:
    block = literal(b"name", b"value", kind, coded=True)
    for _ in range(3):
        assert new_decoder().decode(block).fields == [(b"name", b"value")]
    assert decoded == [b"name", b"value"]


@pytest.mark.parametrize("kind", [PLAIN, INDEXED])
@pytest.mark.parametrize(
    ("index", "name"), [(14, b":status"), (15, b"accept-charset"), (58, b"user-agent")]
)
def test_so_is_a_field_with_a_name_of_the_static_table(
    decoded: list[bytes], kind: int, index: int, name: bytes
) -> None:
    block = literal(index, b"value", kind, coded=True)
    for _ in range(3):
        assert new_decoder().decode(block).fields == [(name, b"value")]
    assert decoded == [b"value"]


def test_a_new_value_does_not_decode_its_name_again(decoded: list[bytes]) -> None:
    for value in (b"1", b"2", b"3"):
        block = literal(b"name", value, coded=True)
        assert new_decoder().decode(block).fields == [(b"name", value)]
    assert decoded == [b"name", b"1", b"2", b"3"]


def test_a_known_field_goes_into_the_table_of_each_connection(decoded: list[bytes]) -> None:
    block = literal(b"name", b"value", INDEXED, coded=True)
    for _ in range(2):
        one = new_decoder()
        assert one.decode(block).fields == one.decode(b"\xbe").fields == [(b"name", b"value")]
    assert decoded == [b"name", b"value"]


def test_the_name_of_a_table_is_not_remembered_for_another(decoded: list[bytes]) -> None:
    block = literal(62, b"value", coded=True)
    for name in (b"one", b"two"):
        one = new_decoder()
        one.decode(literal(name, b"", INDEXED))
        assert one.decode(block).fields == one.decode(block).fields == [(name, b"value")]


def test_a_sensitive_field_is_remembered_by_its_connection_only(decoded: list[bytes]) -> None:
    block = literal(23, b"secret", SENSITIVE, coded=True)
    one = new_decoder()
    for _ in range(3):
        assert one.decode(block).fields == [(b"authorization", b"secret")]
    assert decoded == [b"secret"]
    new_decoder().decode(block)
    assert decoded == [b"secret"] * 2
    assert decoder._SHARED.get(block) is None


def test_a_long_field_is_remembered_by_its_connection_only(decoded: list[bytes]) -> None:
    block = literal(23, TOKEN, coded=True)
    one = new_decoder()
    for _ in range(3):
        assert one.decode(block).fields == [(b"authorization", TOKEN)]
    assert decoded == [TOKEN]
    new_decoder().decode(block)
    assert decoded == [TOKEN] * 2


def test_a_field_longer_than_a_connection_remembers_is_decoded_each_time(
    decoded: list[bytes],
) -> None:
    value = b"v" * 8_000
    one = new_decoder()
    for _ in range(2):
        assert one.decode(literal(b"name", value, coded=True)).fields == [(b"name", value)]
    assert decoded == [b"name", value] * 2


def test_a_long_name_is_not_remembered(decoded: list[bytes]) -> None:
    new_decoder().decode(literal(b"n" * 70, b"value"))
    assert len(decoder._NAMES) == 0


def test_unique_fields_of_any_kind_keep_within_the_bounds(decoded: list[bytes]) -> None:
    one = new_decoder()
    one.decode(size_update(0))
    for n in range(10_000):
        kind = (PLAIN, SENSITIVE, INDEXED)[n % 3]
        one.decode(literal(b"name-%d" % n, b"v-%d-" % n * (n % 60), kind, coded=n % 2 == 0))
        for cache, entries, key_bytes in (
            (decoder._SHARED, 2_048, 131_072),
            (decoder._NAMES, 512, 16_384),
            (one._own, 16, 4_096),
        ):
            assert len(cache) <= entries
            assert cache._key_bytes <= key_bytes
        assert one._table._size == 0


def test_one_connection_keeps_little_memory_whatever_it_sends() -> None:
    forget()
    one = new_decoder()
    # The shortest codes, so that the text is as long as it can be for its encoded bytes.
    blocks = [
        literal(b"aceiost%05d" % n, b"0" * 1_600 + b"%d" % n, kind, coded=True)
        for n in range(100)
        for kind in (SENSITIVE, INDEXED)
    ]
    tracemalloc.start()
    try:
        for block in blocks:
            one.decode(block)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sys.getsizeof(one) < 200
    assert kept < 40_000


def test_a_full_cache_forgets_all_and_goes_on() -> None:
    cache: BoundedCache[int] = BoundedCache(max_entries=2, max_key_bytes=100)
    for n, key in enumerate((b"a", b"b", b"c")):
        cache.keep(key, n)
    assert [cache.get(key) for key in (b"a", b"b", b"c")] == [None, None, 2]


def test_a_cache_counts_the_bytes_of_its_keys() -> None:
    cache: BoundedCache[int] = BoundedCache(max_entries=100, max_key_bytes=10)
    cache.keep(b"12345", 1)
    cache.keep(b"12345", 1)
    cache.keep(b"67890", 2)
    assert len(cache) == 2
    cache.keep(b"x", 3)
    assert len(cache) == 1


def test_a_cache_keeps_no_key_that_is_too_long() -> None:
    cache: BoundedCache[int] = BoundedCache(max_entries=100, max_key_bytes=10)
    cache.keep(b"x", 1)
    cache.keep(b"y" * 11, 2)
    assert cache.get(b"y" * 11) is None
    assert cache.get(b"x") == 1
