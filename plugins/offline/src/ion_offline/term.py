"""A term: a phrase of a message that names something."""

from __future__ import annotations

from enum import Enum

import attrs

MAX_CHARACTERS = 40
MAX_WORDS = 4


class TermKind(Enum):
    """How a term stood in the message."""

    WORDS = "words"
    CODE = "code"
    QUOTED = "quoted"


@attrs.frozen
class Term:
    """A phrase of the message that names something.

    Attributes:
        text: the phrase, at most 40 characters and 4 words.
        kind: how it stood in the message.
        determiner: the word in front of it as an answer would say it (``your`` for ``my``),
            empty where there was none.
        weight: how much speaks for it being what the message is about.
        alternative: it was offered as an alternative to the term before it.
    """

    text: str
    kind: TermKind = TermKind.WORDS
    determiner: str = ""
    weight: float = 1.0
    alternative: bool = False


def marked(text: str, kind: TermKind, *, alternative: bool = False) -> Term | None:
    """The term of a quotation or a piece of code, None where it is too long to repeat."""
    words = text.split()
    if not words or len(text) > MAX_CHARACTERS or len(words) > MAX_WORDS + 1:
        return None
    return Term(" ".join(words), kind, weight=2.0, alternative=alternative)
