"""What is left of files when the power fails: only what was synced."""

from collections.abc import Iterable
from pathlib import Path

from tests.sqlite.recording_vfs import Event


def write_survivors(events: Iterable[Event], folder: Path) -> None:
    """Write into a new folder what is left of each file after these events.

    A write that no sync of its file followed is lost. Names are taken to be made and
    removed at once: SQLite syncs the folder together with each new log and journal.
    """
    folder.mkdir()
    current: dict[str, bytearray] = {}
    durable: dict[str, bytes] = {}
    for event in events:
        content = current.setdefault(event.path, bytearray())
        if event.kind == "write":
            content.extend(bytes(max(0, event.offset - len(content))))
            content[event.offset : event.offset + event.size] = event.content
        elif event.kind == "truncate":
            del content[event.offset :]
        elif event.kind == "sync":
            durable[event.path] = bytes(content)
        elif event.kind == "delete":
            current.pop(event.path)
            durable.pop(event.path, None)
    for path, synced in durable.items():
        (folder / Path(path).name).write_bytes(synced)
