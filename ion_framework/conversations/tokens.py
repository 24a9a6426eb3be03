"""How much of a conversation a prompt carries, in tokens.

Every message costs four more than its text for its frame. The estimate is meant to be high rather
than low: it bounds what a prompt carries, and bills nobody.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable

import attrs

from ion_framework.conversations.model import StoredTurn
from ion_framework.domain.tokens import estimate

FRAME = 4
"""Tokens around every message."""


LEAST = 64
"""Tokens that are left at least where a turn is cut to fit; a smaller piece tells nothing."""

CUT = "…"


def carried(turns: Iterable[StoredTurn], most: int, tokens: int) -> tuple[StoredTurn, ...]:
    """The latest turns that fit into a prompt, oldest first; the first of them may be cut.

    A turn that is longer than what is left is cut to it, so that the latest one is never lost: of
    the user's message the end stays, where a question stands, of the answer the beginning.

    Args:
        turns: turns in a row, oldest first.
        most: at most so many.
        tokens: at most so many tokens together; with fewer than `LEAST` what is too long is left
            out.
    """
    kept: list[StoredTurn] = []
    for turn in reversed(tuple(turns)):
        if len(kept) >= most:
            break
        cost = estimate(turn.user_message) + estimate(turn.ai_response) + 2 * FRAME
        if cost > tokens:
            if tokens >= LEAST:
                kept.append(_cut(turn, tokens - 2 * FRAME))
            break
        tokens -= cost
        kept.append(turn)
    return tuple(reversed(kept))


def _cut(turn: StoredTurn, tokens: int) -> StoredTurn:
    """A turn cut to so many tokens; a message gets what the other one leaves, at least half."""
    asked, answered = estimate(turn.user_message), estimate(turn.ai_response)
    half = tokens // 2
    for_question = min(asked, max(half, tokens - answered))
    return attrs.evolve(
        turn,
        user_message=_end(turn.user_message, for_question),
        ai_response=_beginning(turn.ai_response, tokens - for_question),
    )


def _beginning(text: str, tokens: int) -> str:
    if estimate(text) <= tokens:
        return text
    length = _longest(lambda size: estimate(text[:size] + CUT) <= tokens, len(text))
    return text[:length].rstrip() + CUT


def _end(text: str, tokens: int) -> str:
    if estimate(text) <= tokens:
        return text
    length = _longest(lambda size: estimate(CUT + text[len(text) - size :]) <= tokens, len(text))
    return CUT + text[len(text) - length :].lstrip()


def _longest(fits: Callable[[int], bool], most: int) -> int:
    """The greatest size that fits, where every smaller one does, too."""
    return bisect_left(range(most + 1), True, key=lambda size: not fits(size)) - 1
