"""The resonance key: 9 tones x 4 paces x 6 intents = 216 keys, written ``tone-pace-intent``."""

from __future__ import annotations

from enum import StrEnum
from itertools import product
from typing import TypeVar

import attrs

from ion_framework.errors import ResonanceKeyError


class Tone(StrEnum):
    """The feeling with which a message is written, in the order of the domain."""

    FRUSTRATED = "frustrated"
    PLAYFUL = "playful"
    ANXIOUS = "anxious"
    ANALYTICAL = "analytical"
    CALM = "calm"
    CURIOUS = "curious"
    URGENT = "urgent"
    CONFUSED = "confused"
    COLLABORATIVE = "collaborative"


class Pace(StrEnum):
    """The speed with which a message is written."""

    BURST = "burst"
    FLOWING = "flowing"
    CONTEMPLATIVE = "contemplative"
    MEDIUM = "medium"


class Intent(StrEnum):
    """What the writer of a message wants."""

    SEEK_ADVICE = "seek_advice"
    PROBLEM_SOLVING = "problem_solving"
    LEARNING = "learning"
    VALIDATION = "validation"
    PLANNING = "planning"
    REFLECTION = "reflection"


TONE_ALIASES = {
    "frustration": Tone.FRUSTRATED,
    "playfulness": Tone.PLAYFUL,
    "anxiety": Tone.ANXIOUS,
    "analysis": Tone.ANALYTICAL,
    "neutral": Tone.CALM,
    "curiosity": Tone.CURIOUS,
    "urgency": Tone.URGENT,
    "confusion": Tone.CONFUSED,
    "collaboration": Tone.COLLABORATIVE,
}
PACE_ALIASES = {
    "fast": Pace.BURST,
    "slow": Pace.CONTEMPLATIVE,
    "moderate": Pace.MEDIUM,
}
INTENT_ALIASES = {
    "seeking_advice": Intent.SEEK_ADVICE,
    "advice": Intent.SEEK_ADVICE,
    "problemsolving": Intent.PROBLEM_SOLVING,
    "problem_solve": Intent.PROBLEM_SOLVING,
    "learn": Intent.LEARNING,
    "validate": Intent.VALIDATION,
    "plan": Intent.PLANNING,
    "reflect": Intent.REFLECTION,
}

_Component = TypeVar("_Component", Tone, Pace, Intent)


def _component(
    name: str, text: str, kind: type[_Component], aliases: dict[str, _Component]
) -> _Component:
    normal = "_".join(text.strip().lower().replace("-", " ").replace("_", " ").split())
    try:
        return kind(normal)
    except ValueError:
        if normal in aliases:
            return aliases[normal]
    raise ResonanceKeyError(name, text, tuple(member.value for member in kind))


def parse_tone(text: str) -> Tone:
    """The tone of this name or alias; case and surrounding space do not matter.

    Raises:
        ResonanceKeyError: it is neither; lists the nine tones.
    """
    return _component("tone", text, Tone, TONE_ALIASES)


def parse_pace(text: str) -> Pace:
    """The pace of this name or alias; case and surrounding space do not matter.

    Raises:
        ResonanceKeyError: it is neither; lists the four paces.
    """
    return _component("pace", text, Pace, PACE_ALIASES)


def parse_intent(text: str) -> Intent:
    """The intent of this name or alias; ``seek-advice`` and ``seek advice`` are the same.

    Raises:
        ResonanceKeyError: it is neither; lists the six intents.
    """
    return _component("intent", text, Intent, INTENT_ALIASES)


@attrs.frozen(order=False)
class ResonanceKey:
    """One of the 216 keys."""

    tone: Tone
    pace: Pace
    intent: Intent

    @classmethod
    def parse(cls, text: str) -> ResonanceKey:
        """Read ``tone-pace-intent``, strictly.

        Args:
            text: three components joined by ``-``; the intent may hold dashes itself
                (``calm-medium-seek-advice``).

        Raises:
            ResonanceKeyError: there are not three components, or one of them is neither a
                known value nor a known alias.
        """
        parts = text.split("-", 2)
        if len(parts) != _COMPONENTS:
            raise ResonanceKeyError("key", text, ("tone-pace-intent, as calm-medium-learning",))
        return cls(parse_tone(parts[0]), parse_pace(parts[1]), parse_intent(parts[2]))

    def __str__(self) -> str:
        return f"{self.tone.value}-{self.pace.value}-{self.intent.value}"


_COMPONENTS = 3

ALL_KEYS: tuple[ResonanceKey, ...] = tuple(
    ResonanceKey(tone, pace, intent) for tone, pace, intent in product(Tone, Pace, Intent)
)
"""The 216 keys, tones outermost, in declaration order."""
