"""The command ``python -m perf.analysis`` as people run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ion_framework.testing import PluginPackage

ROOT = Path(__file__).resolve().parents[2]

MESSAGES = """\
text	lang	tone	intent	topic
This build fails again and again, I am so fed up with it!	en	frustrated	problem_solving	work
How does a rainbow come about? I have always wondered.	en	curious	learning	nature
배포가 또 실패했어요. 정말 짜증나네요.	ko	frustrated	problem_solving	work
무지개는 어떻게 생기는지 궁금해요.	ko	curious	learning	nature
"""

ANALYZER_MANIFEST = """\
name = "{name}"
summary = "Made for a test."
provides = ["analyzer"]
ion_api = 1
"""

ALWAYS_CURIOUS = """\
from ion_framework import ResonanceKey, Resonance, detect_language, hookimpl


class Plugin:
    @hookimpl
    def ion_analyze(self, turn):
        print("a plugin that prints")
        key = ResonanceKey.parse("curious-medium-learning")
        return Resonance.given(key, detect_language(turn.text))


def plugin(context):
    return Plugin()
"""


def run(folder: Path, *arguments: str, plugins: Path | None = None):
    """Run the command on the messages; its report goes to ``out``."""
    file = folder / "messages.tsv"
    file.write_text(MESSAGES, "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ION_")}
    if plugins:
        environ["PYTHONPATH"] = str(plugins)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "perf.analysis",
            str(file),
            "--out",
            str(folder / "out"),
            *arguments,
        ],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )


def test_it_prints_tables_and_writes_the_report(tmp_path: Path):
    """The command prints scores, robustness and time, and writes Markdown, JSON and pictures."""
    done = run(tmp_path, "--by", "topic", "--draws", "50")

    assert (0, "") == (done.returncode, done.stderr)
    assert all(part in done.stdout for part in ("macro-F1", "topic=nature", "politeness", "memo"))
    written = {file.name for file in (tmp_path / "out").iterdir()}
    assert {"report.md", "report.json", "confusion-intent-ko.svg", "reliability.svg"} <= written
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert ("resonance", 4) == (report["analyzer"], report["parts"]["all"]["rows"])
    assert {"mentor", "goemotions", "kote"} <= set(report["training_sources"])


def test_json_is_all_that_stands_on_standard_output(tmp_path: Path):
    """With --json, standard output is what report.json holds, also where a promise is broken."""
    done = run(tmp_path, "--json", "--draws", "50", "--min", "tone_f1=1.1")

    written = (tmp_path / "out" / "report.json").read_text("utf-8")
    assert json.loads(written) == json.loads(done.stdout)
    assert "tone_f1" in done.stderr
    assert 1 == done.returncode


def test_promises_decide_the_exit_code(tmp_path: Path):
    """Kept promises exit with 0; broken ones with 1, and a table shows only these."""
    kept = run(tmp_path, "--draws", "50", "--min", "tone_f1=0", "--max", "tone_ece=1")
    missed = run(tmp_path, "--draws", "50", "--min", "tone_f1=1.1", "--min", "persona_f1=0")

    assert (0, 1) == (kept.returncode, missed.returncode)
    assert "not kept" not in kept.stdout
    table = missed.stdout[missed.stdout.index("promises that are not kept") :]
    assert "tone_f1" in table
    assert "at least 1.1" in table
    assert "persona_f1" not in table
    assert "not kept" in (tmp_path / "out" / "report.md").read_text("utf-8")


def test_it_compares_with_a_report(tmp_path: Path):
    """--compare shows the differences to another report of the same messages."""
    run(tmp_path, "--draws", "50")
    (tmp_path / "out" / "report.json").rename(tmp_path / "before.json")

    done = run(tmp_path, "--draws", "50", "--compare", str(tmp_path / "before.json"))

    assert (0, "") == (done.returncode, done.stderr)
    assert "+0.000" in done.stdout[done.stdout.index("compared with before") :]


def test_any_installed_analyser_can_be_evaluated(tmp_path: Path):
    """--analyzer opens an Ion in which only that analyser reads, whatever it prints."""
    folder = tmp_path / "plugins"
    manifest = ANALYZER_MANIFEST.format(name="always-curious")
    PluginPackage(name="always-curious", manifest=manifest, code=ALWAYS_CURIOUS).write(folder)

    done = run(tmp_path, "--analyzer", "always-curious", "--json", plugins=folder)

    report = json.loads(done.stdout)
    tone = report["parts"]["all"]["components"]["tone"]
    assert ("always-curious", 0.5) == (report["analyzer"], tone["headline"]["accuracy"])
    assert "a plugin that prints" in done.stderr
    assert 0 == done.returncode


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.tsv"], "missing.tsv: cannot be read"),
        (["--by", "register"], "--by register: there is no such column"),
        (["--analyzer", "nobody"], "no analyser 'nobody'; installed are: llm-analyzer, resonance"),
        (["--min", "tone_f9=1"], "--min tone_f9"),
        (["--min", "tone_f1"], "not of the form figure=number"),
        (["--abstain", "2"], "not a number from 0 to 1"),
        (["--abstain", "half"], "'half' is not a number from 0 to 1"),
        (["--draws", "0"], "not a whole number of 1 or more"),
        (["--compare", "missing.json"], "missing.json: cannot be read"),
    ],
)
def test_what_cannot_be_used_exits_with_2(tmp_path: Path, arguments: list[str], said: str):
    """What is wrong with the arguments or files is one message and exit code 2, no traceback."""
    done = run(tmp_path, "--draws", "5", *arguments)

    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()
