"""Keeping gathered context within its bounds."""

from __future__ import annotations

import attrs

from ion_framework.pipeline.turn import TurnContext
from ion_framework.settings.model import ContextSettings


def bounded(context: TurnContext, bounds: ContextSettings) -> TurnContext:
    """The context within its bounds: the oldest messages and the last passages go first.

    Args:
        context: what was gathered.
        bounds: number of messages and passages, and characters of all together.
    """
    history = context.history[-bounds.messages :] if bounds.messages else ()
    passages = context.passages[: bounds.passages]
    room = bounds.characters - len(context.summary) - sum(map(len, context.notes))
    kept_history = []
    for message in reversed(history):
        room -= len(message.content)
        if room < 0:
            break
        kept_history.append(message)
    kept_passages = []
    for passage in passages:
        room -= len(passage)
        if room < 0:
            break
        kept_passages.append(passage)
    return attrs.evolve(
        context, history=tuple(reversed(kept_history)), passages=tuple(kept_passages)
    )
