"""Keeping gathered context within its bounds."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from ion_framework.domain.conversation import Message, shorten
from ion_framework.pipeline.turn import TurnContext
from ion_framework.settings.model import ContextSettings


def bounded(context: TurnContext, bounds: ContextSettings) -> TurnContext:
    """The context within its bounds: the oldest messages and the last passages go first.

    Room is given to the notes, the summary, the newest messages and the first passages, in this
    order; a summary that is too long is cut, everything else is kept whole or not at all.

    Args:
        context: what was gathered.
        bounds: number of messages and passages, and characters of all together.
    """
    if not (context.history or context.summary or context.passages or context.notes):
        return context
    room = _Room(bounds.characters)
    notes = tuple(room.take(context.notes))
    summary = room.cut(context.summary)
    history = context.history[-bounds.messages :] if bounds.messages else ()
    newest_first = room.take_messages(reversed(history))
    passages = tuple(room.take(context.passages[: bounds.passages]))
    return attrs.evolve(
        context,
        history=tuple(reversed(newest_first)),
        summary=summary,
        passages=passages,
        notes=notes,
    )


class _Room:
    """Characters that are still free."""

    def __init__(self, characters: int) -> None:
        self._left = characters

    def take(self, texts: Iterable[str]) -> list[str]:
        """The texts up to the first that does not fit."""
        taken = []
        for text in texts:
            if not self._fits(text):
                break
            taken.append(text)
        return taken

    def take_messages(self, messages: Iterable[Message]) -> list[Message]:
        """The messages up to the first that does not fit."""
        taken = []
        for message in messages:
            if not self._fits(message.content):
                break
            taken.append(message)
        return taken

    def cut(self, text: str) -> str:
        """The text, cut where it is too long; the mark of the cut counts as well."""
        kept = text if len(text) <= self._left else shorten(text, max(0, self._left - 1))
        kept = kept[: self._left]
        self._left -= len(kept)
        return kept

    def _fits(self, text: str) -> bool:
        if len(text) > self._left:
            return False
        self._left -= len(text)
        return True
