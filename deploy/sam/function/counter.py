"""Counts its invocations in a record that all sandboxes share."""

import contextlib
from typing import Any

import pannier

_KEY = pannier.key("demo", "invocations")

# One connection for the life of the sandbox. The address stands in PANNIER_ADDRESS.
_store = pannier.connect()


def handler(event: Any, context: Any) -> dict[str, int]:
    """Count this invocation, and answer how many there were."""
    try:
        record = _store.update(_KEY, _add_one)
    except pannier.NotFound:
        # Another sandbox may be as fast; its record is as good.
        with contextlib.suppress(pannier.AlreadyExists):
            _store.create(_KEY, b"0")
        record = _store.update(_KEY, _add_one)
    return {"invocations": int(record.data), "version": record.version}


def _add_one(data: bytes) -> bytes:
    return b"%d" % (int(data) + 1)
