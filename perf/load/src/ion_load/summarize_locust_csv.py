"""Locust's ``*_stats.csv`` as one table in Markdown, in the form of the system that ION replaces.

Of each file the last row counts, where locust writes the sum of all endpoints. Columns and figures
are exactly those of the older tool, roundings included: 99.975 % reads ``100%`` beside a failure.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Metrics: TypeAlias = Mapping[str, Any]
"""Figures of one file by name (requests, failures, avg_ms, p50_ms, p95_ms, p99_ms, rps), or
``_missing`` or ``_empty``, which is then True."""

Entry: TypeAlias = tuple[str, Metrics]
"""A scenario and its figures."""

_PREFIX, _SUFFIX = "load_test_", "_stats"
_TIME = re.compile(r"_\d{8}_\d{6}$")


def _whole(text: str) -> int:
    return int(float(text))


_SOURCES: Mapping[str, tuple[str, Callable[[str], float]]] = {
    "requests": ("Request Count", _whole),
    "failures": ("Failure Count", _whole),
    "avg_ms": ("Average Response Time", float),
    "p50_ms": ("50%", float),
    "p95_ms": ("95%", float),
    "p99_ms": ("99%", float),
    "rps": ("Requests/s", float),
}


def number(text: str | None, convert: Callable[[str], float] = float) -> float:
    """A figure of a cell; 0 where the cell is not there or holds no number."""
    try:
        return convert(text or "")
    except (ValueError, OverflowError):
        return convert("0")


def stats_rows(path: Path) -> list[dict[str, str | None]] | None:
    """The rows of a file by their columns; None where there is no such file.

    Raises:
        OSError: the file is there and cannot be read.
        UnicodeDecodeError: it is no UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return None


def parse_stats_csv(path: Path) -> Metrics:
    """The figures of a file's last row.

    Raises:
        OSError: the file is there and cannot be read.
        UnicodeDecodeError: it is no UTF-8.
    """
    rows = stats_rows(path)
    if rows is None:
        return {"_missing": True}
    if not rows:
        return {"_empty": True}
    last = rows[-1]
    return {name: number(last.get(column), kind) for name, (column, kind) in _SOURCES.items()}


def scenario_name_from_path(path: Path) -> str:
    """The scenario that a file's name tells, without what surrounds it and without the time."""
    name = path.stem
    if not (name.startswith(_PREFIX) and name.endswith(_SUFFIX)):
        return name
    return _TIME.sub("", name[len(_PREFIX) : -len(_SUFFIX)])


def build_table(
    entries: Iterable[Entry],
    *,
    ascii_status: bool,
    with_success_rate: bool,
    with_overall: bool,
) -> str:
    """The table, with a line feed at its end.

    Args:
        entries: scenarios and their figures, in the order of the rows.
        ascii_status: OK and FAIL instead of the signs, which are also replaced where standard
            output cannot write them.
        with_success_rate: one column more, the share of requests that did not fail.
        with_overall: one row more, where any file had figures: sums, the average weighted by
            requests, and of each percentile the largest.
    """
    marks = _marks(ascii=ascii_status)
    kept = list(entries)
    rows = [_row(name, metrics, marks, with_success_rate) for name, metrics in kept]
    found = [metrics for _, metrics in kept if not (_is(metrics, "_missing", "_empty"))]
    if with_overall and found:
        rows.append(_row("Overall", overall(found), marks, with_success_rate))
    success = ["Success (%)"] if with_success_rate else []
    head = ["Scenario", "Total", "Fail", *success, "Avg (ms)", "P50", "P95", "P99", "Req/s"]
    ruler = f"|---|{'---:|' * (len(head) - 1)}---|"
    return "\n".join((_line([*head, "Status"]), ruler, *map(_line, rows))) + "\n"


def overall(found: Iterable[Metrics]) -> Metrics:
    """The figures of several files together.

    The largest P95 is not the P95 of all requests, which the files do not tell; it is an upper
    bound of it.
    """
    each = list(found)
    requests = sum(item["requests"] for item in each)
    spent = sum(item["avg_ms"] * item["requests"] for item in each)
    return {
        "requests": requests,
        "failures": sum(item["failures"] for item in each),
        "avg_ms": spent / requests if requests else 0.0,
        **{key: max(item[key] for item in each) for key in ("p50_ms", "p95_ms", "p99_ms")},
        "rps": sum(item["rps"] for item in each),
    }


def figures_of(entries: Iterable[Entry]) -> dict[str, Any]:
    """What the table says, unrounded: each scenario with its state and figures, and all of them."""
    kept = list(entries)
    found = [metrics for _, metrics in kept if not _is(metrics, "_missing", "_empty")]
    rows = []
    for name, metrics in kept:
        state = next((state for state in ("missing", "empty") if _is(metrics, f"_{state}")), "read")
        figures = dict(metrics) if state == "read" else {}
        rows.append({"scenario": name, "state": state, **figures})
    return {"scenarios": rows, "overall": dict(overall(found)) if found else None}


def success_pct(metrics: Metrics) -> float:
    """Per cent of the requests that did not fail; 0 without requests."""
    requests = metrics["requests"]
    return 100.0 * max(requests - metrics["failures"], 0) / requests if requests > 0 else 0.0


def is_rounded_up(metrics: Metrics) -> bool:
    """Whether the table says 100 per cent although a request failed."""
    if _is(metrics, "_missing", "_empty") or not metrics["failures"]:
        return False
    return f"{success_pct(metrics):.0f}" == "100"


def _row(name: str, metrics: Metrics, marks: tuple[str, str], with_rate: bool) -> list[str]:
    figures = 8 if with_rate else 7
    if _is(metrics, "_missing"):
        return [name, *["-"] * figures, "missing"]
    if _is(metrics, "_empty"):
        return [name, *["0"] * figures, "empty"]
    times = (f"{metrics[key]:.0f}" for key in ("avg_ms", "p50_ms", "p95_ms", "p99_ms"))
    return [
        name,
        str(metrics["requests"]),
        str(metrics["failures"]),
        *([f"{success_pct(metrics):.0f}%"] if with_rate else []),
        *times,
        f"{metrics['rps']:.1f}",
        marks[bool(metrics["failures"])],
    ]


def _is(metrics: Metrics, *states: str) -> bool:
    return any(metrics.get(state) for state in states)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _marks(*, ascii: bool) -> tuple[str, str]:  # noqa: A002  it is what the option is called
    """The signs for a scenario without failures and for one with some."""
    plain, signs = ("OK", "FAIL"), ("✅", "❌")
    if ascii:
        return plain
    try:
        "".join(signs).encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (LookupError, UnicodeEncodeError):
        return plain
    return signs
