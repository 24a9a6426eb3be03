"""The command perf.reading; how fast this machine is, is not tested here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("ion_resonance")

from perf.reading import MESSAGES, main


def test_reading_reports_messages_first_use_and_memory(tmp_path: Path, capsys):
    """perf.reading measures every promise beside its baseline and keeps each raw sample."""
    assert main(["--runs", "1", "--results", str(tmp_path)]) == 0

    (file,) = tmp_path.iterdir()
    rows = {row["what"]: row for row in json.loads(file.read_text("utf-8"))["measurements"]}
    read = {"limit": 500.0, "judged": "total"}
    assert {name: row["budget"] for name, row in rows.items()} == {
        "read, en, cold words": read,
        "read, en, warm words": read,
        "read, ko, cold words": read,
        "read, ko, warm words": read,
        "start and first use, en and ko": {"limit": 50.0, "judged": "over bare"},
        "resident": {"limit": 10.0, "judged": "over bare"},
    }
    printed = capsys.readouterr().out
    assert all(name in printed for name in rows)
    assert all(len(row["samples"]) == len(row["bare"]) for row in rows.values())
    assert all(sample > 0 for row in rows.values() for sample in row["samples"] + row["bare"])


def test_the_messages_are_as_long_as_promised():
    """Every message that is measured has 80 to 120 characters."""
    assert all(80 <= len(text) <= 120 for texts in MESSAGES.values() for text in texts)
