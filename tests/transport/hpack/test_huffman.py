"""The Huffman code is the one that the `hpack` library writes."""

import random

import pytest

from pannier_server.transport.h2.hpack import HpackError, huffman
from tests.transport.hpack.blocks import huffman as encoded

BYTES = [bytes([symbol]) for symbol in range(256)]


def decode_from_cold(raw: bytes) -> bytes:
    """Decodes with no step known."""
    cold = huffman._code_tree()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huffman, "_ROOT", cold)
        return huffman.decode_huffman(raw)


@pytest.mark.parametrize("symbol", BYTES)
def test_each_byte_decodes(symbol: bytes) -> None:
    assert huffman.decode_huffman(encoded(symbol)) == symbol


@pytest.mark.parametrize("first", BYTES[::5])
def test_each_pair_of_bytes_decodes(first: bytes) -> None:
    for second in BYTES:
        assert huffman.decode_huffman(encoded(first + second)) == first + second


def test_all_bytes_in_any_order_decode() -> None:
    rnd = random.Random(7541)
    for _ in range(50):
        text = b"".join(rnd.sample(BYTES, 256))
        assert huffman.decode_huffman(encoded(text)) == text


def test_nothing_decodes_to_nothing() -> None:
    assert huffman.decode_huffman(b"") == b""


def test_what_was_learned_changes_no_result() -> None:
    rnd = random.Random(1)
    for _ in range(100):
        raw = rnd.randbytes(rnd.randrange(12))
        outcomes = []
        for decode in (decode_from_cold, huffman.decode_huffman, huffman.decode_huffman):
            try:
                outcomes.append(decode(raw))
            except HpackError:
                outcomes.append(b"error")
        assert len(set(outcomes)) == 1, raw


def test_nothing_is_learned_before_the_first_string() -> None:
    root = huffman._code_tree()
    states = [root]
    for state in states:
        assert state.steps is huffman._UNKNOWN_STEPS
        states += [branch for branch in state.branches if isinstance(branch, huffman._State)]
    assert len(states) == 256


def test_an_unknown_step_is_never_written_into_the_shared_row() -> None:
    huffman.decode_huffman(encoded(b"something"))
    assert huffman._UNKNOWN_STEPS == [None] * 256
