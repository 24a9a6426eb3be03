"""Running summaries by the language model, written beside the turns of long conversations.

The bullets of `ion_framework.domain.summary` forget the oldest once they are full. From then on
the model is asked, after a turn and every few turns, to sum up what the prompt no longer carries.
Its text is kept beside the bullets, never pushed out by them, until its next one reaches further.
Nobody waits for it; where it fails the text before stays and the bullets go on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

from ion_framework.conversations.failures import ConversationError
from ion_framework.conversations.model import Conversation, Owner, StoredTurn
from ion_framework.conversations.right import Asked, Rights
from ion_framework.conversations.store import Begun, StoreError
from ion_framework.conversations.tokens import carried
from ion_framework.domain.summary import update_summary
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.summarizing.summary import Method, SummaryBounds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ion_framework.ion import Ion
    from ion_framework.pipeline.chunks import Usage

EVERY = 4
"""Turns from one summary by the model to the next."""
FIRST_AFTER = 4
"""Turns that must have left the prompt before the model is asked."""
AT_ONCE = 4
"""Summaries in the making in one process; further ones are left to a later turn."""
BOUNDS = SummaryBounds(characters=600, timeout_s=30.0)


@attrs.frozen
class BackgroundSummaries:
    """Has running summaries written.

    Attributes:
        ion: whose language model writes.
        rights: takes the right to change a conversation.
        running: the tasks in progress.
    """

    ion: Ion
    rights: Rights
    running: set[asyncio.Task[None]] = attrs.field(factory=set)

    def consider(
        self,
        conversation: Conversation,
        request: TurnRequest,
        spent: Callable[[int], Awaitable[None]] | None,
    ) -> None:
        """Begin a summary where one is due; returns at once.

        Args:
            conversation: the conversation after a turn.
            request: that turn, on whose behalf the model is asked.
            spent: told of the tokens, None where nobody counts.
        """
        settings = self.rights.settings
        out = conversation.turn_count - settings.context_turns
        due = out >= FIRST_AFTER and (out - FIRST_AFTER) % EVERY == 0
        if not (due and settings.model_summary and self.ion.language_model.available):
            return
        if len(self.running) >= AT_ONCE:
            return
        task = asyncio.create_task(self._write(conversation, request, spent))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def close(self) -> None:
        """Leave what is in the making."""
        for task in self.running:
            task.cancel()
        await asyncio.gather(*self.running, return_exceptions=True)

    async def _write(
        self,
        conversation: Conversation,
        request: TurnRequest,
        spent: Callable[[int], Awaitable[None]] | None,
    ) -> None:
        with suppress(StoreError, ConversationError):
            turns = await self.rights.store.turns(
                conversation.owner, conversation.id, self.rights.settings.turns
            )
            out = self._left(turns)
            used: list[Usage] = []
            summary = await self.ion.summarize(
                marked(out), bounds=BOUNDS, request=request, on_spent=used.append
            )
            if spent is not None:
                await spent(sum((u.input_tokens or 0) + (u.output_tokens or 0) for u in used))
            if summary.method is not Method.EXTRACTIVE and out:
                await self._put(conversation.owner, conversation.id, summary.text, out[-1].number)

    def _left(self, turns: tuple[StoredTurn, ...]) -> tuple[StoredTurn, ...]:
        """The turns that the prompt no longer carries."""
        settings = self.rights.settings
        still = carried(turns, settings.context_turns, settings.context_tokens)
        return turns[: len(turns) - len(still)]

    async def _put(self, owner: Owner, conversation_id: str, text: str, last: int) -> None:
        """Keep the model's summary, and bullets of nothing but what has left the prompt since.

        The right is taken meanwhile, so that no turn is based on a version that changes under it.
        A summary that reaches less far than the one that is kept is dropped.
        """
        found = await self.rights.take(Asked(owner=owner, conversation_id=conversation_id))
        if not isinstance(found, Begun):
            return
        async with self.rights.held(found):
            known = found.conversation
            if known.model_summary_to >= last:
                return
            later = max(1, known.turn_count - last)
            turns = await self.rights.store.turns(owner, conversation_id, later)
            since = [turn for turn in self._left(turns) if turn.number > last]
            messages = [message for turn in since for message in turn.messages()]
            await self.rights.store.update(
                attrs.evolve(
                    known,
                    summary=update_summary("", messages),
                    model_summary=" ".join(text.split()),
                    model_summary_to=last,
                )
            )


def marked(turns: tuple[StoredTurn, ...]) -> list[str]:
    """Turns as messages that say who speaks, oldest first."""
    return [
        line
        for turn in turns
        for line in (f"User: {turn.user_message}", f"Assistant: {turn.ai_response}")
    ]
