"""Samples: the numbers behind metrics, as processes hand them on and add them up."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pannier_server.metrics.catalogue import CATALOGUE, Kind, Merge


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One value of a metric.

    Attributes:
        name: The metric's.
        labels: The values of its labels, in the catalogue's order.
        values: One number. A histogram's are how many observations each bucket has, and
            their sum at the end.
    """

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


Snapshot = Sequence[Sample]
"""What one process, or several together, show at one time."""

_decoder = msgspec.json.Decoder(list[Sample])
_encoder = msgspec.json.Encoder()


def sample(name: str, value: float, *labels: str) -> Sample:
    """Return a counter's or a gauge's sample."""
    return Sample(name, labels, (value,))


def encode(snapshot: Snapshot) -> bytes:
    """Return a snapshot as one line of JSON, without its end."""
    return _encoder.encode(snapshot)


def decode(line: bytes) -> Snapshot:
    """Return the snapshot that `encode` has written."""
    return _decoder.decode(line)


def merged(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Return what several processes show together."""
    found: dict[tuple[str, tuple[str, ...]], Sample] = {}
    for one in _all(snapshots):
        key = (one.name, one.labels)
        other = found.get(key)
        found[key] = one if other is None else _together(other, one)
    return list(found.values())


def grown(snapshot: Snapshot) -> Snapshot:
    """Return the part that only grows, and so outlives the process that has counted it."""
    return [one for one in snapshot if CATALOGUE[one.name].kind is not Kind.GAUGE]


def _all(snapshots: Iterable[Snapshot]) -> Iterator[Sample]:
    for snapshot in snapshots:
        yield from snapshot


def _together(one: Sample, other: Sample) -> Sample:
    if CATALOGUE[one.name].merge is Merge.LEAST:
        return min(one, other, key=lambda each: each.values)
    pairs = zip(one.values, other.values, strict=True)
    return Sample(one.name, one.labels, tuple(mine + its for mine, its in pairs))
