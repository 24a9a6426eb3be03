"""What stands beside a ``*_stats.csv``, and what the gate makes of it."""

from __future__ import annotations

import json
import math

import pytest
from ion_load.reading import UnreadableError, read_figures

STATS = "load_test_light_20260101_000000_stats.csv"
FAILURES = "Method,Name,Error,Occurrences\n"


@pytest.fixture
def beside(stats, tmp_path):
    """Writes a run: its table, its answers by status, and its failures."""

    def write(requests, failures, answers, reasons=()):
        file = stats(STATS, requests, failures)
        answered = tmp_path / STATS.replace("_stats.csv", "_answers.json")
        answered.write_text(json.dumps(answers), "utf-8")
        rows = "".join(f"POST,/chat,{reason},{count}\n" for reason, count in reasons)
        (tmp_path / STATS.replace("_stats.csv", "_failures.csv")).write_text(FAILURES + rows)
        return file

    return write


def test_refusals_are_errors(beside):
    """Answers 429, which locust calls successes, are errors for the gate."""
    found = read_figures(beside(100, 0, {"200": 10, "429": 90, "degraded": 3}))

    assert (90, 90, 3) == (found.failures, found.limited, found.degraded)
    assert {"status 429": 90} == found.reasons


def test_refusals_that_are_errors_already_count_once(beside):
    """Where the scenario has called an answer 429 a failure, it is not counted again."""
    reasons = [("CatchResponseError('status 429')", 60), ("CatchResponseError('status 500')", 5)]
    found = read_figures(beside(100, 65, {"200": 35, "429": 60, "500": 5}, reasons))

    assert (65, 60) == (found.failures, found.limited)
    assert {"status 429": 60, "status 500": 5} == found.reasons


def test_a_host_that_never_answered_has_no_latency(beside):
    """Where no request got an answer there is no P95, whatever locust's table says."""
    found = read_figures(beside(100, 100, {"0": 100}))

    assert math.isnan(found.p95_ms.value)
    assert 100 == found.failures


def test_a_table_alone_is_read_as_it_is(stats):
    """Without neighbours the figures are those of the table."""
    found = read_figures(stats("x_stats.csv", 100, 2))

    assert (100, 2, 0, 40.0) == (
        found.requests, found.failures, found.limited, found.p95_ms.value
    )  # fmt: skip


@pytest.mark.parametrize("text", ["[]", "{", '{"200": "many"}'])
def test_wrong_counts_are_refused(stats, tmp_path, text):
    """Counts that cannot be read are named, and not taken as none."""
    file = stats(STATS, 100)
    (tmp_path / STATS.replace("_stats.csv", "_answers.json")).write_text(text)

    with pytest.raises(UnreadableError, match=r"_answers\.json: it is no count"):
        read_figures(file)


async def test_the_gate_fails_a_run_that_was_refused(load, beside):
    """The gate fails a run of answers 429 by its errors, and names the rate limit."""
    done = await load("gate", beside(100, 0, {"200": 10, "429": 90}))

    assert 1 == done.code
    assert "The gate fails: errors." in done.out
    assert "90 × status 429; the host's rate limit is below" in done.out
