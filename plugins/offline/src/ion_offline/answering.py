"""Everything that an answer takes, in one import: the plugin makes it when it is wanted."""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.turn import Turn
from ion_offline.composer import compose
from ion_offline.lexicon import english_lexicon, korean_lexicon, social_patterns
from ion_offline.material import read_turn
from ion_offline.phrasebook import phrasebook
from ion_offline.pieces import pieces


def read_phrases() -> None:
    """Read the phrases and word lists, so that no answer waits for them."""
    for language in Language:
        phrasebook(language)
    english_lexicon()
    korean_lexicon()
    social_patterns()


def answer(turn: Turn, prompt: Prompt, *, stands_in: bool) -> Iterable[str]:
    """The answer, clause by clause.

    Args:
        turn: the turn.
        prompt: what is asked.
        stands_in: whether it takes the place of a language model that should have answered.
    """
    material = read_turn(turn, prompt, stands_in=stands_in)
    return pieces(compose(material, phrasebook(prompt.language), prompt.mode))
