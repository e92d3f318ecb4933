"""A scenario's calls, made through the client's public interface."""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

import pannier
from tests.conformance.python_runner.control import Control
from tests.conformance.python_runner.results import (
    ChangeFailed,
    page_json,
    record_json,
    unreadable_json,
    written_json,
)

Arguments = dict[str, Any]
Result = dict[str, Any]

_RENAMED = {"timeout_seconds": "timeout", "ttl_seconds": "ttl"}


class Calls:
    """The calls of one scenario's store."""

    def __init__(self, store: Any, control: Control) -> None:
        """Take the store, and the stage for what happens amid a call."""
        self._store = store
        self._control = control
        self._calls: Mapping[str, Callable[[Arguments], Result]] = {
            "key": lambda args: {"key": pannier.key(**args)},
            "prefix": lambda args: {"prefix": pannier.prefix(**args)},
            "get": lambda args: record_json(store.get(**args)),
            "put": lambda args: written_json(store.put(**args)),
            "put_if_version": lambda args: written_json(store.put_if_version(**args)),
            "create": lambda args: written_json(store.create(**args)),
            "delete": lambda args: {"deleted": store.delete(**args)},
            "cleanup_expired": lambda args: store.cleanup_expired(**args)._asdict(),
            "close": self._close,
            "update": self._update,
            "list": self._list,
            "list_pages": lambda args: {
                "pages": [page_json(page) for page in store.list_pages(**args)]
            },
        }

    def call(self, name: str, args: Arguments) -> Result:
        """Make a call and return its result as JSON.

        Raises:
            Exception: Whatever the client raises.
        """
        return self._calls[name]({_RENAMED.get(n, n): _argument(n, v) for n, v in args.items()})

    def _close(self, _: Arguments) -> Result:
        self._store.close()
        return {}

    def _update(self, args: Arguments) -> Result:
        wanted = args.pop("change")
        event = args.pop("on_first_change", None)
        changes = 0

        def change(data: bytes) -> bytes | None:
            nonlocal changes
            changes += 1
            if event is not None and changes == 1:
                self._control.do(event)
            return _changed(data, wanted)

        record = self._store.update(change=change, **args)
        return {**record_json(record), "changes": changes}

    def _list(self, args: Arguments) -> Result:
        event = args.pop("on_first_record", None)
        take = args.pop("take", None)
        unreadable: list[Result] = []
        if args.pop("name_unreadable", False):
            args["on_unreadable"] = lambda row: unreadable.append(unreadable_json(row))
        records = []
        following = self._store.list(**args)
        for record in islice(following, take):
            records.append(record_json(record))
            if event is not None and len(records) == 1:
                self._control.do(event)
        following.close()
        return {"records": records, "unreadable": unreadable}


def _argument(name: str, value: Any) -> Any:
    if name == "data":
        return _data(value)
    if name == "expire_time":
        return datetime.fromisoformat(value)
    if name == "expected_version":
        return int(value)
    return value


def _data(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if "base64" in value:
        return base64.b64decode(value["base64"])
    return str(value["repeat"]).encode() * int(value["times"])


def _changed(data: bytes, wanted: Mapping[str, Any]) -> bytes | None:
    if "raise" in wanted:
        raise ChangeFailed(wanted["raise"])
    if "keep" in wanted:
        return None
    if "append" in wanted:
        return data + str(wanted["append"]).encode()
    return b"%d" % (int(data) + int(wanted["add"]))
