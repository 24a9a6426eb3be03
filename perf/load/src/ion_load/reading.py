"""Figures from files: locust's ``*_stats.csv``, and JSON of ``ion load gate --out``."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ion_load.beside import corrected
from ion_load.figures import NOTHING, Figures, nothing, of_percentiles, of_samples

FORMAT = "ion-load-gate/1"
_SHARES = ("50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%")
_NEEDED = ("Request Count", "Failure Count", "50%", "95%", "99%")


class UnreadableError(ValueError):
    """A file that holds no figures; says what is wrong and what is expected."""


def read_figures(file: Path) -> Figures:
    """The figures of a file; without requests where it has none.

    Beside a ``*_stats.csv``, ``_answers.json`` and ``_failures.csv`` of the same run are heeded.

    Raises:
        UnreadableError: it cannot be read or is something else.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{file}: it cannot be read: {error}") from error
    if file.suffix == ".json":
        return _of_json(file, text)
    try:
        return corrected(file, _of_csv(file, text))
    except UnreadableError:
        raise
    except (OSError, ValueError) as error:
        raise UnreadableError(str(error)) from error


def to_json(figures: Figures, at: datetime) -> str:
    """The figures as JSON, latencies rounded to hundredths of a millisecond."""
    document = {
        "format": FORMAT,
        "at": at.isoformat(timespec="seconds"),
        "source": figures.source,
        "rate": figures.rate,
        "requests": figures.requests,
        "failures": figures.failures,
        "limited": figures.limited,
        "degraded": figures.degraded,
        "reasons": dict(figures.reasons),
        "late_ms": round(figures.late_ms, 2),
        "samples_ms": [round(sample, 2) for sample in figures.samples_ms],
    }
    return json.dumps(document) + "\n"


def _of_csv(file: Path, text: str) -> Figures:
    """The sum of all endpoints, which locust writes into the last row."""
    reader = csv.DictReader(text.splitlines())
    rows = list(reader)
    lacks = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
    if text.strip() and lacks:
        raise UnreadableError(
            f"{file}: it has no column {lacks[0]!r}; give a *_stats.csv of locust, or the JSON "
            "that ion load gate --out wrote"
        )
    if not rows:
        return nothing(str(file))
    requests, failures = (_count(file, rows[-1], name) for name in _NEEDED[:2])
    known = {float(name[:-1]) / 100: _latency(rows[-1].get(name)) for name in _SHARES}
    return Figures(
        source=str(file),
        requests=requests,
        failures=failures,
        p50_ms=of_percentiles(known, 0.5, requests),
        p95_ms=of_percentiles(known, 0.95, requests),
        p99_ms=of_percentiles(known, 0.99, requests),
    )


def _count(file: Path, row: Mapping[str, str], name: str) -> int:
    try:
        return int(float(row[name]))
    except (ValueError, TypeError, OverflowError) as error:
        raise UnreadableError(f"{file}: {name} of the last row is {row[name]!r}") from error


def _latency(text: str | None) -> float:
    """A cell in milliseconds; NaN where it holds no number, which keeps no limit."""
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _of_json(file: Path, text: str) -> Figures:
    try:
        found = json.loads(text)
        return _structured(file, {FORMAT: found}[found["format"]])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{file}: it is no JSON of ion load gate --out ({FORMAT}): {error!r}"
        ) from error


def _structured(file: Path, found: Mapping[str, Any]) -> Figures:
    samples = tuple(sorted(float(sample) for sample in found["samples_ms"]))
    p50, p95, p99 = (
        of_samples(samples, share) if samples else NOTHING for share in (0.50, 0.95, 0.99)
    )
    return Figures(
        source=str(file),
        requests=int(found["requests"]),
        failures=int(found["failures"]),
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        rate=float(found["rate"]),
        limited=int(found["limited"]),
        degraded=int(found["degraded"]),
        reasons={str(name): int(count) for name, count in found["reasons"].items()},
        samples_ms=samples,
        late_ms=float(found.get("late_ms", 0.0)),
    )
