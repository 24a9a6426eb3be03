"""The command perf.bench_cache; how fast this machine is, is not tested here."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("aiocache")
pytest.importorskip("cashews")
pytest.importorskip("cachetools")

from perf.cache_traces import lru_ratio, repeatable, trace

ROOT = Path(__file__).resolve().parents[2]
RIVALS = {"memory": ("aiocache", "cashews", "cachetools"), "Redis": ("aiocache", "cashews")}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """What a short run prints, and the folder of its results."""
    folder = tmp_path_factory.mktemp("results")
    words = ["--runs", "1", "--number", "130", "--requests", "3000", "--results", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "perf.bench_cache", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, folder


def rows_of(folder):
    """The rows of the file with the samples, by what was measured."""
    (file,) = folder.glob("*.json")
    return {row["what"]: row for row in json.loads(file.read_text("utf-8"))["measurements"]}


def test_every_figure_stands_beside_the_rivals(bench):
    """Hits, misses, stores and the trace are measured for ION and every rival in one run."""
    printed, folder = bench
    expected = {
        f"{what} in memory, bare: {rival}"
        for what in ("hit", "miss", "store")
        for rival in RIVALS["memory"]
    }
    expected |= {
        f"{what}, bare: {rival}"
        for what in (
            "hit on Redis, 1 at once, p50",
            "hit on Redis, 64 at once, p50",
            "hit on Redis, 64 at once, p99",
            "store on Redis, as the turn sees it",
        )
        for rival in RIVALS["Redis"]
    }
    expected |= {
        f"{what}, bare: {rival}"
        for what in ("repeatable requests missed", "request of the trace")
        for rival in RIVALS["memory"]
    }
    rows = rows_of(folder)

    assert rows.keys() == expected | {"Redis tier alone, 64 at once, p50"}
    assert all(what in printed for what in rows)
    assert all(sample > 0 for row in rows.values() for sample in row["samples"] + row["bare"])


def test_what_is_promised_has_a_budget(bench):
    """Hits in memory, hits on Redis with 64 at once and the hit ratio are judged."""
    rows = rows_of(bench[1])
    limits = {what: row["budget"]["limit"] for what, row in rows.items() if row["budget"]}

    assert {limit for what, limit in limits.items() if "memory" in what} == {5.0}
    assert {limit for what, limit in limits.items() if "64 at once, p50" in what} == {1000.0}
    assert {limit for what, limit in limits.items() if "missed" in what} == {48.0}
    assert len(limits) == 8


def test_a_picture_is_drawn(bench):
    """The picture is there for screens and for pages, and names every contestant and figure."""
    (png,), (svg,) = bench[1].glob("*.png"), bench[1].glob("*.svg")

    assert png.read_bytes().startswith(b"\x89PNG")
    assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314  our own file
    drawn = svg.read_text("utf-8")
    assert all(name in drawn for name in ("ION", "aiocache", "cashews", "cachetools"))


def test_half_of_the_trace_comes_only_once():
    """Half of the requests never come again, and the others follow Zipf's law."""
    requests = tuple(trace(random.Random(1), 20_000, keys=1000))  # noqa: S311  a repeatable test
    again = [request for request in requests if repeatable(request)]
    once = [request for request in requests if not repeatable(request)]

    assert len(set(once)) == len(once)
    assert 0.47 < len(again) / len(requests) < 0.53
    # Of one thousand keys the first has a share of 1 / (1 + 1/2 + ... + 1/1000) = 0.134.
    assert 0.11 < again.count("key 0") / len(again) < 0.16


def test_the_ratio_of_the_simplest_cache_is_known():
    """With room for two, a cache that drops what was not used for longest hits as on paper."""
    requests = ["key a", "key b", "key a", "once 1", "key b", "key a", "once 2", "key a"]

    assert lru_ratio(requests, 2) == 2 / 6
    assert lru_ratio(requests, 9) == 4 / 6
