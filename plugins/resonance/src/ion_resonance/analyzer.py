"""The analyser: cues, model and rhythm in, a reading with its evidence out."""

from __future__ import annotations

from ion_framework import (
    Intent,
    IntentReading,
    Pace,
    Resonance,
    Tone,
    ToneReading,
    detect_language,
)
from ion_resonance.cues import Found, search, totals, without
from ion_resonance.evidence import (
    cue_evidence,
    denied_evidence,
    in_order,
    measured_evidence,
    word_evidence,
)
from ion_resonance.familiar import Style, in_small_letters
from ion_resonance.judge import Judgement, judge
from ion_resonance.model import VALUES, Reading, model
from ion_resonance.rhythm import measure, rhythm
from ion_resonance.voice import heard

NEUTRAL = {"tone": Tone.CALM.value, "intent": Intent.LEARNING.value}
"""What a component falls back to where nothing is likely enough."""

ABSTAIN_BELOW = 0.2
"""Default of the probability below which the analyser abstains."""


def analyze(text: str, *, source: str, abstain_below: float = ABSTAIN_BELOW) -> Resonance:
    """Read a message's resonance; the same text always gives the same reading.

    Args:
        text: the message, anything at all.
        source: name of the plugin, noted in the reading.
        abstain_below: probability that a tone or an intent has to reach, 0 to 1.

    Raises:
        ModelError: the packaged model is damaged.
        LexiconError: the lexicon is.
    """
    surface, speaks = heard(text)
    found, denied = search(surface)
    connectives = [cue for cue in found if cue.component == "pace"]
    paced, reasons = rhythm(measure(surface), connectives)
    style = Style(in_small_letters(surface), paced.pace is Pace.MEDIUM)
    reading = model().read(without(surface.text, denied), style)
    tone = _judged("tone", found, reading, abstain_below, blank=not speaks)
    intent = _judged("intent", found, reading, abstain_below, blank=not speaks)
    told: dict[str, tuple[str, ...]] = {
        "tone": (tone.primary, tone.secondary),
        "intent": (intent.primary, intent.secondary),
        "pace": (Pace.FLOWING,) if paced.pace is Pace.FLOWING else (),
    }
    spoken = [cue for cue in found if cue.value in told[cue.component]]
    return Resonance(
        rhythm=paced,
        tone=_tone_reading(tone),
        intent=_intent_reading(intent),
        language=detect_language(text),
        evidence=in_order(
            [
                *cue_evidence(surface, spoken),
                *word_evidence(surface, reading, "tone", tone),
                *word_evidence(surface, reading, "intent", intent),
                *measured_evidence(paced, reasons),
                *denied_evidence(surface, denied),
            ]
        ),
        source=source,
    )


def _judged(
    component: str, found: list[Found], reading: Reading, abstain_below: float, *, blank: bool
) -> Judgement:
    said = zip(totals(found, component), reading.scores(component), strict=True)
    # Of marks and courtesies alone the model only knows what its sources are mostly about.
    # An emoji may still tell a tone; an aim needs words.
    nothing_said = blank and not (
        component == "tone" and any(cue.component == component for cue in found)
    )
    return judge(
        [cues + words for cues, words in said],
        VALUES[component],
        neutral=NEUTRAL[component],
        temperature=reading.temperature(component),
        abstain_below=1.0 if nothing_said else abstain_below,
    )


def _tone_reading(made: Judgement) -> ToneReading:
    return ToneReading(
        Tone(made.primary), made.confidence, Tone(made.secondary), made.secondary_confidence
    )


def _intent_reading(made: Judgement) -> IntentReading:
    return IntentReading(
        Intent(made.primary), made.confidence, Intent(made.secondary), made.secondary_confidence
    )
