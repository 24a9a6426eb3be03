"""The command that measures the guard; how fast this machine is, is not tested here."""

from __future__ import annotations

import pytest

pytest.importorskip("ion_guard")

from perf.guard import main


def test_the_command_tells_rates_and_times(capsys, monkeypatch, tmp_path):
    """It reports every set with its rate, those of a folder too, and the time of a request."""
    table = "text\tlang\nHow do I read a query plan?\ten\n실행 계획은 어떻게 읽나요?\tko\n"
    (tmp_path / "chat_dev.tsv").write_text(table, "utf-8")
    monkeypatch.setattr("sys.argv", ["perf.guard", "--data", str(tmp_path)])

    assert main() == 0
    printed = capsys.readouterr().out
    assert "attacks, all" in printed
    assert "chat_dev, ko" in printed
    assert "µs" in printed
