"""What the tests of HPACK count."""

import pytest

from pannier_server.transport.h2.hpack import decoder, literals
from pannier_server.transport.h2.hpack.huffman import decode_huffman
from tests.transport.hpack.oracle import forget


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collects the strings that are Huffman-decoded, with nothing remembered at the start."""
    forget()
    texts: list[bytes] = []

    def decode(raw: bytes) -> bytes:
        texts.append(decode_huffman(raw))
        return texts[-1]

    monkeypatch.setattr(decoder, "decode_huffman", decode)
    monkeypatch.setattr(literals, "decode_huffman", decode)
    return texts
