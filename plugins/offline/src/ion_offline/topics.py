"""What a message is about: its salient terms, best first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

import attrs

from ion_framework.domain.language import Language, detect_language
from ion_offline.english import english_terms
from ion_offline.korean import korean_terms
from ion_offline.term import Term


@attrs.frozen
class Topics:
    """The terms of one message.

    Attributes:
        terms: the most telling first.
        alternatives: two terms between which the message chooses, in its order.
    """

    terms: tuple[Term, ...] = ()
    alternatives: tuple[Term, Term] | None = None


_CUE_FACTOR = 0.5
_REPEAT_BONUS = 0.4
_LATER_PENALTY = 0.1


def find_topics(text: str, cues: Collection[str] = (), limit: int = 3) -> Topics:
    """The terms of a cleaned message.

    Args:
        text: the message.
        cues: words in which an analyser heard tone or intent: they say how something was
            meant rather than what, so terms made of them count half.
        limit: at most so many terms.
    """
    korean = detect_language(text) is Language.KOREAN
    found = tuple(korean_terms(text) if korean else english_terms(text))
    heard = frozenset(cue.casefold() for cue in cues)
    return Topics(_best(found, heard, limit), _pair(found))


def _best(found: Sequence[Term], cues: Collection[str], limit: int) -> tuple[Term, ...]:
    weighed: dict[str, Term] = {}
    for place, term in enumerate(found):
        name = term.text.casefold()
        if name in weighed:
            first = weighed[name]
            weighed[name] = attrs.evolve(first, weight=first.weight + _REPEAT_BONUS)
            continue
        factor = _CUE_FACTOR if name in cues else 1.0
        weighed[name] = attrs.evolve(term, weight=term.weight * factor - _LATER_PENALTY * place)
    ranked = sorted(weighed.values(), key=lambda term: -term.weight)
    kept: list[Term] = []
    for term in ranked:
        if not any(_overlap(term, other) for other in kept):
            kept.append(term)
    return tuple(kept[:limit])


def _overlap(one: Term, other: Term) -> bool:
    first, second = one.text.casefold(), other.text.casefold()
    return first in second or second in first


def _pair(found: Sequence[Term]) -> tuple[Term, Term] | None:
    for before, after in pairwise(found):
        if after.alternative and not _overlap(before, after):
            return before, after
    return None
