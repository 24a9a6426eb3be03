"""The commands of perf run and report; how fast this machine is, is not tested here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def measured(results: Path, module: str, *arguments: str) -> tuple[str, dict]:
    """What a command prints and what it writes."""
    command = [sys.executable, "-m", module, *arguments, "--results", str(results)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    (file,) = results.iterdir()
    return done.stdout, json.loads(file.read_text("utf-8"))


def test_startup_reports_start_and_size(tmp_path: Path):
    """perf.startup measures every promise beside its baseline and keeps each raw sample."""
    printed, written = measured(tmp_path, "perf.startup", "--runs", "2")

    rows = {row["what"]: row for row in written["measurements"]}
    promises = {name: row["budget"] for name, row in rows.items()}
    expected = {
        "import ion_framework": {"limit": 80.0, "judged": "over bare"},
        "ion plugins, 20 installed": {"limit": 150.0, "judged": "over bare"},
        "ion serve, ready": {"limit": 1000.0, "judged": "total"},
    }
    if sys.platform == "linux":
        expected["ion serve, resident"] = {"limit": 75.0, "judged": "total"}
    assert expected == promises
    assert all(name in printed for name in rows)
    assert all(len(row["samples"]) == len(row["bare"]) == 2 for row in rows.values())
    assert all(sample > 0 for row in rows.values() for sample in row["samples"] + row["bare"])


def test_turn_reports_turns_and_stages(tmp_path: Path):
    """perf.turn measures turns with and without cache, each beside the bare generator, by stage."""
    printed, written = measured(tmp_path, "perf.turn", "--runs", "1", "--turns", "2")

    rows = {row["what"].strip(): row for row in written["measurements"]}
    turns = {name for name in rows if name.startswith("turn, ")}
    assert {
        "turn, core, uncached",
        "turn, core, cached",
        "turn, plugins, uncached",
        "turn, plugins, cached",
    } == turns
    assert all(name in printed for name in rows)
    assert all(rows[name]["bare"] for name in turns)
    assert {"generate, core, uncached", "analyze, plugins, uncached"} <= rows.keys()
    assert "generate, core, cached" not in rows


def test_the_report_judges_by_the_median(tmp_path: Path):
    """A budget is compared with the median, or with what it is over the baseline's median."""
    code = (
        "from pathlib import Path\n"
        "from perf.report import Budget, Judged, Measurement, publish\n"
        "over = Budget(2, Judged.OVER_BARE)\n"
        "rows = (Measurement('a', 'ms', (1, 9, 3), (1, 1, 2), over),\n"
        "        Measurement('b', 'ms', (1, 1, 9), (), Budget(0.5)))\n"
        f"raise SystemExit(publish('x', rows, Path({str(tmp_path)!r}), check=True))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    (file,) = tmp_path.iterdir()
    rows = json.loads(file.read_text("utf-8"))["measurements"]

    assert done.returncode == 1
    assert [(2, True), (1, False)] == [(row["judged"], row["within"]) for row in rows]
    assert ["ok", "OVER"] == [line.split()[-1] for line in done.stdout.splitlines()[2:4]]
