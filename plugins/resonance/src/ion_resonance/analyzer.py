"""The analyser: cues and rhythm in, a reading with its evidence out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ion_framework import (
    Evidence,
    Intent,
    IntentReading,
    Pace,
    Resonance,
    Rhythm,
    Tone,
    ToneReading,
    detect_language,
)
from ion_resonance.cues import Found, find
from ion_resonance.judge import Judgement, judge
from ion_resonance.rhythm import measure, rhythm
from ion_resonance.surface import Surface, surface_of

TONE_ORDER = (
    Tone.URGENT,
    Tone.FRUSTRATED,
    Tone.ANXIOUS,
    Tone.CONFUSED,
    Tone.PLAYFUL,
    Tone.COLLABORATIVE,
    Tone.ANALYTICAL,
    Tone.CURIOUS,
    Tone.CALM,
)
"""Of two tones that speak equally loud the earlier one wins: the one that bears less waiting."""

INTENT_ORDER = (
    Intent.PROBLEM_SOLVING,
    Intent.SEEK_ADVICE,
    Intent.VALIDATION,
    Intent.PLANNING,
    Intent.REFLECTION,
    Intent.LEARNING,
)
"""Of two intents that speak equally loud the earlier one wins: the more specific one."""


def analyze(text: str, *, source: str) -> Resonance:
    """Read a message's resonance; the same text always gives the same reading.

    Args:
        text: the message, anything at all.
        source: name of the plugin, noted in the reading.
    """
    surface = surface_of(text)
    tones, intents, connectives = (find(surface, part) for part in ("tone", "intent", "pace"))
    tone = judge(tones, TONE_ORDER, Tone.CALM)
    intent = judge(intents, INTENT_ORDER, Intent.LEARNING)
    paced, reasons = rhythm(measure(surface), connectives)
    spoken = [*tones, *intents, *(connectives if paced.pace is Pace.FLOWING else ())]
    return Resonance(
        rhythm=paced,
        tone=_tone_reading(tone),
        intent=_intent_reading(intent),
        language=detect_language(text),
        evidence=(*_located(surface, spoken), *_measured(paced, reasons)),
        source=source,
    )


def _tone_reading(made: Judgement) -> ToneReading:
    second = None if made.secondary is None else Tone(made.secondary)
    return ToneReading(Tone(made.primary), made.confidence, second, made.secondary_confidence)


def _intent_reading(made: Judgement) -> IntentReading:
    second = None if made.secondary is None else Intent(made.secondary)
    return IntentReading(Intent(made.primary), made.confidence, second, made.secondary_confidence)


def _located(surface: Surface, found: Iterable[Found]) -> Iterator[Evidence]:
    for cue in sorted(found, key=lambda cue: (cue.start, cue.end)):
        start, end = surface.span(cue.start, cue.end)
        text = surface.original[start:end]
        yield Evidence(cue.component, cue.value, text, cue.weight, start, end)


def _measured(paced: Rhythm, reasons: Iterable[str]) -> Iterator[Evidence]:
    for reason in reasons:
        yield Evidence("pace", paced.pace.value, reason, 1.0)
