"""How samples are counted, handed on and added up."""

from pannier_server.metrics.catalogue import CATALOGUE, DURATIONS, LAGS, Kind, Merge
from pannier_server.metrics.samples import Sample, decode, encode, grown, merged, sample
from pannier_server.metrics.tally import Histogram, Tally
from pannier_server.metrics.transport import FIELDS, transport_samples
from pannier_server.transport.h2.meters import Meters

CALLS = "pannier_rpc_calls_total"
DURATION = "pannier_rpc_duration_seconds"


def test_counters_with_the_same_labels_are_added() -> None:
    one = [sample(CALLS, 3, "Get", "OK"), sample(CALLS, 1, "Put", "OK")]
    other = [sample(CALLS, 4, "Get", "OK")]

    assert merged([one, other]) == [sample(CALLS, 7, "Get", "OK"), sample(CALLS, 1, "Put", "OK")]


def test_histograms_are_added_bucket_by_bucket() -> None:
    one = Histogram([1.0, 2.0])
    other = Histogram([1.0, 2.0])
    for value in (0.5, 1.5):
        one.observe(value)
    for value in (1.5, 9.0):
        other.observe(value)

    assert merged([[one.sample(DURATION, "Get")], [other.sample(DURATION, "Get")]]) == [
        Sample(DURATION, ("Get",), (1, 2, 1, 12.5))
    ]


def test_the_store_is_up_where_it_is_for_all() -> None:
    up, down = sample("pannier_store_up", 1), sample("pannier_store_up", 0)

    assert merged([[up], [down], [up]]) == [down]
    assert merged([[up], [up]]) == [up]


def test_what_grows_outlives_its_process_and_a_gauge_does_not() -> None:
    counter = sample(CALLS, 3, "Get", "OK")
    histogram = Histogram(DURATIONS).sample(DURATION, "Get")

    assert grown([counter, sample("pannier_workers", 1), histogram]) == [counter, histogram]


def test_a_snapshot_survives_its_way_between_processes() -> None:
    histogram = Histogram(DURATIONS)
    histogram.observe(0.003)
    snapshot = [sample(CALLS, 2**53, "Get", "OK"), histogram.sample(DURATION, "Get")]

    line = encode(snapshot)

    assert b"\n" not in line
    assert decode(line) == snapshot


def test_a_value_on_a_bound_is_within_it() -> None:
    histogram = Histogram([0.1, 0.2])
    for value in (0.1, 0.2, 0.2000001):
        histogram.observe(value)

    assert histogram.counts == [1, 1, 1]


def test_values_are_put_aside_until_someone_asks_or_they_are_settled() -> None:
    histogram = Histogram([1.0])
    for value in (0.5, 1.5):
        histogram.observe(value)
    assert histogram.aside == [0.5, 1.5]

    histogram.settle()
    assert histogram.aside == []
    histogram.observe(0.25)

    assert histogram.sample(DURATION, "Get") == Sample(DURATION, ("Get",), (2, 1, 2.25))
    assert histogram.aside == []


def test_calls_that_end_well_follow_from_all_and_those_that_fail() -> None:
    tally = Tally(DURATIONS)
    for _ in range(5):
        tally.observe(0.1)
    tally.failed("NOT_FOUND", 0.1)
    tally.failed("NOT_FOUND", 0.1)
    tally.failed("CANCELLED", 0.1)

    assert list(tally.ends()) == [("OK", 5), ("NOT_FOUND", 2), ("CANCELLED", 1)]


def test_every_meter_of_the_transport_has_its_metric() -> None:
    assert FIELDS.keys() == set(Meters.__dataclass_fields__)
    shown = [(one.name, one.labels) for one in transport_samples(Meters())]
    assert len(set(shown)) == len(shown)


def test_names_follow_the_conventions_of_prometheus() -> None:
    for name, metric in CATALOGUE.items():
        assert name.startswith(("pannier_", "process_"))
        assert name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert not name.endswith(("_count", "_sum", "_bucket", "_milliseconds", "_kilobytes"))
        assert metric.help.endswith(".")
        assert bool(metric.bounds) == (metric.kind is Kind.HISTOGRAM)
        if metric.merge is not Merge.SUM:
            assert metric.kind is Kind.GAUGE


def test_durations_reach_from_100_microseconds_to_10_seconds() -> None:
    assert (DURATIONS[0], DURATIONS[-1]) == (0.0001, 10.0)
    assert list(DURATIONS) == sorted(set(DURATIONS))
    assert list(LAGS) == sorted(set(LAGS))
