"""The catalogue, the page about metrics and what sidecars export are the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

import pannier
from pannier_server.metrics.catalogue import CATALOGUE, Kind, Metric, Source
from tests.engines.process import free_port
from tests.engines.table import Table
from tests.metrics import reference
from tests.metrics.scraping import OPENMETRICS, Scrape, scrape
from tests.sidecars import sidecar_process


@contextmanager
def scraped(store: str, transport: str, workers: int = 1) -> Iterator[Scrape]:
    """Yield what a process shows that has served calls of every kind."""
    metrics = f"127.0.0.1:{free_port()}"
    flags = (f"--transport={transport}", f"--workers={workers}", f"--metrics={metrics}")
    owner = f"owner-{uuid4()}"
    with sidecar_process(store, *flags) as sidecar, pannier.connect(sidecar.address) as store_of:
        store_of.put(f"{owner}:n", b"x", ttl=60)
        store_of.get(f"{owner}:n")
        list(store_of.list(f"{owner}:"))
        store_of.delete(f"{owner}:n")
        with pytest.raises(pannier.NotFound):
            store_of.get(f"{owner}:n")
        found = scrape(metrics, OPENMETRICS)
        assert owner not in found.text
        yield found


def expected(*sources: Source) -> dict[str, Metric]:
    wanted = {Source.ALL, Source.LINUX, *sources}
    return {name: metric for name, metric in CATALOGUE.items() if metric.source in wanted}


def check(found: Scrape, metrics: dict[str, Metric]) -> None:
    """Compare what was exported with the catalogue: names, types, help and labels."""
    exported = {
        name + ("_total" if family.type == "counter" else ""): family
        for name, family in found.families.items()
    }
    assert list(exported) == list(metrics)
    for name, metric in metrics.items():
        family = exported[name]
        assert (family.type, family.documentation) == (str(metric.kind), metric.help)
        shown = f"{name}_count" if metric.kind is Kind.HISTOGRAM else name
        assert found.labels_of(shown) == {frozenset(metric.labels)}, name


def test_over_dynamodb_every_metric_is_exported(dynamodb_table: Table) -> None:
    with scraped(dynamodb_table.store_url, "h2") as found:
        check(found, expected(Source.H2, Source.DYNAMODB))


def test_two_workers_export_the_same(dynamodb_table: Table) -> None:
    with scraped(dynamodb_table.store_url, "h2", workers=2) as found:
        check(found, expected(Source.H2, Source.DYNAMODB))


def test_elsewhere_what_is_not_there_is_left_out(tmp_path: Path) -> None:
    with scraped(f"sqlite://{tmp_path}/p.db", "grpcio") as found:
        check(found, expected())


def test_the_page_shows_the_catalogue() -> None:
    page = reference.PAGE.read_text()

    for name, text in reference.parts().items():
        assert f"<!-- begin {name} -->\n{text}\n<!-- end {name} -->" in page, (
            "write it anew: .venv/bin/python -m tests.metrics.reference"
        )
