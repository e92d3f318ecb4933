"""Our decoder and the `hpack` library's agree on every block."""

from dataclasses import dataclass

import hpack
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.hpack.fuzz import fuzz_hpack
from tests.transport.hpack.oracle import TwinDecoders

names = st.sampled_from([b":path", b":status", b"te", b"user-agent", b"x-name"]) | st.binary(
    max_size=40
)
values = st.sampled_from([b"/", b"200", b"trailers", b"v" * 130, b"w" * 3_000]) | st.binary(
    max_size=40
)
sensitive = st.booleans()


@dataclass
class Block:
    """A header list, and how its sender encodes it."""

    fields: list[tuple[bytes, bytes, bool]]
    huffman: bool
    table_bytes: int | None


blocks = st.builds(
    Block,
    fields=st.lists(st.tuples(names, values, sensitive), max_size=8),
    huffman=st.booleans(),
    table_bytes=st.none() | st.sampled_from([0, 50, 200, 4_096, 20_000]),
)


@settings(deadline=None)
@given(st.lists(blocks, max_size=12), st.sampled_from([200, 1_000, 2**30]))
def test_what_the_library_encodes(sent: list[Block], max_list_bytes: int) -> None:
    encoder = hpack.Encoder()
    twins = TwinDecoders(max_list_bytes)
    for block in sent:
        if block.table_bytes is not None:
            twins.limit_table(block.table_bytes)
            encoder.header_table_size = block.table_bytes
        assert twins.decode(encoder.encode(block.fields, huffman=block.huffman))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes(sent: list[bytes]) -> None:
    twins = TwinDecoders(1_000)
    all(twins.decode(block) for block in sent)


def test_random_connections_with_mistakes() -> None:
    assert fuzz_hpack(seconds=2, seed=7541) > 100
