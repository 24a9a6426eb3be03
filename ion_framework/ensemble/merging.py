"""Joining several answers into one text, without a language model."""

from __future__ import annotations

from collections.abc import Sequence

from ion_framework.ensemble.blocks import shortened
from ion_framework.ensemble.contribution import Contribution

_LEAST_CHARACTERS = 80
"""Characters that even the lightest answer may keep."""


def concatenate(answers: Sequence[Contribution]) -> str:
    """Every answer whole under its persona's name, in the order of the steps."""
    return _sections(answers, [item.text for item in answers])


def hierarchical(answers: Sequence[Contribution]) -> str:
    """The answer of the heaviest aspect whole and first; the others' follow under their names."""
    primary = heaviest(answers)
    others = [item for item in answers if item is not primary]
    return "\n\n".join((primary.text, _sections(others, [item.text for item in others])))


def weighted(answers: Sequence[Contribution]) -> str:
    """The heaviest first and whole; each other one shortened to its weight's share of that length.

    An answer whose weight is half of the heaviest's gets at most half as many characters (80 at
    the least), in whole blocks and sentences.
    """
    ordered = sorted(answers, key=lambda item: -item.aspect.weight)
    first = ordered[0]
    texts = [first.text]
    for item in ordered[1:]:
        share = item.aspect.weight / first.aspect.weight
        texts.append(shortened(item.text, max(_LEAST_CHARACTERS, int(share * len(first.text)))))
    return _sections(ordered, texts)


def heaviest(answers: Sequence[Contribution]) -> Contribution:
    """The answer of the largest weight; the earlier one where two weigh the same."""
    return max(answers, key=lambda item: item.aspect.weight)


def _sections(answers: Sequence[Contribution], texts: Sequence[str]) -> str:
    pairs = zip(answers, texts, strict=True)
    return "\n\n".join(f"**{item.shown}**\n\n{text}" for item, text in pairs)
