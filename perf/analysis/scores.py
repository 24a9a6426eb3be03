"""The scores of a part of the messages: every measure of every component, with intervals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.domain.key import Intent, Tone
from perf.analysis.bootstrap import DRAWS, Interval, interval, resampled
from perf.analysis.calibration import Calibration, Coverage, calibrate, cover
from perf.analysis.measures import Cells, ClassScores, Headline, headline, matrix, per_class
from perf.analysis.readings import Component, Judgement, Read

ABSTAIN = 0.35
"""Default threshold below which a reading counts as left open in the report.

Higher than the one at which ``resonance`` itself abstains (0.2), to show what caution would buy.
"""

MEASURES = tuple(field.name for field in attrs.fields(Headline))
"""Names of the measures that have intervals."""


@attrs.frozen
class Options:
    """What scores depend on besides the messages.

    Attributes:
        abstain: readings with a confidence below it count as abstained, 0 to 1.
        draws: draws of the bootstrap, at least 1.
        seed: seed of everything random.
    """

    abstain: float = ABSTAIN
    draws: int = DRAWS
    seed: int = 0


@attrs.frozen
class ComponentScores:
    """Everything measured of one component.

    Attributes:
        rows: messages with a label for it.
        headline: accuracy and means over classes.
        intervals: the bootstrap interval of each of the headline's figures, by its name.
        labels: the labels of the matrix, in order.
        confusion: rows of labels, columns of readings.
        classes: the figures of every label.
        calibration: confidence against accuracy.
        coverage: what abstaining would buy.
    """

    rows: int
    headline: Headline
    intervals: Mapping[str, Interval] = attrs.field(converter=frozen)
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[ClassScores, ...]
    calibration: Calibration
    coverage: Coverage


@attrs.frozen
class PartScores:
    """The scores of a part of the messages.

    Attributes:
        rows: how many messages.
        components: the scores of every component that is labelled there.
    """

    rows: int
    components: Mapping[Component, ComponentScores] = attrs.field(converter=frozen)


def score(part: Sequence[Read], personas: Sequence[str], options: Options) -> PartScores:
    """Measure everything of a part of the messages.

    All components share their draws, so that their intervals speak of the same samples.

    Args:
        part: the messages, at least one.
        personas: every persona, in order.
        options: threshold, draws and seed.
    """
    intervals = _intervals(part, options)
    orders: dict[Component, Sequence[str]] = {
        Component.TONE: [tone.value for tone in Tone],
        Component.INTENT: [intent.value for intent in Intent],
        Component.PERSONA: personas,
    }
    scores = {}
    for component, order in orders.items():
        judged = [read.judgements[component] for read in part if component in read.judgements]
        if judged:
            scores[component] = _component(judged, order, intervals[component], options.abstain)
    return PartScores(len(part), scores)


def cells_of(judged: Sequence[Judgement]) -> Counter[tuple[str, str]]:
    """The confusion matrix of judgements as counts."""
    return Counter((one.gold, one.read) for one in judged)


def _component(
    judged: Sequence[Judgement],
    order: Sequence[str],
    intervals: Mapping[str, Interval],
    abstain: float,
) -> ComponentScores:
    cells: Cells = cells_of(judged)
    classes = per_class(cells, order)
    labels = tuple(one.label for one in classes)
    pairs = [(one.confidence, one.right) for one in judged]
    return ComponentScores(
        rows=len(judged),
        headline=headline(cells),
        intervals=intervals,
        labels=labels,
        confusion=matrix(cells, labels),
        classes=classes,
        calibration=calibrate(pairs),
        coverage=cover(pairs, abstain),
    )


def _intervals(part: Sequence[Read], options: Options) -> dict[Component, dict[str, Interval]]:
    outcomes = [
        tuple((component, one.gold, one.read) for component, one in read.judgements.items())
        for read in part
    ]
    drawn: defaultdict[Component, list[Headline]] = defaultdict(list)
    for counts in resampled(outcomes, options.draws, options.seed):
        cells: defaultdict[Component, Counter[tuple[str, str]]] = defaultdict(Counter)
        for outcome, count in counts.items():
            for component, gold, read in outcome:
                cells[component][gold, read] += count
        for component, found in cells.items():
            drawn[component].append(headline(found))
    return {
        component: {name: interval([getattr(one, name) for one in headlines]) for name in MEASURES}
        for component, headlines in drawn.items()
    }
