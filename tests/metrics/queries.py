"""Which metrics and labels a PromQL expression rests on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import promql_parser

from pannier_server.metrics.catalogue import CATALOGUE, Kind

# Prometheus adds these to whatever it scrapes, and they are all that `up` has.
SCRAPED_LABELS = {"job", "instance"}


@dataclass(frozen=True)
class Selector:
    """What an expression asks for by one name.

    Attributes:
        name: The metric's.
        labels: The labels that are compared with something.
    """

    name: str
    labels: frozenset[str]


def parse(expression: str) -> Any:
    """Return the expression's tree.

    Raises:
        ValueError: It is no PromQL.
    """
    return promql_parser.parse(expression)


def selectors(node: Any) -> Iterator[Selector]:
    """Return what a tree asks for."""
    if isinstance(node, promql_parser.VectorSelector):
        matchers = node.matchers.matchers
        yield Selector(str(node.name), frozenset(matcher.name for matcher in matchers))
    for child in _children(node):
        yield from selectors(child)


def labels_of(name: str) -> set[str] | None:
    """Return the labels of an exported series; None where there is none of that name."""
    if name == "up":
        return SCRAPED_LABELS
    stem = name
    more: set[str] = set()
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and name.removesuffix(suffix) in CATALOGUE:
            stem = name.removesuffix(suffix)
            more = {"le"} if suffix == "_bucket" else set()
    metric = CATALOGUE.get(stem)
    if metric is None or (metric.kind is Kind.HISTOGRAM) != (stem != name):
        return None
    return {*metric.labels, *more, *SCRAPED_LABELS}


def _children(node: Any) -> Iterator[Any]:
    for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, attribute, None)
        if child is not None:
            yield child
    yield from getattr(node, "args", None) or ()
