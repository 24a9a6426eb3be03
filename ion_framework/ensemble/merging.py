"""Joining several answers into one text, without a language model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ion_framework.ensemble.blocks import shortened
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.notices import Answers, without_notices

_LEAST_CHARACTERS = 80
"""Characters that even the lightest answer may keep."""


_RULE = "\n\n---\n\n"
"""Parts what stands for all answers from the last of them."""


def concatenate(answers: Sequence[Contribution]) -> str:
    """Every answer whole under its persona's name, in the order of the steps.

    What all of them say alike stands once, at the end, here and in the others.
    """
    parted = without_notices(answers)
    return _noted(_sections(answers, parted.own), parted)


def hierarchical(answers: Sequence[Contribution]) -> str:
    """The answer of the heaviest aspect whole and first; the others' follow under their names."""
    parted = without_notices(answers)
    primary = heaviest(answers)
    others = [item for item in answers if item is not primary]
    text = "\n\n".join((parted.own[primary.persona], _sections(others, parted.own)))
    return _noted(text, parted)


def weighted(answers: Sequence[Contribution]) -> str:
    """The heaviest first and whole; each other one shortened to its weight's share of that length.

    An answer whose weight is half of the heaviest's gets at most half as many characters (80 at
    the least), in whole blocks and sentences.
    """
    parted = without_notices(answers)
    ordered = sorted(answers, key=lambda item: -item.aspect.weight)
    first = ordered[0]
    texts = dict(parted.own)
    length = len(texts[first.persona])
    for item in ordered[1:]:
        most = int(item.aspect.weight / first.aspect.weight * length)
        texts[item.persona] = shortened(texts[item.persona], max(_LEAST_CHARACTERS, most))
    return _noted(_sections(ordered, texts), parted)


def heaviest(answers: Sequence[Contribution]) -> Contribution:
    """The answer of the largest weight; the earlier one where two weigh the same."""
    return max(answers, key=lambda item: item.aspect.weight)


def _sections(answers: Sequence[Contribution], texts: Mapping[str, str]) -> str:
    return "\n\n".join(f"**{item.shown}**\n\n{texts[item.persona]}" for item in answers)


def _noted(text: str, parted: Answers) -> str:
    return f"{text}{_RULE}{parted.notice}" if parted.notice else text
