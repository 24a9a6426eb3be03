"""The table of locust's files: every rule, on files and on figures."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from ion_load.endpoints import endpoint_table
from ion_load.summarize_locust_csv import (
    build_table,
    is_rounded_up,
    overall,
    parse_stats_csv,
    scenario_name_from_path,
)

GOOD = {
    "requests": 100,
    "failures": 0,
    "avg_ms": 250.0,
    "p50_ms": 200.0,
    "p95_ms": 400.0,
    "p99_ms": 500.0,
    "rps": 10.5,
}
BAD = {**GOOD, "requests": 300, "failures": 30, "avg_ms": 50.0, "p95_ms": 90.0, "p99_ms": 700.0}
HEAD = "| Scenario | Total | Fail | Avg (ms) | P50 | P95 | P99 | Req/s | Status |"
HEAD_WITH_RATE = (
    "| Scenario | Total | Fail | Success (%) | Avg (ms) | P50 | P95 | P99 | Req/s | Status |"
)


def table(*entries, ascii_status=True, rate=False, total=False):
    """The lines of a table."""
    text = build_table(
        entries, ascii_status=ascii_status, with_success_rate=rate, with_overall=total
    )
    assert text.endswith("|\n")
    return text.splitlines()


def parsed(tmp_path, text):
    """The figures of a file with this text."""
    file = tmp_path / "load_test_x_stats.csv"
    file.write_text(text, "utf-8")
    return parse_stats_csv(file)


def test_the_last_row_counts(stats):
    """Of a file the last row is taken, whatever stands in the others."""
    found = parse_stats_csv(stats("a_stats.csv", 1000, 3))

    assert (1000, 3, 25.5, 12.34) == (
        found["requests"], found["failures"], found["avg_ms"], found["rps"]
    )  # fmt: skip
    assert (20.0, 40.0, 60.0) == (found["p50_ms"], found["p95_ms"], found["p99_ms"])


def test_a_file_that_is_not_there_is_missing(tmp_path):
    """A path without a file gives the mark of a missing file."""
    assert {"_missing": True} == parse_stats_csv(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ["", "\n\n", "Type,Name,Request Count\n"])
def test_a_file_without_rows_is_empty(tmp_path, text):
    """A file without a line, with blank lines, or with a heading alone is empty."""
    assert {"_empty": True} == parsed(tmp_path, text)


@pytest.mark.parametrize("cell", ["", "N/A", "12,5", "twelve", "nan", "inf"])
def test_counts_that_are_no_numbers_are_zero(tmp_path, cell):
    """A count that cannot be read is 0, and so is a time that cannot."""
    found = parsed(tmp_path, f'Request Count,95%\n"{cell}","N/A"\n')

    assert (0, 0.0) == (found["requests"], found["p95_ms"])


def test_counts_with_decimals_are_cut(tmp_path):
    """A count that was written with decimals loses them."""
    assert 12 == parsed(tmp_path, "Request Count\n12.9\n")["requests"]


def test_columns_that_are_not_there_are_zero(tmp_path):
    """A row that is too short, or lacks a column, has zeros."""
    found = parsed(tmp_path, "Request Count,Failure Count\n7\n")

    assert (7, 0, 0.0, 0.0) == (
        found["requests"], found["failures"], found["p99_ms"], found["rps"]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "scenario"),
    [
        ("load_test_light_20251018_161525_stats.csv", "light"),
        ("load_test_medium_stats.csv", "medium"),
        ("load_test_chat-only_20251018_161525_stats.csv", "chat-only"),
        ("load_test_two_words_20251018_161525_stats.csv", "two_words"),
        ("load_test_light_2025101_161525_stats.csv", "light_2025101_161525"),
        ("load_test_light_20251018_16152_stats.csv", "light_20251018_16152"),
        ("load_test_20251018_161525_stats.csv", "20251018_161525"),
        ("custom_stats.csv", "custom_stats"),
        ("load_test_light.csv", "load_test_light"),
        ("light_20251018_161525_stats.csv", "light_20251018_161525_stats"),
    ],
)
def test_scenarios_are_named_by_their_files(name, scenario):
    """Prefix, suffix and a time of eight and six digits are taken off, nothing else."""
    assert scenario == scenario_name_from_path(Path("outputs") / name)


def test_the_plain_table():
    """Without options there are nine columns, aligned to the right where they hold figures."""
    assert [
        HEAD,
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
        "| light | 100 | 0 | 250 | 200 | 400 | 500 | 10.5 | OK |",
        "| heavy | 300 | 30 | 50 | 200 | 90 | 700 | 10.5 | FAIL |",
    ] == table(("light", GOOD), ("heavy", BAD))


def test_the_table_with_the_success_rate():
    """The share of success is a tenth column behind the failures, without decimals."""
    assert [
        HEAD_WITH_RATE,
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        "| light | 100 | 0 | 100% | 250 | 200 | 400 | 500 | 10.5 | OK |",
        "| heavy | 300 | 30 | 90% | 50 | 200 | 90 | 700 | 10.5 | FAIL |",
    ] == table(("light", GOOD), ("heavy", BAD), rate=True)


def test_overall_sums_weighs_and_takes_the_largest():
    """Overall has sums, the average by requests, and of each percentile the largest."""
    lines = table(("light", GOOD), ("heavy", BAD), rate=True, total=True)

    assert "| Overall | 400 | 30 | 92% | 100 | 200 | 400 | 700 | 21.0 | FAIL |" == lines[-1]


def test_overall_leaves_out_files_without_figures():
    """Missing and empty files stand in the table and not in Overall."""
    nothing = (("a", {"_missing": True}), ("b", {"_empty": True}))

    assert table(*nothing) == table(*nothing, total=True)
    assert (
        "| Overall | 100 | 0 | 250 | 200 | 400 | 500 | 10.5 | OK |"
        == (table(*nothing, ("light", GOOD), total=True)[-1])
    )


def test_overall_of_no_requests_has_no_average():
    """Where no file counts a request the average is 0 and not an error."""
    assert 0.0 == overall([{**GOOD, "requests": 0}])["avg_ms"]


@pytest.mark.parametrize(("rate", "figures"), [(False, 7), (True, 8)])
def test_missing_and_empty_files_have_lines(rate, figures):
    """A missing file has dashes and an empty one zeros, in every column but the status."""
    lines = table(("a", {"_missing": True}), ("b", {"_empty": True}), rate=rate)

    assert f"| a | {'- | ' * figures}missing |" == lines[2]
    assert f"| b | {'0 | ' * figures}empty |" == lines[3]


@pytest.mark.parametrize(
    ("requests", "failures", "shown"),
    [(0, 0, "0%"), (50, 50, "0%"), (3, 5, "0%"), (200, 1, "100%"), (200, 2, "99%"), (8, 1, "88%")],
)
def test_success_rates(requests, failures, shown):
    """The share is 0 without requests, never below 0, and rounded to the even neighbour."""
    figures = {**GOOD, "requests": requests, "failures": failures}

    assert f"| x | {requests} | {failures} | {shown} | 250" in table(("x", figures), rate=True)[2]


def test_a_failure_beside_a_hundred_per_cent_is_known():
    """99.975 per cent reads 100% beside FAIL, as it always did, and can be told from success."""
    figures = {**GOOD, "requests": 4000, "failures": 1}

    assert (
        "| x | 4000 | 1 | 100% | 250 | 200 | 400 | 500 | 10.5 | FAIL |"
        == (table(("x", figures), rate=True)[2])
    )
    assert is_rounded_up(figures)
    assert not is_rounded_up({**figures, "failures": 100})
    assert not any(map(is_rounded_up, (GOOD, {"_missing": True}, {"_empty": True})))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("utf-8", ["✅", "❌"]), ("ascii", ["OK", "FAIL"]), ("latin-1", ["OK", "FAIL"])],
)
def test_the_status_is_a_sign_where_it_can_be_written(encoding, words):
    """Where standard output can write the signs the status is a sign, else a word."""
    with redirect_stdout(io.TextIOWrapper(io.BytesIO(), encoding=encoding)):
        lines = table(("a", GOOD), ("b", BAD), ascii_status=False)[2:]

    assert words == [line.split()[-2] for line in lines]


async def test_the_command_prints_the_table(load, stats):
    """``ion load summarize`` prints what the functions build, and tells what is rounded."""
    files = [
        stats("load_test_light_20251018_161525_stats.csv", 100),
        stats("load_test_soak_stats.csv", 4000, 1),
        "nowhere_stats.csv",
    ]

    done = await load("summarize", *files, "--with-success-rate", "--with-overall")

    assert 0 == done.code
    assert [
        HEAD_WITH_RATE,
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        "| light | 100 | 0 | 100% | 26 | 20 | 40 | 60 | 12.3 | ✅ |",
        "| soak | 4000 | 1 | 100% | 26 | 20 | 40 | 60 | 12.3 | ❌ |",
        "| nowhere_stats | - | - | - | - | - | - | - | - | missing |",
        "| Overall | 4100 | 1 | 100% | 26 | 20 | 40 | 60 | 24.7 | ❌ |",
    ] == done.out.splitlines()
    assert "soak: 100% is rounded; 1 of 4000 requests failed\n" == done.err


async def test_the_command_writes_json(load, stats):
    """``--json`` has the state and the unrounded figures of each file, and all of them together."""
    done = await load("summarize", stats("load_test_light_stats.csv", 100, 1), "none.csv", "--json")

    light, none = done.json()["scenarios"]
    assert {"scenario": "none", "state": "missing"} == none
    assert ("light", "read", 100, 1, 25.5) == (
        light["scenario"], light["state"], light["requests"], light["failures"], light["avg_ms"]
    )  # fmt: skip
    assert 100 == done.json()["overall"]["requests"]


async def test_the_command_falls_back_to_words(load, stats):
    """Where standard output is ASCII, and where it is told to, the status is OK or FAIL."""
    file = stats("load_test_light_stats.csv", 100)

    narrow = await load("summarize", file, PYTHONIOENCODING="ascii")
    told = await load("summarize", file, "--ascii-status")

    assert narrow.out == told.out
    assert told.out.endswith("| OK |\n")


async def test_the_command_writes_a_file(load, stats, tmp_path):
    """``--out`` makes the folder, writes the table in UTF-8 and prints nothing."""
    file = stats("load_test_light_stats.csv", 100, 2)

    done = await load("summarize", file, "--out", "made/for/it.md")

    assert (0, "") == (done.code, done.out)
    text = (tmp_path / "made" / "for" / "it.md").read_bytes()
    assert text.endswith("12.3 | ❌ |\n".encode())
    refused = await load("summarize", file, "--out", "made/for/it.md/x.md")
    assert 1 == refused.code
    assert refused.err.startswith("Error: made/for/it.md/x.md: it cannot be written: ")


async def test_endpoints_are_added_on_request(load, stats):
    """``--with-endpoints`` adds a table for each file that names any, without their sum."""
    files = [stats("load_test_light_20251018_161525_stats.csv", 100), "none.csv"]

    plain = await load("summarize", *files)
    more = await load("summarize", *files, "--with-endpoints")

    assert (0, 0) == (plain.code, more.code)
    assert more.out.startswith(plain.out)
    assert [
        "",
        "## light",
        "",
        "| Endpoint | Total | Fail | P50 | P95 | P99 | Max (ms) |",
        "|---|---:|---:|---:|---:|---:|---:|",
        "| POST /chat | 1 | 1 | 9999 | 9999 | 9999 | 9999 |",
    ] == more.out.removeprefix(plain.out).splitlines()


@pytest.mark.parametrize("name", ["a | b", "a\nb", "`a`"])
def test_names_of_endpoints_do_not_break_the_table(stats, name):
    """A bar or a line feed in the name of an endpoint stays inside its cell."""
    file = stats("x_stats.csv", 2)
    file.write_text(file.read_text("utf-8").replace("/chat", f'"{name}"'), "utf-8")

    *_, row = endpoint_table(file).splitlines()

    assert 3 == len(endpoint_table(file).splitlines())
    assert 8 == len(re.findall(r"(?<!\\)\|", row))


async def test_a_file_that_cannot_be_read_is_named(load, tmp_path):
    """A folder, or a file that is no text, ends the command with its name and the reason."""
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")

    for name in (".", "bytes.csv"):
        done = await load("summarize", name)
        assert 1 == done.code
        assert f"{name}: it cannot be read" in done.err
