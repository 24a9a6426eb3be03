"""Pictures of how runs develop."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from ion_load.trend import read_runs

pytestmark = pytest.mark.once

GATE = {
    "format": "ion-load-gate/1", "at": "2026-01-02T03:04:05+00:00", "source": "http://h",
    "rate": 10.0, "requests": 20, "failures": 1, "limited": 0, "degraded": 0, "reasons": {},
    "samples_ms": [float(number) for number in range(20)],
}  # fmt: skip


def gate_file(folder, name, **changes):
    """A file as the gate writes it."""
    file = folder / name
    file.write_text(json.dumps({**GATE, **changes}), "utf-8")
    return file


def test_runs_are_sorted_by_scenario_and_time(stats, tmp_path):
    """Runs stand by scenario in the order of their time; files without requests are left out."""
    files = [
        stats("load_test_light_20260103_000000_stats.csv", 10, p95=3),
        stats("load_test_light_20260101_000000_stats.csv", 10, p95=1),
        stats("load_test_heavy_20260102_000000_stats.csv", 10),
        stats("load_test_light_20260102_000000_stats.csv", 0),
        gate_file(tmp_path, "b.json", at="2026-01-03T00:00:00+00:00", requests=30),
        gate_file(tmp_path, "a.json"),
    ]

    runs = read_runs(files)

    assert {"light", "heavy", "gate"} == set(runs)
    assert [1.0, 3.0] == [run.figures.p95_ms.value for run in runs["light"]]
    assert [20, 30] == [run.figures.requests for run in runs["gate"]]


def test_a_file_without_a_time_is_dated_by_itself(stats):
    """Where neither the name nor the file tells a time, the run is as old as the file."""
    file = stats("load_test_light_stats.csv", 10)
    os.utime(file, (1_000_000_000, 1_000_000_000))

    assert 1_000_000_000 == read_runs([file])["light"][0].at.timestamp()


async def test_the_picture_is_written_twice(load, stats, tmp_path):
    """A PNG of some size and an SVG that is XML are written, and their names printed."""
    pytest.importorskip("matplotlib")
    files = [
        stats(f"load_test_{name}_2026010{day}_000000_stats.csv", 100, day, p95=40 + day)
        for name in ("light", "heavy")
        for day in (1, 2, 3)
    ]

    done = await load("trend", *files, "--out", "made/trend.v1")
    again = await load("trend", *files, "--out", "again.svg", "--json")

    assert 0 == done.code, done.err
    assert ["made/trend.v1.png", "made/trend.v1.svg"] == done.out.split()
    png = (tmp_path / "made" / "trend.v1.png").read_bytes()
    assert b"\x89PNG" == png[:4]
    assert min(struct.unpack(">II", png[16:24])) > 500
    svg = (tmp_path / "made" / "trend.v1.svg").read_bytes()
    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314  our own file
    assert (tmp_path / "again.svg").read_bytes() == svg
    assert 0 == again.code
    assert [41.0, 42.0, 43.0] == [run["p95_ms"] for run in again.json()["runs"]["light"]]
    assert ["again.png", "again.svg"] == again.json()["files"]


def test_a_single_run_without_errors_has_scales(stats):
    """Of one run equal percentiles stand apart, and 0 per cent stand on an axis up to 1."""
    figure = pytest.importorskip("matplotlib.figure")
    from ion_load.trend_plot import panels

    (runs,) = read_runs([stats("load_test_light_20260101_000000_stats.csv", 10, p95=60)]).values()
    latency, errors = figure.Figure().subplots(1, 2)
    panels(latency, errors, "light", runs)

    places = [float(line.get_xdata()[0]) for line in latency.lines]
    assert 3 == len(set(places))
    assert [20, 60, 60] == [float(line.get_ydata()[0]) for line in latency.lines]
    assert (0, 1) == errors.get_ylim()


@pytest.mark.parametrize("days", [("01",), ("01", "02")])
def test_a_range_without_an_end_reaches_the_edge(stats, days):
    """The range of P95 of few requests, which has no upper end, is drawn up to the edge."""
    figure = pytest.importorskip("matplotlib.figure")
    from ion_load.trend_plot import panels

    files = [stats(f"load_test_x_202601{day}_000000_stats.csv", 20) for day in days]
    (runs,) = read_runs(files).values()
    latency, errors = figure.Figure().subplots(1, 2)
    panels(latency, errors, "x", runs)

    (band,) = latency.collections
    drawn = max(place[1] for path in band.get_paths() for place in path.vertices)
    assert drawn == pytest.approx(latency.get_ylim()[1])


async def test_nothing_to_draw_is_said(load, stats):
    """Files without a request end with 1 and say so."""
    done = await load("trend", stats("x_stats.csv", 0))

    assert 1 == done.code
    assert "nothing to draw" in done.err


def test_without_matplotlib_the_way_to_it_is_told(stats, tmp_path):
    """Where the extra is not installed the command says how to install it."""
    file = stats("x_stats.csv", 5)
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from ion_load.trend_command import trend\n"
        f"trend([{str(file)!r}, '--out', {str(tmp_path / 'x')!r}])\n"
    )
    done = subprocess.run(
        (sys.executable, "-P", "-c", code), capture_output=True, text=True, check=False
    )

    assert 1 == done.returncode
    assert "pip install 'ion-load[plots]'" in done.stderr
    assert "Traceback" not in done.stderr
