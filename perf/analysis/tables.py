"""The report's figures as tables, for the terminal and for Markdown alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ion_framework.cli.tables import Cell, Table
from perf.analysis.bootstrap import Interval
from perf.analysis.compare import Difference
from perf.analysis.gate import Broken
from perf.analysis.measures import ClassScores
from perf.analysis.readings import Component
from perf.analysis.robustness import ANY, PROMISE, Robustness
from perf.analysis.scores import ComponentScores, PartScores
from perf.analysis.timing import Timing

_ABSENT = "-"


def summary(parts: Mapping[str, PartScores]) -> Table:
    """One line per part and component: the measures with their intervals."""
    columns = ("messages", "component", "rows", "accuracy", "macro-F1", "macro-recall")
    return Table(columns, tuple(_lines(parts, _summary)))


def trust(parts: Mapping[str, PartScores]) -> Table:
    """One line per part and component: what confidences are worth."""
    columns = ("messages", "component", "ECE", "coverage", "accuracy covered")
    return Table(columns, tuple(_lines(parts, _trust)))


def classes(found: Sequence[ClassScores]) -> Table:
    """One line per label."""
    rows = tuple(
        (one.label, _share(one.precision), _share(one.recall), _share(one.f1), str(one.support))
        for one in found
    )
    return Table(("label", "precision", "recall", "F1", "support"), rows)


def confusion(scores: ComponentScores) -> Table:
    """The confusion matrix: a line per label, a column per reading."""
    rows = tuple(
        (label, *map(str, counts))
        for label, counts in zip(scores.labels, scores.confusion, strict=True)
    )
    return Table(("labelled as, read as:", *scores.labels), rows)


def reliability(scores: ComponentScores) -> Table:
    """One line per bin of the calibration."""
    rows = tuple(
        (
            f"{one.low:.3f}-{one.high:.3f}",
            str(one.rows),
            _share(one.confidence),
            _share(one.accuracy),
            f"{one.accuracy - one.confidence:+.3f}",
        )
        for one in scores.calibration.bins
    )
    return Table(("confidences", "rows", "mean confidence", "accuracy", "difference"), rows)


def robustness(found: Sequence[Robustness]) -> Table:
    """One line per language and kind of variant."""
    rows = tuple(
        (
            one.part,
            one.kind,
            str(one.variants),
            Cell(f"{one.persona:.1%}", _promised(one)),
            f"{one.tone:.1%}",
            f"{one.intent:.1%}",
        )
        for one in found
    )
    return Table(("messages", "variant", "number", "persona", "tone", "intent"), rows)


def timing(found: Sequence[Timing]) -> Table:
    """One line per group of messages."""
    rows = tuple(
        (one.what, str(one.messages), f"{one.median_us:.1f}", f"{one.p95_us:.1f}") for one in found
    )
    return Table(("messages", "number", "median µs", "95 % µs"), rows)


def gate(found: Sequence[Broken]) -> Table:
    """One line per promise that is not kept."""
    rows = tuple(
        (
            one.limit.figure,
            Cell(f"{one.value:.4f}", "bad"),
            f"{'at least' if one.limit.side.value == 'min' else 'at most'} {one.limit.value:g}",
        )
        for one in found
    )
    return Table(("not kept", "is", "promised"), rows)


def comparison(found: Sequence[Difference]) -> Table:
    """One line per measure."""
    rows = tuple(
        (
            one.part,
            one.component.value,
            one.measure.replace("_", "-"),
            str(one.rows),
            _share(one.before),
            _share(one.now),
            Cell(f"{one.difference:+.3f}", _mood(one)),
            f"{one.interval.low:+.3f} to {one.interval.high:+.3f}",
            "yes" if one.clear else "no",
        )
        for one in found
    )
    columns = ("messages", "component", "measure", "rows", "before", "now", "change", "95 %")
    return Table((*columns, "clear"), rows)


def _promised(one: Robustness) -> str:
    if one.kind == ANY:
        return ""  # the promise is about variants, not about messages with all of theirs
    return "bad" if one.persona > PROMISE else "good"


def _mood(one: Difference) -> str:
    if not one.clear:
        return "quiet"
    return "good" if one.difference > 0 else "bad"


def _lines(
    parts: Mapping[str, PartScores], cells: Callable[[ComponentScores], Iterator[str]]
) -> Iterator[tuple[str, ...]]:
    for name, part in parts.items():
        for component in Component:
            if component in part.components:
                yield (name, component.value, *cells(part.components[component]))


def _summary(scores: ComponentScores) -> Iterator[str]:
    found, intervals = scores.headline, scores.intervals
    yield str(scores.rows)
    yield _with(found.accuracy, intervals["accuracy"])
    yield _with(found.macro_f1, intervals["macro_f1"])
    yield _with(found.macro_recall, intervals["macro_recall"])


def _trust(scores: ComponentScores) -> Iterator[str]:
    yield _share(scores.calibration.ece)
    yield _share(scores.coverage.coverage)
    covered = scores.coverage.accuracy
    yield _ABSENT if covered is None else _share(covered)


def _share(value: float) -> str:
    return f"{value:.3f}"


def _with(value: float, interval: Interval) -> str:
    return f"{value:.3f} [{interval.low:.3f}-{interval.high:.3f}]"
