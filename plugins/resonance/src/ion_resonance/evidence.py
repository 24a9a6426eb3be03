"""What a reading is made of, word by word.

For the value that was chosen the weights of the evidence add up to its score: cues of the lexicon,
words by the linear model, everything too small to be listed, and what the value has before a word
is read. Of the runner-up the cues are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from ion_framework import Evidence, Rhythm
from ion_framework.domain.resonance import ABSTAINED
from ion_resonance.cues import Found
from ion_resonance.judge import Judgement
from ion_resonance.model import VALUES, Reading
from ion_resonance.surface import MASK, Surface

LISTED_FROM = 0.3
"""Words that add or take less are summed up in one line, with what was masked."""

DIGITS = 3

_PLACE = attrgetter("start", "end")

DENIED = "denied"
OTHER_WORDS = "other words"
STARTING_POINT = "starting point"


def cue_evidence(surface: Surface, found: Iterable[Found]) -> list[Evidence]:
    """The cues that were found."""
    original, span = surface.original, surface.span
    told: list[Evidence] = []
    for component, value, weight, first, last in found:
        start, end = span(first, last)
        cue = original[start:end]
        told.append(Evidence(component, value, cue, round(weight, DIGITS), start, end))
    return told


def denied_evidence(surface: Surface, denied: Iterable[Found]) -> Iterator[Evidence]:
    """The feelings that somebody says not to have; they weigh nothing."""
    named: dict[tuple[str, str], None] = {}
    for _, value, weight, first, last in denied:
        start, end = surface.span(first, last)
        if not weight:
            named[value, f"{DENIED}: {surface.original[start:end]}"] = None
    for value, name in named:
        yield Evidence("tone", value, name, 0.0, kind="measure")


def word_evidence(
    surface: Surface, reading: Reading, component: str, judged: Judgement
) -> list[Evidence]:
    """What the linear model adds for the value chosen, and that the analyser abstained."""
    found = _words(surface, reading, component, judged.primary)
    if judged.abstained:
        found.append(Evidence(component, judged.primary, ABSTAINED, 0.0, kind="measure"))
    return found


def measured_evidence(paced: Rhythm, reasons: Iterable[str]) -> Iterator[Evidence]:
    """The measures that the pace follows from."""
    for reason in reasons:
        yield Evidence("pace", paced.pace.value, reason, 1.0, kind="measure")


def in_order(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """By position; what concerns the whole message comes last."""
    located = [item for item in evidence if item.start is not None]
    rest = [item for item in evidence if item.start is None]
    return (*sorted(located, key=_PLACE), *rest)


def _words(surface: Surface, reading: Reading, component: str, value: str) -> list[Evidence]:
    found: list[Evidence] = []
    rest = 0.0
    read, original, span = surface.text, surface.original, surface.span
    for (first, last), weight in reading.contributions(component, value):
        if -LISTED_FROM < weight < LISTED_FROM or read[first] == MASK:
            rest += weight
            continue
        start, end = span(first, last)
        cue = original[start:end]
        found.append(Evidence(component, value, cue, round(weight, DIGITS), start, end, "word"))
    place = VALUES[component].index(value)
    begun = (STARTING_POINT, reading.bias(component, place))
    for name, weight in ((OTHER_WORDS, rest), begun, *reading.style(component, place)):
        if said := round(weight, DIGITS):
            found.append(Evidence(component, value, name, said, None, None, "measure"))
    return found
