"""Percentiles and the ranges in which they truly lie; figures from files."""

from __future__ import annotations

import json
import math
import random
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_load.figures import of_percentiles, of_samples, of_shots, ranks, wilson_pct
from ion_load.open_loop import Answer, Shot
from ion_load.reading import UnreadableError, read_figures, to_json

AT = datetime(2026, 1, 2, 3, 4, 5).astimezone()


def shots(*took_ms):
    """Requests that took so long."""
    return tuple(
        Shot(number, number, number + each / 1000, Answer(200))
        for number, each in enumerate(took_ms)
    )


def test_percentiles_are_the_smallest_that_enough_do_not_exceed():
    """Of the numbers 1 to 100 P50 is 50, P95 is 95 and P99 is 99."""
    samples = [float(number) for number in range(1, 101)]

    assert [50, 95, 99] == [of_samples(samples, share).value for share in (0.5, 0.95, 0.99)]


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_lies_in_its_range(samples, share):
    """Low end, figure and high end stand in this order, and the figure is a sample."""
    found = of_samples(sorted(samples), share)

    assert found.low <= found.value <= found.high
    assert found.value in samples
    assert found.low in {0.0, *samples}
    assert found.high in {math.inf, *samples}


@pytest.mark.parametrize(("count", "ends"), [(71, False), (72, True), (100, True)])
def test_few_samples_bound_no_percentile(count, ends):
    """Below 72 requests even the largest says too little about the true P95 to be its bound."""
    samples = [float(number) for number in range(1, count + 1)]
    known = {0.5: 1.0, 0.95: 2.0, 0.99: 3.0, 1.0: 4.0}

    assert ends is (of_samples(samples, 0.95).high == count)
    assert ends is math.isfinite(of_samples(samples, 0.95).high)
    assert (4.0 if ends else math.inf) == of_percentiles(known, 0.95, count).high


def test_few_samples_leave_the_low_end_open():
    """Of five samples the smallest may lie above the true median; of six it does not."""
    assert [0.0, 1.0] == [of_samples([1.0] * count, 0.5).low for count in (5, 6)]


def test_ranges_hold_the_truth_about_as_often_as_they_say():
    """Of many samples of a known distribution at least 93 in 100 ranges hold its true P95."""
    chance = random.Random(7)  # noqa: S311  repeatable, not secret
    held = 0
    for _ in range(400):
        found = of_samples(sorted(chance.random() for _ in range(200)), 0.95)
        held += found.low <= 0.95 <= found.high
    assert held >= 0.93 * 400


def test_no_samples_have_no_percentile():
    """Without samples every figure is NaN, which keeps no limit."""
    assert math.isnan(of_samples([], 0.95).value)
    assert math.isnan(wilson_pct(0, 0).value)


def test_of_known_percentiles_the_next_are_the_ends():
    """Where a file tells only some percentiles, the range ends at those beyond the ranks."""
    known = {0.5: 10.0, 0.9: 20.0, 0.95: 30.0, 0.98: 40.0, 0.99: 50.0, 1.0: 60.0}
    low, high = (rank / 1000 for rank in ranks(0.95, 1000))

    found = of_percentiles(known, 0.95, 1000)

    assert 0.9 < low < 0.95 < high < 0.98
    assert (20.0, 30.0, 40.0) == (found.low, found.value, found.high)


def test_wilson_bounds_are_those_of_the_literature():
    """For 0 of 30 the interval ends at 11.35 per cent, for 10 of 20 it is 29.9 to 70.1."""
    none, half = wilson_pct(0, 30), wilson_pct(10, 20)

    assert (0.0, 11.35) == (none.low, round(none.high, 2))
    assert (29.9, 70.1) == (round(half.low, 1), round(half.high, 1))


def test_json_comes_back_as_it_was(tmp_path):
    """Figures that were written as JSON are read with the same percentiles and counts."""
    late = Shot(0, 0.25, 0.26, Answer(200))
    figures = of_shots("http://host", 5.0, (*shots(*range(1, 41)), *[late] * 10))
    file = tmp_path / "run.json"
    file.write_text(to_json(figures, AT), "utf-8")

    found = read_figures(file)

    assert (50, 0, 5.0, 250.0) == (found.requests, found.failures, found.rate, found.late_ms)
    assert round(figures.p95_ms.value, 2) == found.p95_ms.value
    assert AT.isoformat() == json.loads(file.read_text("utf-8"))["at"]


def test_a_csv_gives_the_sum_of_all_endpoints(stats):
    """The figures of a file of locust are those of its last row."""
    found = read_figures(stats("x_stats.csv", 500, 5, p95=50))

    assert (500, 5, 20.0, 50.0, 60.0) == (
        found.requests, found.failures, found.p50_ms.value, found.p95_ms.value, found.p99_ms.value
    )  # fmt: skip
    assert found.rate is None


def test_a_percentile_that_is_no_number_is_no_data(stats):
    """A P95 that cannot be read is NaN here, not 0, which would keep every limit."""
    assert math.isnan(read_figures(stats("x_stats.csv", 500, p95="N/A")).p95_ms.value)


@pytest.mark.parametrize("text", ["", "Request Count,Failure Count,50%,95%,99%\n"])
def test_files_without_rows_have_no_requests(tmp_path, text):
    """An empty file and one with a heading alone are runs without a request."""
    file = tmp_path / "x.csv"
    file.write_text(text, "utf-8")

    assert 0 == read_figures(file).requests


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.csv", "a,b\n1,2\n", "no column 'Request Count'"),
        ("x.csv", "Request Count,Failure Count,50%,95%,99%\nmany,0,1,1,1\n", "'many'"),
        ("x.json", "[]", "no JSON of ion load gate"),
        ("x.json", '{"format": "else/1"}', "else/1"),
        ("x.json", "{", "no JSON of ion load gate"),
    ],
)
def test_other_files_are_refused(tmp_path, name, text, said):
    """A file that is something else is refused with its name and what is wrong with it."""
    file = tmp_path / name
    file.write_text(text, "utf-8")

    with pytest.raises(UnreadableError, match="x\\.") as caught:
        read_figures(file)
    assert said in str(caught.value)
