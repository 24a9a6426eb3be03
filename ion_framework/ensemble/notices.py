"""What all answers of several personas say alike, as a generator's note on itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import attrs

from ion_framework.domain.frozen import frozen
from ion_framework.ensemble.blocks import blocks_of
from ion_framework.ensemble.contribution import Contribution

_WORD = re.compile(r"\w+")
_ALIKE = 0.85
"""Share of common words from which on two blocks say the same. Particles after a name differ."""

_NAME = "\x00"

_Blocks: TypeAlias = list[tuple[str, frozenset[str]]]


@attrs.frozen
class Answers:
    """Several answers without what all of them say alike.

    Attributes:
        own: by persona what only its answer says; never empty where the answer is not.
        notice: what all say, once and about all of them; empty where there is no such thing.
    """

    own: Mapping[str, str] = attrs.field(converter=frozen)
    notice: str


def without_notices(answers: Sequence[Contribution]) -> Answers:
    """Part what is one persona's own from what all say alike.

    Blocks of Markdown are alike if at least 85 % of their words are the same, the personas' own
    names not looked at. Where nothing of an answer would be left, everything stays.
    """
    blocks = {item.persona: _blocks(item) for item in answers}
    found = {
        name: [_is_in_all(words, blocks) for _, words in mine] for name, mine in blocks.items()
    }
    if len(answers) == 1 or not all(False in marks for marks in found.values()):
        return Answers({item.persona: item.text for item in answers}, "")
    own = {
        name: "\n\n".join(
            text for (text, _), mark in zip(mine, found[name], strict=True) if not mark
        )
        for name, mine in blocks.items()
    }
    last = answers[-1]
    said = zip(blocks[last.persona], found[last.persona], strict=True)
    notice = "\n\n".join(text for (text, _), mark in said if mark)
    # The name keeps its place, so that a Korean particle after it stays right.
    everybody = ", ".join(item.shown for item in answers)
    return Answers(own, notice.replace(last.shown, everybody) if last.shown else notice)


def _blocks(item: Contribution) -> _Blocks:
    found = []
    for block in blocks_of(item.text):
        plain = block.replace(item.shown, _NAME) if item.shown else block
        found.append((block, frozenset(_WORD.findall(plain.casefold()))))
    return found


def _is_in_all(words: frozenset[str], blocks: Mapping[str, _Blocks]) -> bool:
    return all(any(_alike(words, other) for _, other in mine) for mine in blocks.values())


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)
