"""What an analyser reads out of a message: the key, and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language

ABSTAINED = "abstained"
"""Name of the measure by which an analyser says that nothing was likely enough to be chosen."""

_share = attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.le(1.0))


@attrs.frozen
class Rhythm:
    """Measures of how a message is paced.

    Attributes:
        pace: the pace that follows from them.
        sentences: number of sentences, at least 1 for a non-blank text.
        words_per_sentence: mean number of words (Korean: eojeol) in a sentence.
        punctuation_density: punctuation marks per character, 0 to 1.
        question_ratio: question marks per sentence, not bounded above.
        exclamation_ratio: exclamation marks per sentence, not bounded above.
    """

    pace: Pace
    sentences: int
    words_per_sentence: float
    punctuation_density: float = attrs.field(validator=_share)
    question_ratio: float
    exclamation_ratio: float


_COMPONENTS = ("tone", "pace", "intent")
_KINDS = ("cue", "word", "measure")


# Plain functions: a message has dozens of these, and attrs' own validator takes thrice as long.
def _component(_: object, __: attrs.Attribute[str], value: object) -> None:
    if value not in _COMPONENTS:
        raise ValueError(
            f"the component of a piece of evidence is one of {_COMPONENTS}, not {value!r}"
        )


def _kind(_: object, __: attrs.Attribute[str], value: object) -> None:
    if value not in _KINDS:
        raise ValueError(f"the kind of a piece of evidence is one of {_KINDS}, not {value!r}")


@attrs.frozen
class Evidence:
    """One thing in a message that spoke for a component of the key.

    Attributes:
        component: ``"tone"``, ``"pace"`` or ``"intent"``.
        value: the tone, pace or intent that it spoke for.
        cue: what was found: a word, an ending, an emoticon or the name of a measure.
        weight: how loudly it spoke, in the analyser's own units; negative speaks against.
        start: index of the first character in the message, None for a measure of the whole.
        end: index after the last character, None for a measure of the whole.
        kind: ``"cue"`` for an entry of a lexicon or a passage that somebody named, ``"word"`` for a
            word as a trained model weighs it, ``"measure"`` for something about the whole message.
    """

    component: str = attrs.field(validator=_component)
    value: str
    cue: str
    weight: float
    start: int | None = None
    end: int | None = None
    kind: str = attrs.field(default="cue", validator=_kind)


@attrs.frozen
class ToneReading:
    """The judgement on tone.

    Attributes:
        primary: the tone chosen.
        confidence: 0 to 1.
        secondary: the runner-up, None where nothing else spoke.
        secondary_confidence: 0 to 1.
    """

    primary: Tone
    confidence: float = attrs.field(validator=_share)
    secondary: Tone | None = None
    secondary_confidence: float = attrs.field(default=0.0, validator=_share)


@attrs.frozen
class IntentReading:
    """The judgement on intent; the attributes mean what they mean in `ToneReading`."""

    primary: Intent
    confidence: float = attrs.field(validator=_share)
    secondary: Intent | None = None
    secondary_confidence: float = attrs.field(default=0.0, validator=_share)


@attrs.frozen
class Resonance:
    """An analyser's reading of one message.

    Attributes:
        rhythm: pace and the measures behind it.
        tone: the judgement on tone.
        intent: the judgement on intent.
        language: the language of the message.
        evidence: what spoke for what, in order of position.
        source: who judged: the analyser's name, ``"request"`` where the caller gave the key.
    """

    rhythm: Rhythm
    tone: ToneReading
    intent: IntentReading
    language: Language
    evidence: tuple[Evidence, ...] = ()
    source: str = ""

    @cached_property
    def key(self) -> ResonanceKey:
        """The key that the three judgements make."""
        return ResonanceKey(self.tone.primary, self.rhythm.pace, self.intent.primary)

    @property
    def confidence(self) -> float:
        """The lower of the two confidences: a key is as sure as its weaker half."""
        return min(self.tone.confidence, self.intent.confidence)

    @classmethod
    def given(cls, key: ResonanceKey, language: Language) -> Resonance:
        """The reading of a turn whose caller named the key; nothing was measured."""
        return cls(
            rhythm=Rhythm(key.pace, 1, 0.0, 0.0, 0.0, 0.0),
            tone=ToneReading(key.tone, 1.0),
            intent=IntentReading(key.intent, 1.0),
            language=language,
            source="request",
        )

    def totals(self, component: str) -> Mapping[str, float]:
        """Sum of the evidence's weights per value of one component, highest first."""
        sums: dict[str, float] = {}
        for item in self.evidence:
            if item.component == component:
                sums[item.value] = sums.get(item.value, 0.0) + item.weight
        return dict(sorted(sums.items(), key=lambda pair: -pair[1]))
