"""What a reading is made of, word by word.

For the value that was chosen the weights of the evidence add up to its score: cues of the lexicon,
words by the linear model, everything too small to be listed, and what the value has before a word is
read. Of the other values the cues are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ion_framework import Evidence, Rhythm
from ion_resonance.cues import Found
from ion_resonance.judge import Judgement
from ion_resonance.model import VALUES, Reading
from ion_resonance.surface import Surface

LISTED_FROM = 0.2
"""Words that add or take less are summed up in one line."""

DIGITS = 3

OTHER_WORDS = "other words"
STARTING_POINT = "starting point"
ABSTAINED = "abstained"


def cue_evidence(surface: Surface, found: Iterable[Found]) -> Iterator[Evidence]:
    """The cues that were found, for whatever value they speak."""
    for cue in found:
        start, end = surface.span(cue.start, cue.end)
        weight = round(cue.weight, DIGITS)
        yield Evidence(cue.component, cue.value, surface.original[start:end], weight, start, end)


def word_evidence(
    surface: Surface, reading: Reading, component: str, judged: Judgement
) -> Iterator[Evidence]:
    """What the linear model adds for the value chosen, and that the analyser abstained."""
    yield from _words(surface, reading, component, judged.primary)
    if judged.abstained:
        yield Evidence(component, judged.primary, ABSTAINED, 0.0, kind="measure")


def measured_evidence(paced: Rhythm, reasons: Iterable[str]) -> Iterator[Evidence]:
    """The measures that the pace follows from."""
    for reason in reasons:
        yield Evidence("pace", paced.pace.value, reason, 1.0, kind="measure")


def in_order(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """By position; what concerns the whole message comes last."""
    return tuple(sorted(evidence, key=_place))


def _words(
    surface: Surface, reading: Reading, component: str, value: str
) -> Iterator[Evidence]:
    rest = 0.0
    for word, weight in reading.contributions(component, value):
        if abs(weight) < LISTED_FROM:
            rest += weight
            continue
        start, end = surface.span(word.start, word.end)
        text = surface.original[start:end]
        yield Evidence(component, value, text, round(weight, DIGITS), start, end, kind="word")
    begun = reading.bias(component, VALUES[component].index(value))
    for name, weight in ((OTHER_WORDS, rest), (STARTING_POINT, begun)):
        if round(weight, DIGITS):
            yield Evidence(component, value, name, round(weight, DIGITS), kind="measure")


def _place(item: Evidence) -> tuple[float, float]:
    if item.start is None or item.end is None:
        return float("inf"), 0.0
    return item.start, item.end
