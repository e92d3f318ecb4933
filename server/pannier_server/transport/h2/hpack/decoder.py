"""Decodes the header blocks of one connection."""

from dataclasses import dataclass
from typing import Final

from pannier_server.transport.h2.hpack.caches import BoundedCache
from pannier_server.transport.h2.hpack.dynamic_table import INITIAL_MAXIMUM, DynamicTable
from pannier_server.transport.h2.hpack.errors import HeaderListTooLarge, HpackError
from pannier_server.transport.h2.hpack.fields import Entry, Field, entry_of
from pannier_server.transport.h2.hpack.huffman import decode_huffman
from pannier_server.transport.h2.hpack.integers import read_integer
from pannier_server.transport.h2.hpack.literals import LiteralField
from pannier_server.transport.h2.hpack.static_table import STATIC_COUNT, STATIC_ENTRIES

_LAST_STATIC: Final = 0x80 + STATIC_COUNT

_LONGEST_NAME: Final = 64

_NAMES: Final[BoundedCache[bytes]] = BoundedCache(max_entries=512, max_key_bytes=16_384)
"""What literal fields of all connections were named, by their bytes up to the value."""

_LONGEST_SHARED: Final = 128

_SHARED: Final[BoundedCache[Entry]] = BoundedCache(max_entries=2_048, max_key_bytes=131_072)
"""What short literal fields stand for, of all connections, by their bytes in the block."""

_BOMB_FIELDS: Final = 512
"""So many fields past the largest list are no mistake: references and the shortest literals cost
their sender one to four bytes and us the time of a whole field, and thousands fit a block."""

_SIZE_UPDATES: Final = frozenset(bytes((first,)) for first in range(0x20, 0x40))
"""The first bytes of table size updates (RFC 7541, section 6.3)."""


def _count_past(fields: int) -> int:
    """Returns how many fields past the limit there are, if that is not too many."""
    if fields == _BOMB_FIELDS:
        raise HpackError("the header list is a bomb: its fields go on and on")
    return fields + 1


def _value_offset(first: int) -> int:
    """Returns how far after its byte `first` the value of a short literal field begins.

    It is 0 where the name is in between.
    """
    largest_prefix = 0x3F if first & 0x40 else 0x0F
    name_index = first & largest_prefix
    if not name_index:
        return 0
    return 1 if name_index < largest_prefix else 2


_VALUE_OFFSETS: Final = tuple(map(_value_offset, range(0x80)))


@dataclass(slots=True)
class HeaderBlock:
    """A decoded header block.

    Attributes:
        fields: The header list.
        starts: For each field, the offset in the block at which its representation begins.
        stateless: True where decoding neither read nor changed the dynamic table, and the block set
            no table size: the same bytes always stand for the same fields.
    """

    fields: list[Field]
    starts: list[int]
    stateless: bool


class Decoder:
    """The decoding half of a connection's header compression (RFC 7541; RFC 9113, section 4.3).

    Blocks must be decoded in the order in which they were received, those of refused or closed
    streams too: each may change what later ones mean.
    """

    __slots__ = ("_limit", "_max_list_bytes", "_own", "_table")

    def __init__(self, *, max_list_bytes: int) -> None:
        """Makes a decoder whose table may hold the protocol's 4,096 bytes.

        Args:
            max_list_bytes: Size of the largest header list to accept: names, values and 32 bytes
                for each field, as SETTINGS_MAX_HEADER_LIST_SIZE counts.
        """
        self._max_list_bytes = max_list_bytes
        self._table = DynamicTable()
        self._limit = INITIAL_MAXIMUM
        self._own: BoundedCache[Entry] = BoundedCache(max_entries=16, max_key_bytes=4_096)

    def limit_table(self, size: int) -> None:
        """Refuses size updates above `size` bytes, our SETTINGS_HEADER_TABLE_SIZE, from now on.

        To be called when the peer acknowledged a smaller size, or at once where we raise it. A
        table that is larger stays so until the peer shrinks it. RFC 9113, section 4.3.1 would have
        the connection end there, but widely used clients (nginx, okhttp, .NET, Dart) never say a
        word about their table, and what it keeps is bounded by its first 4,096 bytes.
        """
        self._limit = size

    @property
    def is_settled(self) -> bool:
        """True where a block that is `HeaderBlock.stateless` now will always mean the same.

        Only where the table has no room at all do literals "with indexing" count as stateless; a
        peer that may still enlarge it could make them mean a change.
        """
        return self._limit == 0 or self._table.maximum > 0

    def decode(self, block: bytes) -> HeaderBlock:
        """Decodes a whole header block: the fragments of HEADERS and its CONTINUATIONs, joined.

        Raises:
            HpackError: It is malformed, or a bomb of tiny fields; the connection can't go on.
            HeaderListTooLarge: Its list is larger than allowed; the connection can go on.
        """
        # One long loop, which calls nothing but dicts for fields that were seen before: methods for
        # the kinds of fields would make it take a third longer.
        table = self._table
        shared = _SHARED.get
        own = self._own.get
        fields: list[Field] = []
        starts: list[int] = []
        room = self._max_list_bytes
        at = past = 0
        if block[:1] in _SIZE_UPDATES:
            at = self._apply_size_updates(block)
        stateless = at == 0
        end = len(block)
        while at < end:
            first = block[at]
            entry: Entry | None
            if first >= 0x80:
                if 0x80 < first <= _LAST_STATIC:
                    entry = STATIC_ENTRIES[first - 0x81]
                    stop = at + 1
                else:
                    short = first < 0xFF
                    index, stop = (first - 0x80, at + 1) if short else read_integer(block, at, 7)
                    entry = table.entry(index)
                    stateless = False
            else:
                # This takes all lengths for short. Where one is not, these are not the bytes of a
                # whole field, and no key is equal to them.
                try:
                    value_at = at + (_VALUE_OFFSETS[first] or 2 + (block[at + 1] & 0x7F))
                    stop = value_at + 1 + (block[value_at] & 0x7F)
                except IndexError:
                    value_at = stop = end
                key = block[at:stop]
                entry = shared(key) or own(key) or self._new_value(key, value_at - at, room)
                if entry is None:
                    literal = LiteralField(block, at, table)
                    stop = literal.stop
                    stateless = stateless and not literal.reads_table
                    entry = self._new_field(literal, block[at:stop], literal.value_at - at, room)
                if first & 0x40 and table.maximum:
                    stateless = False
                    table.insert(entry)
            room -= entry[1]
            if room >= 0:
                fields.append(entry[0])
                starts.append(at)
            else:
                past = _count_past(past)
            at = stop
        if room < 0:
            raise HeaderListTooLarge(
                f"the header list is larger than {self._max_list_bytes} bytes: send less metadata"
            )
        return HeaderBlock(fields, starts, stateless)

    def _apply_size_updates(self, block: bytes) -> int:
        """Applies the size updates that `block` begins with (RFC 7541, sections 4.2 and 6.3).

        Returns:
            The offset of the first field.
        """
        at = updates = 0
        while block[at : at + 1] in _SIZE_UPDATES:
            updates += 1
            if updates > 2:
                raise HpackError("a header block begins with more than two table size updates")
            size, at = read_integer(block, at, 5)
            if size > self._limit:
                raise HpackError(f"a table size update to {size} bytes exceeds our {self._limit}")
            self._table.resize(size)
        return at

    def _new_value(self, key: bytes, value_at: int, room: int) -> Entry | None:
        """Returns the literal field whose bytes are `key`, where nothing but its value is new.

        Args:
            key: The bytes from the start of the field on; all of them where its lengths are short.
            value_at: Where its value begins in `key`.
            room: Bytes left of the header list.

        Returns:
            The field, or None where it takes more than this to read it.
        """
        name = _NAMES.get(key[:value_at])
        if name is None or value_at >= len(key):
            return None
        length = key[value_at] & 0x7F
        value = key[value_at + 1 :]
        if length == 0x7F or length != len(value):
            return None
        if key[value_at] >= 0x80:
            if room < 0:
                return None
            value = decode_huffman(value)
        entry = entry_of(name, value)
        self._keep(key, entry)
        return entry

    def _new_field(self, literal: LiteralField, key: bytes, value_at: int, room: int) -> Entry:
        """Returns the field of `literal`, whose bytes in the block are `key`.

        Where it can't fit in the `room` bytes left of the header list, only its size counts, of
        which the least possible will do; the table, too, needs more only of what fits in it.
        """
        entry = self._own.get(key)
        if entry is not None:
            return entry
        least_size = literal.least_size()
        if least_size > room and not (literal.is_indexed and least_size <= self._table.maximum):
            return (b"", b""), least_size
        entry = literal.entry()
        if not literal.reads_table:
            if value_at <= _LONGEST_NAME:
                _NAMES.keep(key[:value_at], entry[0][0])
            self._keep(key, entry)
        return entry

    def _keep(self, key: bytes, entry: Entry) -> None:
        """Remembers the field that the bytes `key` stand for."""
        is_sensitive = key[0] & 0xF0 == 0x10
        if is_sensitive or len(key) > _LONGEST_SHARED:
            self._own.keep(key, entry)
        else:
            _SHARED.keep(key, entry)
