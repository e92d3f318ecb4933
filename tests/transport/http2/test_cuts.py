"""The same bytes give the same answers, however the network has cut them."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.attacks import frames
from tests.transport.http2.application import RecordingApplication
from tests.transport.http2.conversations import FRAMES, GREETING, SHORT, rising
from tests.transport.http2.peer import Peer


def answered(reads: Iterable[bytes], *, echoes: bool = True, **limits: Any) -> bytes:
    """Return all that a server writes to a client whose bytes come in these reads."""
    peer = Peer(greet=False, application=RecordingApplication(echoes=echoes), **limits)
    for sent in reads:
        peer.connection.receive(sent)
        while peer.connection.cut:
            peer.connection.proceed()
    return peer.written()


def cut_at(sent: bytes, places: Sequence[int]) -> list[bytes]:
    """Return bytes in pieces that end at these places."""
    ends = [*sorted(place % (len(sent) + 1) for place in places), len(sent)]
    return [sent[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def places_of(sent: bytes) -> Iterable[int]:
    """Return where to cut: everywhere, but not inside of a long payload."""
    return (at for at in range(1, len(sent)) if at < 1_000 or at > len(sent) - 50)


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("sent", SHORT.values(), ids=SHORT)
def test_a_short_conversation_may_be_cut_anywhere(sent: bytes, echoes: bool) -> None:
    limits = {"max_concurrent_streams": 5}
    expected = answered([GREETING, sent], echoes=echoes, **limits)
    for place in places_of(sent):
        pieces = [GREETING, sent[:place], sent[place:]]
        assert answered(pieces, echoes=echoes, **limits) == expected, place


@pytest.mark.parametrize("sent", SHORT.values(), ids=SHORT)
def test_a_short_conversation_may_come_a_byte_at_a_time_and_a_frame_in_each_turn(
    sent: bytes,
) -> None:
    expected = answered([GREETING + sent])
    assert answered([bytes((byte,)) for byte in GREETING + sent]) == expected
    assert answered([GREETING + sent], turn_budget=1) == expected


@settings(max_examples=300, deadline=None)
@given(
    sent=st.lists(FRAMES, max_size=60),
    places=st.lists(st.integers(0, 2**20), max_size=20),
    echoes=st.booleans(),
    limits=st.fixed_dictionaries(
        {
            "max_concurrent_streams": st.sampled_from([3, 256]),
            "abuse_allowance": st.integers(0, 9) | st.just(1_000),
            "connection_window": st.sampled_from([65_535, 1_000_000]),
            "stream_window": st.sampled_from([500, 10_000, 1_000_000]),
            "max_header_list_bytes": st.sampled_from([300, 16_384]),
            "max_held_bytes_per_connection": st.sampled_from([10_000, 1_000_000]),
            "turn_budget": st.sampled_from([1, 20, 128]),
        }
    ),
)
def test_a_long_conversation_may_be_cut_anywhere(
    sent: list[bytes], places: list[int], echoes: bool, limits: dict[str, int]
) -> None:
    whole = GREETING + b"".join(rising(sent))
    expected = answered([whole], echoes=echoes, **limits)
    assert answered(cut_at(whole, places), echoes=echoes, **limits) == expected


def test_what_comes_after_the_end_of_a_connection_does_not_matter() -> None:
    end = frames.ping(bytes(7))
    assert answered([GREETING, end, SHORT["a call"]]) == answered([GREETING + end])
