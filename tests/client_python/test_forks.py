"""A store belongs to the process that opened it; a child leaves it alone."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

import pannier

pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)


def exit_code_of_child(act: Callable[[], Any]) -> int:
    """Do something in a forked child, and return its exit code; one that hangs is killed."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        try:
            act()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_child_may_close_the_store_of_its_parent_which_goes_on(
    live_address: str, owner: str
) -> None:
    with pannier.connect(live_address) as store:
        store.put(f"{owner}:n", b"data")
        assert exit_code_of_child(store.close) == 0
        assert store.get(f"{owner}:n").data == b"data"


def test_a_child_may_drop_a_list_that_its_parent_reads(live_address: str, owner: str) -> None:
    with pannier.connect(live_address) as store:
        for name in ("a", "b", "c"):
            store.put(f"{owner}:{name}", b"")
        records = store.list(f"{owner}:", page_size=1)
        next(records)
        assert exit_code_of_child(records.close) == 0
        assert [record.key for record in records] == [f"{owner}:b", f"{owner}:c"]
