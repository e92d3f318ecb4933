"""Snapshots in Prometheus' text format or OpenMetrics, written by prometheus_client."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from pannier_server.metrics import catalogue
from pannier_server.metrics.catalogue import CATALOGUE, Kind
from pannier_server.metrics.samples import Sample, Snapshot

_OPENMETRICS: Final = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Page:
    """What a scrape is answered with.

    Attributes:
        content_type: Which format the body has.
        body: The metrics.
    """

    content_type: str
    body: bytes


def page(snapshot: Snapshot, accept: str) -> Page:
    """Write a snapshot down.

    Args:
        snapshot: What to write.
        accept: The Accept header of the request: OpenMetrics where it names that.
    """
    # Not the header itself: what it says of versions, prometheus_client takes at its word.
    encode, content_type = choose_encoder(_OPENMETRICS if _OPENMETRICS in accept else "")
    registry = CollectorRegistry()
    registry.register(_Families(snapshot))
    return Page(content_type, encode(registry))


class _Families(Collector):
    """A snapshot as prometheus_client asks for it."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._samples: dict[str, list[Sample]] = {}
        for one in snapshot:
            self._samples.setdefault(one.name, []).append(one)

    def describe(self) -> list[Metric]:
        """Return nothing, so that the metrics are not collected twice."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return the metrics in the catalogue's order."""
        for name, metric in CATALOGUE.items():
            if name in self._samples:
                yield _family(metric, self._samples[name])


def _family(metric: catalogue.Metric, samples: list[Sample]) -> Metric:
    labels = metric.labels
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=labels)
        bounds = [*map(floatToGoString, metric.bounds), "+Inf"]
        for one in samples:
            buckets = list(zip(bounds, accumulate(one.values[:-1]), strict=True))
            histogram.add_metric(one.labels, buckets, sum_value=one.values[-1])
        return histogram
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=labels)
    for one in samples:
        family.add_metric(one.labels, one.values[0])
    return family
