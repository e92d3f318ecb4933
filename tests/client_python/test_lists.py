"""Lists go on after a break without a record lost or doubled, and end when dropped."""

import threading
from collections.abc import Iterable, Iterator

import grpc
import pytest
from grpc import StatusCode

import pannier
from pannier.v1 import storage_pb2 as pb
from tests.client_python.conftest import Connect
from tests.client_python.scripted_sidecar import (
    ScriptedSidecar,
    answer,
    fail,
    hang,
    page,
    pages,
    unavailable,
)


def names(records: Iterable[pannier.Record]) -> str:
    return "".join(record.key.removeprefix("o:") for record in records)


def asked(sidecar: ScriptedSidecar) -> list[tuple[str, int]]:
    return [(request.page_token, request.limit) for request in sidecar.requests("ListByPrefix")]


def test_pages_are_hidden(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(pages(page("a", "b", token="t1"), page("c", token="t2"), page("d")))
    assert names(store.list("o:")) == "abcd"
    assert len(sidecar.received) == 1


def test_an_empty_list_ends_at_once(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(pages(page()))
    assert names(store.list("o:")) == ""


def test_what_is_asked_for_is_sent(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(pages(page()))
    list(
        store.list(
            "o:x",
            page_size=7,
            page_token="t",
            limit=9,
            keys_only=True,
            order="descending",
            consistency="eventual",
        )
    )
    assert sidecar.requests("ListByPrefix") == [
        pb.ListByPrefixRequest(
            prefix="o:x",
            page_size=7,
            page_token="t",
            limit=9,
            keys_only=True,
            order=pb.ORDER_DESCENDING,
            consistency=pb.CONSISTENCY_EVENTUAL,
        )
    ]
    assert sidecar.received[0].seconds_left > 1e6


def test_a_break_before_the_first_page_starts_again(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(unavailable(), pages(then=unavailable()), pages(page("a")))
    assert names(store.list("o:", page_token="start")) == "a"
    assert asked(sidecar) == [("start", 0)] * 3


def test_a_break_goes_on_behind_the_last_page(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(
        pages(page("a", "b", token="t1"), page("c", token="t2"), then=unavailable()),
        unavailable(),
        pages(page("d", token="t3"), then=fail(StatusCode.CANCELLED, "RST_STREAM")),
        pages(page("e")),
    )
    assert names(store.list("o:")) == "abcde"
    assert asked(sidecar) == [("", 0), ("t2", 0), ("t2", 0), ("t3", 0)]


def test_a_break_after_the_last_page_is_no_loss(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", token="t1"), page("b"), then=unavailable()))
    assert names(store.list("o:")) == "ab"


def test_a_stream_that_ends_well_before_the_last_page_goes_on(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", token="t1")), pages(), pages(page("b")))
    assert names(store.list("o:")) == "ab"
    assert asked(sidecar) == [("", 0), ("t1", 0), ("t1", 0)]


def test_a_limit_counts_over_breaks(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(
        pages(page("a", "b", token="t1"), then=unavailable()),
        pages(page("c", token="t2"), then=unavailable()),
        pages(page("d", "e", token="t3")),
    )
    assert names(store.list("o:", limit=5)) == "abcde"
    assert asked(sidecar) == [("", 5), ("t1", 3), ("t2", 2)]


def test_a_break_once_the_limit_is_reached_is_no_loss(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", "b", token="t1"), then=unavailable()))
    assert names(store.list("o:", limit=2)) == "ab"


def test_a_break_that_lasts_ends_the_list(connect: Connect, sidecar: ScriptedSidecar) -> None:
    store = connect(sidecar.address, timeout=0.2)
    sidecar.will(pages(page("a", token="t1"), then=unavailable()), *[unavailable()] * 1_000)
    records = store.list("o:")
    assert next(records).key == "o:a"
    with pytest.raises(pannier.Unavailable) as raised:
        next(records)
    assert raised.value.write_outcome is None


def test_each_page_gives_a_break_its_time_anew(connect: Connect, sidecar: ScriptedSidecar) -> None:
    store = connect(sidecar.address, retries=pannier.RetryPolicy(max_attempts=2))
    broken = [pages(page(name, token=name), then=unavailable()) for name in "abcdef"]
    sidecar.will(*broken, pages(page("g")))
    assert names(store.list("o:")) == "abcdefg"


def test_a_failure_that_does_not_pass_is_raised(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    refused = fail(StatusCode.INVALID_ARGUMENT, reason="PAGE_TOKEN_INVALID")
    sidecar.will(pages(page("a", token="t1"), then=refused))
    records = store.list("o:")
    next(records)
    with pytest.raises(pannier.InvalidArgument) as raised:
        next(records)
    assert raised.value.reason == "PAGE_TOKEN_INVALID"


def test_a_list_can_have_a_time_limit(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(pages(page("a", token="t1"), then=hang))
    records = store.list("o:", timeout=0.3)
    next(records)
    with pytest.raises(pannier.DeadlineExceeded):
        next(records)


@pytest.mark.parametrize("how", ["close", "drop"])
def test_a_list_that_is_left_early_ends_its_stream(
    store: pannier.Store, sidecar: ScriptedSidecar, how: str
) -> None:
    ended = threading.Event()

    def endless(request: object, context: grpc.ServicerContext) -> Iterator[object]:
        context.add_callback(ended.set)
        yield page("a", token="t1")
        hang(request, context)

    sidecar.will(endless)
    records = store.list("o:")
    next(records)
    if how == "close":
        records.close()
    del records
    assert ended.wait(10)


def test_closing_the_store_ends_its_lists(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(pages(page("a", token="t1"), then=hang))
    records = store.list("o:")
    next(records)
    store.close()
    with pytest.raises(pannier.StoreClosed):
        next(records)


def test_unreadable_rows_are_named_at_the_end(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(
        pages(page("a", token="t1", unreadable=["x"]), then=unavailable()),
        pages(page("b", unreadable=["y"])),
    )
    listed: list[pannier.Record] = []
    with pytest.raises(pannier.UnreadableRecords, match="2 stored rows") as raised:
        listed.extend(store.list("o:"))
    assert raised.value.unreadable == (("o:x", "odd"), ("o:y", "odd"))


def test_every_readable_record_comes_before_the_unreadable_ones_are_named(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", token="t1", unreadable=["x"]), page("b")))
    records = store.list("o:")
    assert names([next(records), next(records)]) == "ab"
    with pytest.raises(pannier.UnreadableRecords):
        next(records)


def test_a_limit_does_not_hide_unreadable_rows(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", token="t1", unreadable=["x"])))
    records = store.list("o:", limit=1)
    next(records)
    with pytest.raises(pannier.UnreadableRecords):
        next(records)


def test_unreadable_rows_can_be_told_one_by_one(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page("a", token="t1", unreadable=["x"]), page("b", unreadable=["y"])))
    told: list[pannier.Unreadable] = []
    assert names(store.list("o:", on_unreadable=told.append)) == "ab"
    assert [row.key for row in told] == ["o:x", "o:y"]


def test_many_unreadable_rows_are_counted_and_the_first_are_kept(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    sidecar.will(pages(page(unreadable=[str(number) for number in range(1_500)])))
    with pytest.raises(pannier.UnreadableRecords) as raised:
        list(store.list("o:"))
    assert (raised.value.count, len(raised.value.unreadable)) == (1_500, 1_000)


def test_pages_can_be_taken_as_they_are(store: pannier.Store, sidecar: ScriptedSidecar) -> None:
    sidecar.will(
        pages(page("a", token="t1", unreadable=["x"]), then=unavailable()), pages(page("b"))
    )
    first, last = store.list_pages("o:", page_size=1)
    assert (names(first.records), first.next_page_token) == ("a", "t1")
    assert first.unreadable == (("o:x", "odd"),)
    assert (names(last.records), last.next_page_token) == ("b", "")


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"order": "sideways"}, '"ascending" or "descending"'),
        ({"consistency": "weak"}, '"strong" or "eventual"'),
        ({"limit": -1}, "out of range"),
        ({"timeout": 0}, "timeout must be"),
    ],
)
def test_wrong_arguments_are_refused_before_the_first_record(
    store: pannier.Store, sidecar: ScriptedSidecar, wrong: dict[str, object], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        store.list("o:", **wrong)  # type: ignore[arg-type]
    assert sidecar.received == []


def test_an_answer_of_another_call_does_not_disturb_a_list(
    store: pannier.Store, sidecar: ScriptedSidecar
) -> None:
    deleted = answer(pb.DeleteResponse(deleted=True))
    sidecar.will(pages(page("a", token="t1"), page("b")), deleted)
    records = store.list("o:")
    next(records)
    assert store.delete("o:a")
    assert names(records) == "b"
