"""How far a text is about what a persona says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import attrs

from ion_framework.domain.persona import LocalizedList, Persona
from ion_framework.ensemble.terms import terms_of, words_of

_KEYWORDS, _STRENGTHS, _TRAITS, _EXAMPLES = 1.0, 0.6, 0.5, 0.25
"""How much a term counts by where a persona says it: what it names as its keywords the most."""

_HALF = 1.5
"""The sum of weights at which a claim is one half."""

_PLACES = Decimal("0.0001")


@attrs.frozen
class Claim:
    """How far a text is about one persona's own subjects.

    Attributes:
        strength: 0, nothing, to 1 (never reached), exact to four places.
        words: what was found: keywords as the persona writes them, then words of the text.
    """

    strength: Decimal
    words: tuple[str, ...] = ()


class Claims:
    """What all personas say of themselves: keywords, strengths, traits and examples, any language.

    A term that several personas use counts for each by its share: what everybody claims tells
    nobody apart.

    Args:
        personas: the personas.
    """

    def __init__(self, personas: Iterable[Persona]) -> None:
        known = tuple(personas)
        self._keywords = {persona.name: _keywords(persona) for persona in known}
        self._terms = {persona.name: _weights(persona) for persona in known}
        self._holders: dict[str, int] = {}
        for weights in self._terms.values():
            for term in weights:
                self._holders[term] = self._holders.get(term, 0) + 1

    def of(self, text: str) -> Mapping[str, Claim]:
        """The claim of every persona on a text.

        A keyword that the text holds as it is written counts by itself; so does each distinct
        term of the text that the persona uses. ``strength = s / (s + 1.5)`` for their sum s.
        """
        folded, terms = text.casefold(), words_of(text)
        return {
            name: self._claim(name, weights, folded, terms) for name, weights in self._terms.items()
        }

    def _claim(
        self, name: str, weights: Mapping[str, float], folded: str, terms: Mapping[str, str]
    ) -> Claim:
        words = tuple(word for word in self._keywords[name] if word in folded)
        shared = tuple(term for term in terms if term in weights)
        total = len(words) * _KEYWORDS + sum(weights[t] / self._holders[t] for t in shared)
        strength = Decimal(total / (total + _HALF)).quantize(_PLACES)
        others = dict.fromkeys(terms[term] for term in shared)
        fresh = (word for word in others if not any(known in word for known in words))
        return Claim(strength, (*words, *fresh))


def _keywords(persona: Persona) -> tuple[str, ...]:
    return tuple(sorted({word.casefold() for word in _all(persona.keywords)}))


def _weights(persona: Persona) -> dict[str, float]:
    found: dict[str, float] = {}
    for text, weight in _said(persona):
        for term in terms_of(text):
            found[term] = max(weight, found.get(term, 0.0))
    return found


def _said(persona: Persona) -> Iterator[tuple[str, float]]:
    for texts, weight in (
        (_all(persona.keywords), _KEYWORDS),
        (_all(persona.strengths), _STRENGTHS),
        (_all(persona.traits), _TRAITS),
        ((example.user for example in persona.examples), _EXAMPLES),
    ):
        for text in texts:
            yield text, weight


def _all(texts: LocalizedList) -> Iterator[str]:
    for words in texts.values():
        yield from words
