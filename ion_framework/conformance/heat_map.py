"""The heat map of a persona's standing: the 216 keys as a grid of margins.

Rows are the nine tones, columns the four paces with six intents each. What a cell says it says by a
sign and by its place on a scale, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs

from ion_framework.conformance.routing import Place, Standing
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language

SIGNS = ("█", "▓", "=", "~", "·", " ")
"""One sign for each step, from a wide win to a wide loss."""

WIDE = Decimal("0.15")
"""A margin from which a win or a loss is wide."""

WON_TIE, LOST_TIE = 2, 3


@attrs.frozen
class HeatCell:
    """One key on the map.

    Attributes:
        place: the key with winner and margin.
        step: 0 wins widely, 1 wins, 2 wins a tie, 3 loses a tie, 4 loses, 5 loses widely.
    """

    place: Place
    step: int

    @property
    def sign(self) -> str:
        """One character that tells the step."""
        return SIGNS[self.step]


Grid = Mapping[Tone, Mapping[Pace, Mapping[Intent, HeatCell]]]


def grid_of(standing: Standing) -> Grid:
    """The cells of a standing by tone, pace and intent."""
    cells = {place.key: HeatCell(place, _step(standing, place)) for place in standing.places}
    by_key = {(key.tone, key.pace, key.intent): cell for key, cell in cells.items()}
    return {
        tone: {pace: {intent: by_key[tone, pace, intent] for intent in Intent} for pace in Pace}
        for tone in Tone
    }


def _step(standing: Standing, place: Place) -> int:
    won = place.winner == standing.persona
    if place.margin == 0:
        return WON_TIE if won else LOST_TIE
    if won:
        return 0 if place.margin >= WIDE else 1
    return 5 if place.margin <= -WIDE else 4


LEGEND: Mapping[Language, tuple[str, ...]] = {
    Language.ENGLISH: (
        "wins by 0.15 or more",
        "wins",
        "wins a tie",
        "loses a tie",
        "loses",
        "loses by 0.15 or more",
    ),
    Language.KOREAN: (
        "0.15 이상 앞서 이김",
        "이김",
        "동점에서 이김",
        "동점에서 짐",
        "짐",
        "0.15 이상 뒤져 짐",
    ),
}
"""What each step means."""

INTENT_MARKS: Mapping[Intent, str] = {
    Intent.SEEK_ADVICE: "A",
    Intent.PROBLEM_SOLVING: "S",
    Intent.LEARNING: "L",
    Intent.VALIDATION: "V",
    Intent.PLANNING: "P",
    Intent.REFLECTION: "R",
}
"""One letter over each column."""

TONE_WIDTH = max(len(tone.value) for tone in Tone)


BLOCK_WIDTH = max(2 * len(Intent) - 1, *(len(pace.value) for pace in Pace))
"""Characters of one pace's columns."""


def heading() -> tuple[str, str]:
    """The two lines over the map: paces, and the marks of intents."""
    paces = " | ".join(f"{pace.value:<{BLOCK_WIDTH}}" for pace in Pace)
    marks = " ".join(INTENT_MARKS.values()).ljust(BLOCK_WIDTH)
    space = " " * TONE_WIDTH
    return f"{space}  {paces}".rstrip(), f"{space}  {' | '.join(marks for _ in Pace)}".rstrip()


def summary(standing: Standing, language: Language) -> str:
    """The standing in one sentence."""
    winners = ", ".join(f"{name} {count}" for name, count in standing.against().items())
    share = f"{100 * standing.share:.0f}"
    best = standing.best
    texts = {
        Language.ENGLISH: "{persona} wins {won} of 216 keys ({share} %); all: {winners}. "
        "Best at {key}: {margin} against {rival}.",
        Language.KOREAN: "{persona}: 216개 키 가운데 {won}개({share} %)를 차지합니다. 전체: "
        "{winners}. 가장 강한 키는 {key}, {rival} 상대로 {margin}.",
    }
    return texts[language].format(
        persona=standing.persona,
        won=len(standing.won),
        share=share,
        winners=winners,
        key=best.key,
        margin=f"{best.margin.normalize():+f}",
        rival=best.rival,
    )
