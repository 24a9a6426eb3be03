"""The whole report as a value, and as JSON."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.routing import RoutingTable
from ion_framework.jsonable import to_json
from perf.analysis.analyzers import Evaluated
from perf.analysis.parts import parts_of
from perf.analysis.readings import Component, Read, read_all
from perf.analysis.robustness import Robustness, changes, summarize
from perf.analysis.rows import Row, identities
from perf.analysis.scores import Options, PartScores, score
from perf.analysis.timing import Timing, timings, warm_up

FORMAT = 1
"""Number of the layout of report.json; raised when an older reader could not read it."""

Predictions = Mapping[str, Mapping[str, tuple[str, str]]]
"""Labelled so and read so, by component, by the message's identity (never its text)."""


@attrs.frozen
class Report:
    """Everything that was measured.

    Attributes:
        analyzer: name of the analyser.
        at: when, in UTC.
        files: the files, as they were given.
        training_sources: sources that count as seen.
        options: what the scores depend on.
        parts: the scores of every part of the messages, by its name, ``all`` first.
        robustness: how steady the readings are.
        timing: what reading takes.
        predictions: what was read, to compare another report with.
        format: number of the layout.
        python: version of Python.
        platform: the machine.
    """

    analyzer: str
    at: str
    files: tuple[str, ...]
    training_sources: tuple[str, ...]
    options: Options
    parts: Mapping[str, PartScores] = attrs.field(converter=frozen)
    robustness: tuple[Robustness, ...]
    timing: tuple[Timing, ...]
    predictions: Predictions = attrs.field(converter=frozen)
    format: int = FORMAT
    python: str = attrs.field(factory=platform.python_version)
    platform: str = attrs.field(factory=platform.platform)


@attrs.frozen
class Evaluation:
    """A report with the readings behind it.

    Attributes:
        report: the report.
        parts: the readings by part, under the same names as in the report.
    """

    report: Report
    parts: Mapping[str, Sequence[Read]] = attrs.field(converter=frozen)


def evaluate(
    rows: tuple[Row, ...],
    evaluated: Evaluated,
    table: RoutingTable,
    options: Options,
    by: Sequence[str] = (),
) -> Evaluation:
    """Measure an analyser on labelled messages.

    Args:
        rows: the messages, at least one.
        evaluated: the analyser.
        table: who answers which key.
        options: threshold, draws and seed.
        by: columns to break the scores down by.

    Raises:
        InputError: the analyser could not read a message.
    """
    warm_up(evaluated.read)
    reads = read_all(rows, evaluated.read, table)
    training = evaluated.training_sources()
    parts = parts_of(reads, training, by)
    report = Report(
        analyzer=evaluated.name,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        files=tuple(dict.fromkeys(row.file for row in rows)),
        training_sources=tuple(sorted(training)),
        options=options,
        parts={name: score(part, table.personas, options) for name, part in parts.items()},
        robustness=summarize(changes(reads, evaluated.read, table, options.seed)),
        timing=timings(reads),
        predictions=predictions_of(reads),
    )
    return Evaluation(report, parts)


def predictions_of(reads: Sequence[Read]) -> dict[str, dict[str, tuple[str, str]]]:
    """Labels and readings by the identity of each message.

    Args:
        reads: the messages.
    """
    names = identities(tuple(read.row for read in reads))
    return {name: _pairs(read) for name, read in zip(names, reads, strict=True)}


def document(report: Report) -> str:
    """The report as JSON, one prediction a line: there are as many as messages."""
    lines = [
        f"  {json.dumps(name)}: {to_json(pairs)}" for name, pairs in report.predictions.items()
    ]
    head = to_json(attrs.evolve(report, predictions={}), indent=1)
    body = "{\n" + ",\n".join(lines) + "\n }"
    return head.replace('"predictions": {}', f'"predictions": {body}') + "\n"


def default_folder(results: Path) -> Path:
    """A folder of its own for a report of now."""
    return results / f"analysis-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"


def _pairs(read: Read) -> dict[str, tuple[str, str]]:
    order: tuple[Component, ...] = tuple(Component)
    return {
        component.value: (one.gold, one.read)
        for component in order
        if (one := read.judgements.get(component)) is not None
    }
