"""Choosing and filling the phrases of one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import NEUTRAL
from ion_offline.fill import fill
from ion_offline.material import Material
from ion_offline.phrasebook import Phrasebook, Scaffold
from ion_offline.term import Term, TermKind
from ion_offline.text import choose

_DRAWN_FROM = Decimal("0.8")
_CLOSE_CALL, _SURE = 0.1, 0.6
_ANY_TONE = "any"
_WITHOUT_LENS = frozenset({Tone.ANXIOUS, Tone.PLAYFUL})


class Wording:
    """The phrases of one answer: each chosen by the message and filled with its terms."""

    def __init__(self, material: Material, phrases: Phrasebook) -> None:
        self._material = material
        self._phrases = phrases
        self.key = material.resonance.key
        self.scaffold: Scaffold = phrases.intent[self.key.intent]
        self._values = self._collect()
        self._notice = phrases.stand_in_notice if material.stands_in else phrases.notice

    def say(self, slot: str, options: Sequence[str], **more: str) -> str:
        """One of the options for a place in the answer, filled in."""
        material = self._material
        seed = (slot, material.text, material.persona.name, str(material.turns))
        return fill(choose(options, *seed), {**self._values, **more})

    def fill(self, phrase: str) -> str:
        """A phrase without alternatives, filled in."""
        return fill(phrase, self._values)

    def opening(self) -> str:
        """How the persona begins: its own words for the tone, else for any, else ours."""
        own = self._material.persona.voice.opening
        for name in (self.key.tone.value, _ANY_TONE):
            phrases = _spoken(own.get(name, {}).get(self._material.language, ()))
            if phrases:
                return choose(phrases, "opening", self._material.text, str(self._material.turns))
        return self.say("opening", self._phrases.opening[self.key.tone])

    def closing(self) -> str:
        """How the persona ends, empty where it says nothing in this language."""
        own = _spoken(self._material.persona.voice.closing.get(self._material.language, ()))
        return choose(own, "closing", self._material.text, str(self._material.turns))

    def restatement(self) -> str:
        """What the message is about, as far as can be told."""
        restate, terms = self._phrases.restate, self._material.topics.terms
        if self.chooses:
            return self.say("restate", restate.choice)
        if len(terms) > 1 and self.key.tone is not Tone.URGENT:
            return self.say("restate", restate.two)
        return self.say("restate", restate.one if terms else restate.none)

    def history(self) -> str:
        """The tie to what was said before, empty at the start of a conversation."""
        phrases, material = self._phrases.history, self._material
        if material.earlier is not None:
            return self.say("history", phrases.same if material.returns else phrases.moved)
        return self.say("history", phrases.answered) if material.answered else ""

    def notes(self) -> str:
        """The facts that the caller gave, empty where there are none."""
        return self.say("notes", self._phrases.notes.given) if self._material.notes else ""

    def doubt(self) -> str:
        """The other reading of the intent where it was a close call, else empty."""
        reading = self._material.resonance.intent
        margin = reading.confidence - reading.secondary_confidence
        if reading.secondary is None or reading.confidence >= _SURE or margin >= _CLOSE_CALL:
            return ""
        called = self._phrases.intent[reading.secondary].called
        return self.say("doubt", self._phrases.doubt.other, intent=called)

    def aside(self) -> str:
        """One sentence that answers the tone, empty where none is needed."""
        return self.say("aside", self._phrases.aside.get(self.key.tone, ()))

    def angle(self) -> str:
        """What the persona adds of its own, empty where its manifest says nothing to go by."""
        return " ".join(part for part in (self._lens(), self._strength()) if part)

    def _lens(self) -> str:
        """A thought from an intent that the persona is drawn to most, other than this one.

        None for worry and for play: to one it is one thing more, to the other a damper.
        """
        if self.key.tone in _WITHOUT_LENS:
            return ""
        drawn = choose(self._drawn_to(), "drawn", self._material.text)
        return self.say("lens", self._phrases.intent[Intent(drawn)].lens) if drawn else ""

    def _strength(self) -> str:
        material = self._material
        strengths = _spoken(material.persona.strengths.get(material.language, ()))
        if not strengths:
            return ""
        strength = choose(strengths, "strength", material.text).rstrip(".")
        return self.say("angle", self._phrases.angle.strength, strength=strength)

    def notice(self) -> str:
        """Where the answer comes from: whole at first, short later in a conversation."""
        if self._material.answered:
            return self.short_notice()
        return self.say("notice", self._notice.full)

    def short_notice(self) -> str:
        """Where the answer comes from, in one breath."""
        return self.say("notice", self._notice.short)

    def compact_notice(self) -> str:
        """Where a compact answer comes from."""
        return self.say("notice", self._notice.compact)

    @property
    def names_nothing(self) -> bool:
        """Whether the message names nothing that it could be about."""
        return not self._material.topics.terms

    @property
    def chooses(self) -> bool:
        """Whether the message asks for advice between two things that it names."""
        wanted = self.key.intent is Intent.SEEK_ADVICE
        return wanted and self._material.topics.alternatives is not None

    def _drawn_to(self) -> list[str]:
        """The intents with the persona's highest affinity, of at least 0.8, but not this one."""
        table = self._material.persona.affinities.intent
        best = max(table.get(intent, NEUTRAL) for intent in Intent)
        if best < _DRAWN_FROM:
            return []
        others = (intent for intent in Intent if intent is not self.key.intent)
        return [intent.value for intent in others if table.get(intent, NEUTRAL) == best]

    def _collect(self) -> Mapping[str, str]:
        material = self._material
        values = {
            "name": material.persona.shown_name(material.language),
            "topic": self.scaffold.stand_in,
            "note": "; ".join(material.notes),
        }
        pair = material.topics.alternatives if self.chooses else None
        names = ("one", "other") if pair else ("topic", "other")
        for name, term in zip(names, pair or material.topics.terms, strict=False):
            values[name] = self._shown(term)
        if material.earlier is not None:
            values["earlier"] = self._shown(material.earlier)
        return values

    def _shown(self, term: Term) -> str:
        """A term as a sentence of the answer would carry it."""
        opened, closed = self._phrases.join.quote
        if term.kind is TermKind.CODE:
            return f"`{term.text}`"
        english = self._material.language is Language.ENGLISH
        foreign = english and detect_language(term.text) is not Language.ENGLISH
        if term.kind is TermKind.QUOTED or foreign:
            return f"{opened}{term.text}{closed}"
        return f"{term.determiner} {term.text}".strip() if english else term.text


def _spoken(phrases: Sequence[str]) -> list[str]:
    return [phrase.strip() for phrase in phrases if phrase.strip()]
