"""The stores against a real sidecar: what each method does and raises."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

import pannier
from pannier.errors import WriteOutcome
from tests.client_python.conftest import Connect
from tests.client_python.relay import Relay

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_record_is_read_as_it_was_written(live_store: pannier.Store, owner: str) -> None:
    key = pannier.key(owner, "n:with:colons")
    moment = datetime(2040, 5, 6, 7, 8, 9, 1, tzinfo=UTC)
    written = live_store.put(key, b"\x00\xff", expire_time=moment)
    rounded_up = datetime(2040, 5, 6, 7, 8, 10, tzinfo=UTC)
    assert written == pannier.Written(1, written.etag, rounded_up)
    record = live_store.get(key)
    assert record == pannier.Record(key, b"\x00\xff", 1, written.etag, rounded_up)
    assert live_store.get(key, consistency="eventual") == record


def test_a_put_replaces_data_and_expiry(live_store: pannier.Store, owner: str) -> None:
    live_store.put(f"{owner}:n", b"old", ttl=timedelta(hours=1))
    assert live_store.put(f"{owner}:n", b"").version == 2
    record = live_store.get(f"{owner}:n")
    assert (record.data, record.expire_time) == (b"", None)


def test_a_ttl_is_a_time_from_now(live_store: pannier.Store, owner: str) -> None:
    expire_time = live_store.put(f"{owner}:n", b"", ttl=3600).expire_time
    assert expire_time is not None
    assert abs(expire_time - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=5)


def test_an_absent_record_is_not_found(live_store: pannier.Store, owner: str) -> None:
    live_store.put(f"{owner}:expired", b"", expire_time=PAST)
    for name in ("never", "expired"):
        with pytest.raises(pannier.NotFound) as raised:
            live_store.get(f"{owner}:{name}")
        assert raised.value.reason == "RECORD_NOT_FOUND"
        with pytest.raises(pannier.NotFound):
            live_store.update(f"{owner}:{name}", lambda data: data)


def test_a_write_over_another_version_conflicts(live_store: pannier.Store, owner: str) -> None:
    live_store.put(f"{owner}:n", b"")
    second = live_store.put(f"{owner}:n", b"")
    with pytest.raises(pannier.VersionConflict) as raised:
        live_store.put_if_version(f"{owner}:n", b"", expected_version=1)
    error = raised.value
    assert (error.expected_version, error.actual_version) == (1, 2)
    assert error.actual_etag == second.etag
    assert error.write_outcome is WriteOutcome.NOT_APPLIED


def test_an_etag_tells_a_record_that_was_created_again(
    live_store: pannier.Store, owner: str
) -> None:
    first = live_store.create(f"{owner}:n", b"")
    assert live_store.delete(f"{owner}:n")
    again = live_store.create(f"{owner}:n", b"")
    assert (first.version, again.version) == (1, 1)
    with pytest.raises(pannier.VersionConflict):
        live_store.put_if_version(f"{owner}:n", b"", expected_version=1, etag=first.etag)
    with pytest.raises(pannier.VersionConflict):
        live_store.delete(f"{owner}:n", etag=first.etag)
    assert live_store.delete(f"{owner}:n", expected_version=1, etag=again.etag)


def test_a_record_is_created_once(live_store: pannier.Store, owner: str) -> None:
    live_store.create(f"{owner}:n", b"first")
    with pytest.raises(pannier.AlreadyExists):
        live_store.create(f"{owner}:n", b"second")
    assert live_store.get(f"{owner}:n").data == b"first"


def test_deleting_says_whether_a_record_was_there(live_store: pannier.Store, owner: str) -> None:
    live_store.put(f"{owner}:n", b"")
    assert live_store.delete(f"{owner}:n") is True
    assert live_store.delete(f"{owner}:n") is False


def test_a_reused_request_id_is_refused(live_store: pannier.Store, owner: str) -> None:
    name = "0b0c5b0e-6f0e-4d0a-9a55-3a5f1b8d2c11"
    first = live_store.put(f"{owner}:n", b"one", request_id=name)
    assert live_store.put(f"{owner}:n", b"one", request_id=name) == first
    with pytest.raises(pannier.RequestIdReused):
        live_store.put(f"{owner}:n", b"two", request_id=name)


def test_too_much_data_is_refused_with_both_sizes(live_store: pannier.Store, owner: str) -> None:
    with pytest.raises(pannier.DataTooLarge) as raised:
        live_store.put(f"{owner}:n", b"x" * 1_000_000)
    assert (raised.value.actual_bytes, raised.value.limit_bytes) == (1_000_000, 350 * 1024)
    with pytest.raises(pannier.NotFound):
        live_store.get(f"{owner}:n")


def test_a_key_that_is_none_is_refused(live_store: pannier.Store) -> None:
    with pytest.raises(pannier.InvalidArgument) as raised:
        live_store.get("no colon")
    assert raised.value.reason == "KEY_INVALID"


def test_an_update_keeps_the_expiry_unless_told_otherwise(
    live_store: pannier.Store, owner: str
) -> None:
    key = f"{owner}:n"
    expire_time = live_store.put(key, b"1", ttl=3600).expire_time
    assert live_store.update(key, lambda data: data + b"2").expire_time == expire_time
    record = live_store.update(key, lambda data: data + b"3", never_expires=True)
    assert record == live_store.get(key)
    assert (record.data, record.version, record.expire_time) == (b"123", 3, None)


def test_concurrent_updates_lose_nothing(live_store: pannier.Store, owner: str) -> None:
    live_store.put(f"{owner}:n", b"0")

    def count(_: int) -> None:
        for _ in range(10):
            live_store.update(f"{owner}:n", lambda data: b"%d" % (int(data) + 1), timeout=60)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(count, range(16)))
    record = live_store.get(f"{owner}:n")
    assert (record.data, record.version) == (b"160", 161)


@pytest.fixture
def names(live_store: pannier.Store, owner: str) -> list[str]:
    """Write some records, and one of another owner whose name starts the same."""
    names = [f"n{number:03}" for number in range(250)]
    for name in names:
        live_store.put(f"{owner}:{name}", name.encode())
    live_store.put(f"{owner}x:n", b"of someone else")
    return names


def test_lists_come_whole_and_in_order(
    live_store: pannier.Store, owner: str, names: list[str]
) -> None:
    prefix = pannier.prefix(owner, "n")
    listed = [record.data.decode() for record in live_store.list(prefix)]
    backwards = [record.data.decode() for record in live_store.list(prefix, order="descending")]
    assert listed == names
    assert backwards == names[::-1]


def test_a_list_can_be_cut_short_and_without_data(
    live_store: pannier.Store, owner: str, names: list[str]
) -> None:
    records = list(live_store.list(f"{owner}:", limit=3, keys_only=True, consistency="eventual"))
    assert [record.key for record in records] == [f"{owner}:{name}" for name in names[:3]]
    assert {record.data for record in records} == {b""}


def test_a_list_can_be_paged_by_hand(
    live_store: pannier.Store, owner: str, names: list[str]
) -> None:
    token, sizes = "", []
    while True:
        page = next(live_store.list_pages(f"{owner}:", page_size=100, limit=100, page_token=token))
        sizes.append(len(page.records))
        token = page.next_page_token
        if not token:
            break
    assert sizes == [100, 100, 50]


def test_a_list_survives_cut_connections(
    connect: Connect, live_store: pannier.Store, owner: str, names: list[str], relay: Relay
) -> None:
    listed = []
    for record in connect(relay.address).list(f"{owner}:", page_size=10):
        listed.append(record.data.decode())
        if len(listed) % 60 == 0:
            relay.cut()
    assert listed == names


def test_expired_records_are_cleaned_up(live_store: pannier.Store, owner: str) -> None:
    for number in range(3):
        live_store.put(f"{owner}:{number}", b"", expire_time=PAST)
    live_store.put(f"{owner}:live", b"", ttl=3600)
    assert live_store.cleanup_expired(f"{owner}:", limit=2) == (2, True)
    assert live_store.cleanup_expired(f"{owner}:") == pannier.CleanupResult(1, more=False)


def test_a_write_whose_answer_was_lost_is_applied_once(
    connect: Connect, relay: Relay, owner: str
) -> None:
    store = connect(relay.address)
    store.put(f"{owner}:n", b"0")
    relay.lose_an_answer()
    assert store.put(f"{owner}:n", b"1").version == 2
    relay.lose_an_answer()
    assert store.put_if_version(f"{owner}:n", b"2", expected_version=2).version == 3
    relay.lose_an_answer(after=1)
    assert store.update(f"{owner}:n", lambda data: data + b"!").version == 4
    assert relay.lost == 3
    assert store.get(f"{owner}:n").data == b"2!"


def test_a_delete_whose_answer_was_lost_is_left_to_the_caller(
    connect: Connect, relay: Relay, owner: str
) -> None:
    store = connect(relay.address)
    store.put(f"{owner}:n", b"")
    relay.lose_an_answer()
    with pytest.raises(pannier.Unavailable) as raised:
        store.delete(f"{owner}:n")
    assert raised.value.write_outcome is WriteOutcome.UNKNOWN
    written = store.put(f"{owner}:n", b"")
    relay.lose_an_answer()
    assert store.delete(f"{owner}:n", etag=written.etag) is False


def test_two_counters_over_a_connection_that_breaks_add_up(
    connect: Connect, relay: Relay, owner: str
) -> None:
    store = connect(relay.address)
    key = f"{owner}:n"
    store.put(key, b"")

    def count(writer: bytes) -> int:
        """Append this writer's letter, and settle what is unknown by reading."""
        mine = 0
        while mine < 50:
            if mine % 7 == 0:
                relay.lose_an_answer(after=mine % 4)
            try:
                store.update(key, lambda data: data + writer)
            except pannier.OutcomeUnknown:
                mine = store.get(key).data.count(writer)
            else:
                mine += 1
        return mine

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(count, [b"a", b"b"])) == [50, 50]
    data = store.get(key).data
    assert (data.count(b"a"), data.count(b"b")) == (50, 50)
    assert relay.lost > 0
