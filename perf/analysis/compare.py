"""What changed since another report: paired bootstrap over the messages that both have read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from perf.analysis.bootstrap import Interval, interval, resampled
from perf.analysis.measures import Headline, headline
from perf.analysis.readings import Component, Read
from perf.analysis.report import FORMAT, Evaluation, Predictions
from perf.analysis.rows import InputError, identities
from perf.analysis.scores import MEASURES, Options

Outcome = tuple[str, str, str]
"""Labelled so, read so before, read so now."""


@attrs.frozen
class Difference:
    """One measure, before and now, on the messages that both reports know.

    Attributes:
        part: which messages.
        component: what is compared.
        measure: name of the measure.
        rows: messages that both have read, labelled alike.
        before: the measure in the other report, 0 to 1.
        now: the measure now, 0 to 1.
        interval: paired bootstrap interval of now less before (Efron & Tibshirani 1993): every
            draw takes both readings of a message, so what makes a message hard cancels out.
    """

    part: str
    component: Component
    measure: str
    rows: int
    before: float
    now: float
    interval: Interval

    @property
    def difference(self) -> float:
        """Now less before, -1 to 1."""
        return self.now - self.before

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval.low > 0 or self.interval.high < 0


def read_predictions(file: Path) -> Predictions:
    """The predictions of a report.json.

    Raises:
        InputError: it cannot be read, or is no such report.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"--compare: {file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"--compare: {file}: is not JSON: {error}") from error
    wanted = f"a report.json of format {FORMAT}, as this command writes it"
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise InputError(f"--compare: {file}: is not {wanted}")
    try:
        return {
            str(name): {str(component): (str(gold), str(read)) for component, (gold, read) in pairs}
            for name, pairs in ((name, made.items()) for name, made in found["predictions"].items())
        }
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"--compare: {file}: its predictions are not those of {wanted}") from error


def differences(
    evaluation: Evaluation, before: Predictions, options: Options
) -> tuple[Difference, ...]:
    """What changed, per part, component and measure.

    Args:
        evaluation: what was measured now.
        before: the predictions of the other report.
        options: draws and seed.

    Raises:
        InputError: no message is in both reports with the same label.
    """
    rows = tuple(read.row for read in evaluation.parts["all"])
    names = {(row.file, row.line): name for row, name in zip(rows, identities(rows), strict=True)}
    found = tuple(
        difference
        for part, reads in evaluation.parts.items()
        for component in Component
        for difference in _differences(
            part, component, _outcomes(component, reads, names, before), options
        )
    )
    if not found:
        raise InputError("--compare: no message is in both reports with the same label")
    return found


def _outcomes(
    component: Component,
    reads: Sequence[Read],
    names: Mapping[tuple[str, int], str],
    before: Predictions,
) -> list[Outcome]:
    outcomes = []
    for read in reads:
        now = read.judgements.get(component)
        then = before.get(names[read.row.file, read.row.line], {}).get(component.value)
        # The gold persona follows from the pace that was read, so it may differ: then the message
        # asks another thing and is no pair.
        if now is not None and then is not None and then[0] == now.gold:
            outcomes.append((now.gold, then[1], now.read))
    return outcomes


def _differences(
    part: str, component: Component, outcomes: Sequence[Outcome], options: Options
) -> Iterator[Difference]:
    if not outcomes:
        return
    before, now = _both(Counter(outcomes))
    drawn = [_both(counts) for counts in resampled(outcomes, options.draws, options.seed)]
    for measure in MEASURES:
        moved = [getattr(new, measure) - getattr(old, measure) for old, new in drawn]
        yield Difference(
            part=part,
            component=component,
            measure=measure,
            rows=len(outcomes),
            before=getattr(before, measure),
            now=getattr(now, measure),
            interval=interval(moved),
        )


def _both(counts: Mapping[Outcome, int]) -> tuple[Headline, Headline]:
    before: Counter[tuple[str, str]] = Counter()
    now: Counter[tuple[str, str]] = Counter()
    for (gold, then, read), count in counts.items():
        before[gold, then] += count
        now[gold, read] += count
    return headline(before), headline(now)
