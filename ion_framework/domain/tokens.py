"""How many tokens a text is about, without any model's own vocabulary."""

from __future__ import annotations


def estimate(text: str) -> int:
    """About how many tokens a text is; meant to be high rather than low.

    A token is about four characters of ASCII, and two thirds of a character of anything else:
    Hangul takes one to two tokens a syllable block in today's vocabularies, hardly ever fewer.
    """
    wide = sum(1 for character in text if character > "\x7f") if not text.isascii() else 0
    # Three halves of a token for each wide character, in whole numbers.
    return (len(text) - wide + 3) // 4 + (3 * wide + 1) // 2
