"""The benchmarks' own parts, and their command; how fast this machine is, is not tested here."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import attrs
import pytest

pytest.importorskip("ion_host_aiohttp")
pytest.importorskip("ion_resonance")
pytest.importorskip("ion_two_tier_cache")
pytest.importorskip("matplotlib")

from perf.bench import load_client
from perf.bench.baseline import (
    BaselineError,
    Known,
    compare,
    read_baseline,
    verdict,
    write_baseline,
)
from perf.bench.command import main
from perf.bench.rows import Judged, Row, Target, quartiles
from perf.bench.table import short, spread, table


def make_row(**changes):
    """A row whose ratios are 2, 3 and 4."""
    row = Row(
        bench="b", what="w", unit="us", ours=(4.0, 6.0, 8.0), bare=(2.0, 2.0, 2.0), rival="bare"
    )
    return attrs.evolve(row, **changes)


class TestRows:
    """Figures of a row and its target."""

    def test_the_ratio_is_the_median_of_the_rounds(self):
        """Each round's own ratio is taken, and of these the median."""
        row = make_row(ours=(1.0, 30.0, 100.0), bare=(1.0, 10.0, 1000.0))

        assert row.ratio == 1.0
        assert row.ratios == (1.0, 3.0, 0.1)

    def test_a_row_without_a_baseline_has_no_ratio(self):
        """Without a baseline there is a figure and no ratio."""
        row = make_row(bare=())

        assert row.ratio is None
        assert row.judged == 6.0

    @pytest.mark.parametrize(
        ("judged", "figure"), [(Judged.RATIO, 3.0), (Judged.OVER, 4.0), (Judged.ALONE, 6.0)]
    )
    def test_targets_judge_what_they_name(self, judged, figure):
        """A target is about the ratio, about what is over the baseline, or about the figure."""
        assert make_row(target=Target(figure, judged)).kept
        assert make_row(target=Target(figure, judged, at_least=True)).kept
        assert not make_row(target=Target(figure - 0.1, judged)).kept
        assert not make_row(target=Target(figure + 0.1, judged, at_least=True)).kept

    def test_quartiles(self):
        """The middle half of one sample is that sample."""
        assert quartiles((3.0,)) == (3.0, 3.0)
        assert quartiles((1.0, 2.0, 3.0, 4.0, 5.0)) == (2.0, 4.0)


def test_the_table_has_a_heading_for_each_benchmark_and_says_what_is_missed():
    """Rows stand under their benchmark, with medians, spread, ratio, target and verdict."""
    rows = [
        make_row(target=Target(0.5, Judged.RATIO, at_least=True)),
        make_row(bench="c", bare=(), target=Target(5.0)),
    ]
    lines = table(rows).splitlines()

    assert "[b]" in lines
    assert "[c]" in lines
    cells = "w us 6 [5 7] 2 [2 2] bare 3.00 ratio >= 0.5 3 kept"
    assert " ".join(lines[3].split()) == cells
    assert lines[-1].endswith("MISSED")
    assert (short(1234.5), short(0.1234), spread((1.0,))) == ("1234", "0.123", "1 [1 1]")


class TestBaseline:
    """Holding a run against an earlier one."""

    def test_what_is_written_can_be_read(self, tmp_path):
        """A baseline holds the median and the middle half of every ratio that is compared."""
        file = tmp_path / "baseline.json"
        rows = [make_row(), make_row(what="busy", compared=False), make_row(what="x", bare=())]

        assert write_baseline(rows, file) == 1
        assert read_baseline(file) == {"b: w": Known(3.0, 2.5, 3.5)}

    def test_the_same_run_is_not_worse(self, tmp_path):
        """A run held against itself passes."""
        file = tmp_path / "baseline.json"
        write_baseline([make_row()], file)
        text, code = verdict(compare([make_row()], read_baseline(file)), file)

        assert (text, code) == (f"None of 1 ratios is worse than in {file}.", 0)

    @pytest.mark.parametrize(
        ("more", "ours", "is_worse"),
        [
            (False, (40.0, 60.0, 80.0), True),
            (True, (40.0, 60.0, 80.0), False),
            (True, (0.4, 0.6, 0.8), True),
            (False, (0.4, 0.6, 0.8), False),
            (False, (4.0, 8.0, 16.0), False),
        ],
    )
    def test_worse_is_beyond_tolerance_and_noise(self, tmp_path, more, ours, is_worse):
        """A ratio is worse in its own direction only, and only where the middle halves part."""
        known = {"b: w": Known(3.0, 2.5, 3.5)}
        text, code = verdict(compare([make_row(more=more, ours=ours)], known), tmp_path / "f")

        assert code == is_worse
        assert ("b: w: 3 then" in text) == is_worse

    def test_no_data_fails(self, tmp_path):
        """A run that has nothing of the baseline fails."""
        text, code = verdict(compare([make_row(what="other")], {"b: w": Known(1, 1, 1)}), tmp_path)

        assert code == 1
        assert "no data" in text

    @pytest.mark.parametrize("content", ["{", "[]", '{"ratios": {"a": {"x": 1}}}'])
    def test_what_is_no_baseline_is_refused_with_its_name(self, tmp_path, content):
        """A file that is no baseline is named, with what writes one."""
        file = tmp_path / "broken.json"
        file.write_text(content, "utf-8")

        with pytest.raises(BaselineError, match=r"broken\.json is no baseline.*--write-baseline"):
            read_baseline(file)
        with pytest.raises(BaselineError, match="cannot be read"):
            read_baseline(tmp_path / "missing.json")


class TestLoadClient:
    """The client that loads servers."""

    @pytest.fixture
    def served(self):
        """The port of a server that refuses every fifth request, and the bodies that it got."""
        bodies = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                """Answer, or refuse."""
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(503 if len(bodies) % 5 == 0 else 200)
                self.send_header("content-length", "70000")
                self.end_headers()
                self.wfile.write(b"x" * 70000)

            def log_message(self, *_):
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield server.server_address[1], bodies
            server.shutdown()
            thread.join()

    def test_answers_and_refusals_are_counted(self, served, capsys):
        """Answers of many pieces are read whole; refusals are counted apart and come again."""
        port, bodies = served
        words = ["--port", str(port), "--connections", "3", "--seconds", "0.4", "--message", "hi"]
        assert load_client.main(words) == 0

        heard = json.loads(capsys.readouterr().out)
        assert heard["answers"] > 0
        assert heard["others"] == 0
        assert heard["refused"] > 0
        assert heard["answers"] + heard["refused"] <= len(bodies)
        assert set(bodies) == {b'{"message": "hi"}'}
        assert 0 < heard["busy"] < 2
        assert heard["p50_ms"] > 0

    def test_new_messages_never_come_twice(self, served, capsys):
        """With --new every request has a message of its own."""
        port, bodies = served
        words = ["--port", str(port), "--seconds", "0.2", "--message", "hi", "--new"]
        assert load_client.main(words) == 0

        assert json.loads(capsys.readouterr().out)["answers"] > 0
        assert len(set(bodies)) == len(bodies) > 1


class TestCommand:
    """The command from its arguments to its files."""

    def test_the_quick_form_runs_from_end_to_end(self, tmp_path, capsys):
        """A benchmark is measured, shown, written, drawn, kept as a baseline and held against."""
        file, results = tmp_path / "baseline.json", tmp_path / "results"
        words = ["personas", "--quick", "--results", str(results), "--write-baseline", str(file)]
        assert main(words) == 0

        printed = capsys.readouterr().out
        assert "[personas]" in printed
        assert "routing, 25 personas" in printed
        assert sorted(found.suffix for found in results.iterdir()) == [".json", ".png", ".svg"]
        (samples,) = results.glob("*.json")
        rows = {row["what"]: row for row in json.loads(samples.read_text("utf-8"))["rows"]}
        assert rows.keys() == {"routing, 25 personas", "turn, 25 personas"}
        assert all(len(row["ours"]) == len(row["bare"]) == 2 for row in rows.values())
        assert read_baseline(file).keys() == {f"personas: {name}" for name in rows}

        lenient = [*words[:4], "--baseline", str(file), "--tolerance", "1000"]
        assert main(lenient) == 0
        assert "None of 2 ratios is worse" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["speed"], "no such benchmark: speed; valid are: cached, uncached"),
            (["parts", "--baseline", "nowhere.json"], "nowhere.json cannot be read"),
        ],
    )
    def test_what_cannot_be_done_is_told_at_once(self, words, told, capsys):
        """A wrong name, or a baseline that is not there, ends the command before it measures."""
        with pytest.raises(SystemExit) as ended:
            main(words)

        assert ended.value.code == 2
        assert told in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["cached", "uncached", "workers", "monitors", "extras", "parts", "start"]
)
def test_every_benchmark_has_rows(name, tmp_path, capsys):
    """The quick form of every benchmark gives rows, each with a sample of each round."""
    pytest.importorskip("ion_gemini")
    assert main([name, "--quick", "--results", str(tmp_path)]) == 0

    assert f"[{name}]" in capsys.readouterr().out
    (file,) = tmp_path.glob("*.json")
    rows = json.loads(file.read_text("utf-8"))["rows"]
    assert rows
    assert all(len(row["ours"]) >= 2 for row in rows)
