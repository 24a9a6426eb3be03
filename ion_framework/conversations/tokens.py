"""How many tokens a text is about, without any model's own vocabulary.

A token is about four characters of ASCII, and two thirds of a character of anything else (Hangul
takes one to two tokens a syllable block in today's vocabularies, hardly ever fewer); every message
costs four more for its frame. The estimate is meant to be high rather than low: it bounds what a
prompt carries, and bills nobody.
"""

from __future__ import annotations

from collections.abc import Iterable

from ion_framework.conversations.model import StoredTurn

FRAME = 4
"""Tokens around every message."""


def estimate(text: str) -> int:
    """About how many tokens a text is."""
    wide = sum(1 for character in text if character > "\x7f") if not text.isascii() else 0
    # Three halves of a token for each wide character, in whole numbers.
    return (len(text) - wide + 3) // 4 + (3 * wide + 1) // 2


def carried(turns: Iterable[StoredTurn], most: int, tokens: int) -> tuple[StoredTurn, ...]:
    """The latest turns that fit into a prompt, whole ones only, oldest first.

    Args:
        turns: turns in a row, oldest first.
        most: at most so many.
        tokens: at most so many tokens together.
    """
    kept: list[StoredTurn] = []
    for turn in reversed(tuple(turns)):
        tokens -= estimate(turn.user_message) + estimate(turn.ai_response) + 2 * FRAME
        if tokens < 0 or len(kept) >= most:
            break
        kept.append(turn)
    return tuple(reversed(kept))
