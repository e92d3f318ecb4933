"""What the stateful property test draws at random, and a write as it was sent."""

from typing import NamedTuple

from hypothesis import strategies as st

from pannier_server.backends.contract import Write, Written
from pannier_server.testing.records import Records

# Few keys, and some more likely, so that operations meet on the same record.
OWNERS = st.sampled_from(["", "", "", "", "b"])
FIRST_NAMES = ("a", "a:", "ab", "B", "\uffff", "\U00010000")
NAMES = st.sampled_from(["a", "a", *FIRST_NAMES])
PREFIXES = st.sampled_from(["", "", "a", "ab", "a:", "B", "\uffff", "\U00010000", "c"])
DATA = st.sampled_from([b"", b"1", b"text", b"\xff\x00", b"x" * 500])
LIFETIMES = st.sampled_from([None, None, None, -30, 0, 1, 5, 60])
CONDITIONS = st.sampled_from(["none", "version", "etag", "both"])
CHANGES = st.sampled_from(["data", "expiry", "condition"])
VERSIONS = st.one_of(st.none(), st.integers(0, 5))
RECENT = st.integers(min_value=0, max_value=5)


class Sent(NamedTuple):
    """A write that was sent, to be sent again.

    Attributes:
        owner: The owner's suffix.
        name: The record's name.
        write: What was to be written.
        expected_version: The version expected, None for a put.
        etag: The etag expected, or empty.
    """

    owner: str
    name: str
    write: Write
    expected_version: int | None
    etag: str

    async def attempt(self, records: Records) -> Written:
        """Send it, whether for the first time or again."""
        key, call = records.key(self.name), records.call()
        if self.expected_version is None:
            return await records.backend.put(key, self.write, call)
        return await records.backend.put_if_version(
            key,
            self.write,
            expected_version=self.expected_version,
            etag=self.etag,
            call=call,
        )
