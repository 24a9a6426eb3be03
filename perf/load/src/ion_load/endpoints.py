"""The endpoints of a run as a table in Markdown, one row each, from locust's ``*_stats.csv``."""

from __future__ import annotations

from pathlib import Path

from ion_load.summarize_locust_csv import stats_rows

_COLUMNS = ("Request Count", "Failure Count", "50%", "95%", "99%", "Max Response Time")
_HEAD = "| Endpoint | Total | Fail | P50 | P95 | P99 | Max (ms) |"


def cell(text: str) -> str:
    """A text as a cell of Markdown: on one line, and with no bar that would end the cell."""
    return " ".join(text.split()).replace("|", "\\|")


def endpoint_table(file: Path) -> str:
    """The rows of a file but the last, which is their sum; empty where there are none.

    Raises:
        OSError: the file is there and cannot be read.
        UnicodeDecodeError: it is no UTF-8.
    """
    told = [_row(row) for row in (stats_rows(file) or [])[:-1]]
    return "\n".join((_HEAD, "|---|" + "---:|" * len(_COLUMNS), *told)) + "\n" if told else ""


def _row(row: dict[str, str | None]) -> str:
    name = cell(f"{row.get('Type') or ''} {row.get('Name') or ''}")
    return f"| {name} | {' | '.join(_rounded(row.get(column) or '') for column in _COLUMNS)} |"


def _rounded(text: str) -> str:
    try:
        return f"{float(text):.0f}"
    except ValueError:
        return text
