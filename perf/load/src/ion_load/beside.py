"""What stands beside locust's ``*_stats.csv``: the answers by status, and the reasons of failures.

Locust's own table counts a 429 as a success and gives connections that were refused a latency. A
gate that read no more would pass a host that refuses everybody, and one that is not there.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import attrs

from ion_load.figures import LIMITED, NOTHING, Figures

DEGRADED = "degraded"
_STATS, _NO_ANSWER = "_stats.csv", "0"
_REFUSED = f"status {LIMITED}"


@attrs.frozen
class Failure:
    """A kind of failure at an endpoint.

    Attributes:
        endpoint: method and path.
        reason: what went wrong, without what locust writes around it.
        occurrences: how often.
    """

    endpoint: str
    reason: str
    occurrences: int


def corrected(file: Path, figures: Figures) -> Figures:
    """The figures of a ``*_stats.csv`` with what its neighbours add; as they are without any.

    A 429 is an error here, as it is where the gate makes the load itself, and counts once where the
    scenario has called it one already. Without a single answer there are no latencies.

    Raises:
        OSError: a neighbour is there and cannot be read.
        ValueError: it is something else.
    """
    answers = _answers(_neighbour(file, "_answers.json"))
    if not answers:
        return figures
    limited = answers.get(str(LIMITED), 0)
    reasons = _reasons(_neighbour(file, "_failures.csv"))
    known = sum(count for reason, count in reasons.items() if _REFUSED in reason)
    if unknown := max(0, limited - known):
        reasons = {**reasons, _REFUSED: unknown}
    found = attrs.evolve(
        figures,
        failures=min(figures.requests, figures.failures + unknown),
        limited=limited,
        degraded=answers.get(DEGRADED, 0),
        reasons=reasons,
    )
    if any(count for name, count in answers.items() if name not in {_NO_ANSWER, DEGRADED}):
        return found
    return attrs.evolve(found, p50_ms=NOTHING, p95_ms=NOTHING, p99_ms=NOTHING)


def _neighbour(file: Path, ending: str) -> Path | None:
    """The file of the same run with another ending, where there is one."""
    if not file.name.endswith(_STATS):
        return None
    found = file.with_name(file.name.removesuffix(_STATS) + ending)
    return found if found.exists() else None


def _answers(file: Path | None) -> Mapping[str, int]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text("utf-8"))
        return {str(name): int(count) for name, count in found.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: it is no count of answers by status: {error}") from error


def failures(file: Path) -> tuple[Failure, ...]:
    """The rows of a ``*_failures.csv``.

    Raises:
        OSError: it cannot be read.
        ValueError: it is something else.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return tuple(
                Failure(
                    f"{row['Method']} {row['Name']}".strip(),
                    row["Error"].removeprefix("CatchResponseError('").removesuffix("')"),
                    int(row["Occurrences"]),
                )
                for row in csv.DictReader(lines)
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: it is no table of failures of locust: {error!r}") from error


def _reasons(file: Path | None) -> Mapping[str, int]:
    """How often each failure occurred, at whatever endpoint."""
    found: Counter[str] = Counter()
    for failure in failures(file) if file else ():
        found[failure.reason] += failure.occurrences
    return dict(found)
