"""Decodes the Huffman code of HPACK (RFC 7541, section 5.2 and appendix B)."""

from typing import Final, TypeAlias

from pannier_server.transport.h2.hpack.errors import HpackError

_END_OF_STRING: Final = 256

_CODE_BITS: Final = bytes.fromhex(
    """
    0d 17 1c 1c 1c 1c 1c 1c 1c 18 1e 1c 1c 1e 1c 1c
    1c 1c 1c 1c 1c 1c 1e 1c 1c 1c 1c 1c 1c 1c 1c 1c
    06 0a 0a 0c 0d 06 08 0b 0a 0a 08 0b 08 06 06 06
    05 05 05 06 06 06 06 06 06 06 07 08 0f 06 0c 0a
    0d 06 07 07 07 07 07 07 07 07 07 07 07 07 07 07
    07 07 07 07 07 07 07 07 08 07 08 0d 13 0d 0e 06
    0f 05 06 05 06 05 06 06 06 05 07 07 06 06 06 05
    06 07 06 05 05 06 07 07 07 07 07 0f 0b 0e 0d 1c
    14 16 14 14 16 16 16 17 16 17 17 17 17 17 18 17
    18 18 16 17 18 17 17 17 17 15 16 17 16 17 17 18
    16 15 14 16 16 17 17 15 17 16 16 18 15 16 17 17
    15 15 16 15 17 16 17 17 14 16 16 16 17 16 16 17
    1a 1a 14 13 16 17 16 19 1a 1a 1a 1b 1b 1a 18 19
    13 15 1a 1b 1b 1a 1b 18 15 15 1a 1a 1c 1b 1b 1b
    14 18 14 15 16 15 15 17 16 16 19 19 18 18 1a 17
    1a 1b 1a 1a 1b 1b 1b 1b 1b 1c 1b 1b 1b 1b 1b 1a
    1e
    """
)
"""Bits of the code of each byte and, last, of EOS.

They give the codes too: those of one length count up in the order of their symbols.
"""

LONGEST_CODE: Final = max(_CODE_BITS)
"""Bits of the longest code, so that n encoded bytes hold n * 8 // LONGEST_CODE bytes or more."""

_Branch: TypeAlias = "_State | int"
_Step: TypeAlias = "tuple[_State, bytes]"

_UNKNOWN_STEPS: Final["list[_Step | None]"] = [None] * 256


class _State:
    """A place in the code tree, where the bits read so far begin a code.

    Attributes:
        branches: Where a 0 and a 1 lead: another state, or the symbol that ends there.
        steps: What each byte does from here, once it was worked out: the next state, and what the
            codes that ended on the way stand for. Working them all out at the start would take
            longer than all other imports of this package.
        may_end: True where the bits since the last code are valid padding (fewer than 8, all ones).
    """

    __slots__ = ("branches", "may_end", "steps")

    def __init__(self, *, may_end: bool) -> None:
        self.branches: list[_Branch] = []
        self.steps = _UNKNOWN_STEPS
        self.may_end = may_end


def _code_tree() -> _State:
    """Returns the root of the tree of all codes, filled from the shortest code to the longest."""
    root = _State(may_end=True)
    open_states = [root]
    symbols = iter(sorted(range(len(_CODE_BITS)), key=_CODE_BITS.__getitem__))
    symbol = next(symbols, None)
    for depth in range(1, LONGEST_CODE + 1):
        deeper: list[_State] = []
        for state in open_states:
            for bit in (0, 1):
                if symbol is not None and _CODE_BITS[symbol] == depth:
                    state.branches.append(symbol)
                    symbol = next(symbols, None)
                else:
                    child = _State(may_end=bool(bit) and state.may_end and depth < 8)
                    state.branches.append(child)
                    deeper.append(child)
        open_states = deeper
    return root


_ROOT: Final = _code_tree()


def decode_huffman(encoded: bytes) -> bytes:
    """Returns the bytes that the Huffman string `encoded` stands for.

    Raises:
        HpackError: It holds the EOS symbol, or ends in anything but 0 to 7 bits of ones.
    """
    state = _ROOT
    pieces: list[bytes] = []
    append = pieces.append
    for byte in encoded:
        state, piece = state.steps[byte] or _learn_step(state, byte)
        append(piece)
    if not state.may_end:
        raise HpackError("a Huffman string ends inside a code, or with padding that is not ones")
    return b"".join(pieces)


def _learn_step(start: _State, byte: int) -> _Step:
    """Works out and keeps what `byte` does from `start`.

    There are 65,281 steps in all, about 6 MiB, of which text reaches a few thousand.
    """
    state = start
    piece = bytearray()
    for shift in range(7, -1, -1):
        branch = state.branches[byte >> shift & 1]
        if isinstance(branch, _State):
            state = branch
        elif branch == _END_OF_STRING:
            raise HpackError("a Huffman string contains the EOS symbol")
        else:
            piece.append(branch)
            state = _ROOT
    step = (state, bytes(piece))
    if start.steps is _UNKNOWN_STEPS:
        start.steps = [None] * 256
    start.steps[byte] = step
    return step
