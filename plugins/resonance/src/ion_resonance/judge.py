"""From cues to a judgement: totals, winner, runner-up, confidence.

The value with the highest total wins. Where no total reaches `THRESHOLD`, or the winner is not
`MARGIN` ahead of the neutral value, the judgement falls back to the neutral value (calm for the
tone, learning for the intent) with a confidence between `GUESS` and `UNSURE`, about as often as
such a fallback is right on labelled messages.

    confidence = winner's total / (sum of all totals + DOUBT)

`DOUBT` is the weight of what was not said: one loud cue alone gives 0.67, two agreeing ones 0.8,
one against an equal one 0.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from ion_resonance.cues import Found

THRESHOLD = 1.0
MARGIN = 0.25
DOUBT = 1.5
GUESS = 0.2
UNSURE = 0.3


@attrs.frozen
class Judgement:
    """What the cues of one component say.

    Attributes:
        primary: the value chosen.
        confidence: 0 to 1.
        secondary: the runner-up, None where nothing else spoke.
        secondary_confidence: 0 to 1.
    """

    primary: str
    confidence: float
    secondary: str | None
    secondary_confidence: float


def judge(found: Iterable[Found], order: Sequence[str], neutral: str) -> Judgement:
    """Judge one component.

    Args:
        found: the cues for it.
        order: its values; of two equal totals the earlier value wins.
        neutral: the value to fall back to.
    """
    totals = dict.fromkeys(order, 0.0)
    for cue in found:
        totals[cue.value] += cue.weight
    ranked = sorted(totals.items(), key=lambda pair: -pair[1])
    everything = sum(totals.values()) + DOUBT
    (first, total), (second, next_total) = ranked[:2]
    unclear = total < THRESHOLD or (first != neutral and total - totals[neutral] < MARGIN)
    if unclear:
        first, second = neutral, first if first != neutral else second
        total, next_total = totals[neutral], totals[second]
    sure = round(total / everything, 3)
    return Judgement(
        primary=first,
        confidence=min(max(sure, GUESS), UNSURE) if unclear else sure,
        secondary=second if next_total > 0 else None,
        secondary_confidence=round(max(next_total, 0.0) / everything, 3),
    )
