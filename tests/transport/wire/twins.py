"""Request heads decoded twice, with the cache and without, which must never differ."""

from pannier_server.transport.h2.http2.errors import ConnectionFault
from pannier_server.transport.h2.limits import Limits
from pannier_server.transport.h2.meters import Meters
from pannier_server.transport.h2.wire.heads import RequestHead, RequestHeadDecoder

Outcome = tuple[object, ...]


class Twins:
    """Two decoders that get the same blocks: one with the cache, one whose cache stays empty."""

    def __init__(self, limit: int = 16_384) -> None:
        limits = Limits(max_header_list_bytes=limit)
        self.cached = RequestHeadDecoder(limits, Meters())
        self.plain = RequestHeadDecoder(limits, Meters())
        self.hits = 0

    def acknowledge(self) -> None:
        self.cached.settings_acknowledged()
        self.plain.settings_acknowledged()

    def decode(self, block: bytes) -> bool:
        """Decode a block twice and compare; return whether the connections can go on."""
        self.plain._heads.clear()
        self.plain._other_heads.clear()
        known = {id(head) for head in kept(self.cached)}
        outcome = outcome_of(self.cached, block)
        self.hits += outcome[0] in known
        assert outcome[1:] == outcome_of(self.plain, block)[1:], block.hex()
        assert_same_tables(self.cached, self.plain)
        return outcome[1] != "over"


def kept(decoder: RequestHeadDecoder) -> list[RequestHead]:
    return [*decoder._heads._kept.values(), *decoder._other_heads._kept.values()]


def outcome_of(decoder: RequestHeadDecoder, block: bytes) -> Outcome:
    try:
        head, timeout = decoder.decode(block)
    except ConnectionFault as fault:
        return (0, "over", fault.code)
    facts = (head.path, head.malformed, head.content_length, head.refusal, head.gzipped)
    return (id(head), timeout, head.fields, *facts, head.accepts_gzip)


def assert_same_tables(one: RequestHeadDecoder, other: RequestHeadDecoder) -> None:
    ours, theirs = one._decoder._table, other._decoder._table
    assert (list(ours.entries), ours.maximum) == (list(theirs.entries), theirs.maximum)
