"""Medians over rounds, and ratios of what was measured in the same round."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from bench.comparison.samples import Sample

Figure = Callable[[Sample], float]


@dataclass(frozen=True)
class Spread:
    """A figure over several rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Return the spread of at least one value."""
        values = list(values)
        return cls(median(values), min(values), max(values))


def spread(samples: Sequence[Sample], figure: Figure) -> Spread:
    """Return a figure's spread over the rounds."""
    return Spread.of(figure(sample) for sample in samples)


def ratio(over: Sequence[Sample], under: Sequence[Sample], figure: Figure) -> Spread:
    """Return the spread of the ratios that each round has on its own.

    A round in which the machine was slow was slow for both, so that its ratio is still good.
    """
    pairs = zip(over, under, strict=True)
    return Spread.of(figure(one) / figure(other) for one, other in pairs)


def cpu(sample: Sample) -> float:
    """CPU seconds of the server for a call."""
    return sample.cpu_seconds / sample.requests


def p50(sample: Sample) -> float:
    """The median latency in seconds."""
    return sample.p50


def p99(sample: Sample) -> float:
    """The latency in seconds that 99 % of the calls kept within."""
    return sample.p99


def rate(sample: Sample) -> float:
    """Calls per second."""
    return sample.requests / sample.seconds


def peak(sample: Sample) -> float:
    """The most memory of the server, in bytes."""
    return sample.peak_bytes


def engine_cpu(sample: Sample) -> float:
    """CPU seconds of the engine for a call; 0 where there is none."""
    return (sample.engine_cpu_seconds or 0.0) / sample.requests
