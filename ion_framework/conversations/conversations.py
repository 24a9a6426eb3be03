"""`Conversations`: turns that build on each other, kept in a store.

::

    conversations = Conversations(ion, store, ion.settings.conversations, ion.clock)
    started = await conversations.start(Start(owner=owner, user_id="ann"))
    kept = await conversations.turn(order)
    print(kept.turn.ai_response)

A turn that was told as kept (`TurnKept`) stays kept. Material from earlier turns travels on the
user's side of the prompt, as history, summary and notes; none of it becomes an instruction.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

import attrs

from ion_framework.clock import Clock
from ion_framework.conversations.background import BackgroundSummaries, marked
from ion_framework.conversations.closing import ConversationSummary, summary_of
from ion_framework.conversations.failures import (
    FullError,
    OvertakenError,
    UnknownConversationError,
)
from ion_framework.conversations.model import Conversation, Feedback, Owner, StoredTurn
from ion_framework.conversations.right import Asked, Rights, check_open
from ion_framework.conversations.store import Begun, ConversationStore, Page
from ion_framework.conversations.turning import (
    TurnEvent,
    Turning,
    TurnKept,
    TurnOrder,
)
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.settings.conversations import ConversationSettings

if TYPE_CHECKING:
    from ion_framework.ion import Ion
    from ion_framework.pipeline.chunks import Usage

Spent = Callable[[int], Awaitable[None]]
"""What is told of the tokens that somebody's conversation has cost beside its turns."""

HOUR_S = 3600.0


@attrs.frozen(kw_only=True)
class Start:
    """A conversation that a caller begins.

    Attributes:
        owner: whose it is.
        user_id: the user it is held with, in the owner's own terms.
        persona: name of the persona that holds it throughout; None lets messages decide.
        ttl_hours: hours without a turn after which it expires, None for what the settings say.
    """

    owner: Owner
    user_id: str
    persona: str | None = None
    ttl_hours: int | None = None


@attrs.frozen(kw_only=True)
class UserData:
    """A part of what is kept of a user.

    Attributes:
        conversations: conversations with all of their turns, latest activity first.
        feedback: the user's feedback, with the last part.
        cursor: where the next part begins, None at the end.
    """

    conversations: tuple[tuple[Conversation, tuple[StoredTurn, ...]], ...]
    feedback: tuple[Feedback, ...]
    cursor: str | None


def conversations_of(ion: Ion) -> Conversations | None:
    """The conversations of an installation in its first store of such, None without one."""
    for store in ion.provisions.stores:
        if isinstance(store, ConversationStore):
            return Conversations(ion, store, ion.settings.conversations, ion.clock)
    return None


class Conversations:
    """Conversations of an installation.

    Args:
        ion: what answers.
        store: where they are kept.
        settings: their bounds.
        clock: the clock.
    """

    def __init__(
        self, ion: Ion, store: ConversationStore, settings: ConversationSettings, clock: Clock
    ) -> None:
        self.store = store
        self.settings = settings
        self._ion = ion
        self._clock = clock
        self._rights = Rights(store, settings, clock)
        self._turning = Turning(ion, self._rights)
        self._summaries = BackgroundSummaries(ion, self._rights)

    async def start(self, start: Start) -> Conversation:
        """Begin a conversation.

        Raises:
            StoreError: the store is out of order.
            UnknownPersonaError: the persona is not active; lists those that are.
        """
        now = self._clock.time()
        ttl_s = HOUR_S * (start.ttl_hours or self.settings.ttl_hours)
        conversation = Conversation(
            # 192 random bits: nobody guesses the name of somebody else's conversation.
            id=f"session_{secrets.token_urlsafe(24)}",
            owner=start.owner,
            user_id=start.user_id,
            persona=self._ion.persona(start.persona).name if start.persona else None,
            pinned=start.persona is not None,
            created_at=now,
            last_activity=now,
            expires_at=now + ttl_s,
            ttl_s=ttl_s,
        )
        await self.store.create(conversation)
        return conversation

    async def begin(self, order: TurnOrder) -> Begun | TurnKept:
        """Take the right to make a turn, for `stream`; or the turn where it was made before.

        Raises:
            ConversationError: the conversation does not go on as asked.
            StoreError: the store is out of order.
        """
        return await self._turning.begin(order)

    async def stream(
        self, order: TurnOrder, begun: Begun, spent: Spent | None = None
    ) -> AsyncGenerator[TurnEvent, None]:
        """Make a turn, as a stream of events whose last one is `TurnKept`.

        Args:
            order: the turn.
            begun: the right to make it.
            spent: told of the tokens of summaries that the turn gives rise to.

        Raises:
            OvertakenError: somebody else went on with the conversation meanwhile.
            StoreError: the store is out of order.
            TurnError: there is no answer.
        """
        async with aclosing(self._turning.stream(order, begun)) as events:
            async for event in events:
                if isinstance(event, TurnKept) and event.made is not None:
                    self._summaries.consider(event.made.conversation, order.request, spent)
                yield event

    async def turn(self, order: TurnOrder, spent: Spent | None = None) -> TurnKept:
        """Make a turn.

        Args:
            order: the turn.
            spent: told of the tokens of summaries that the turn gives rise to.

        Raises:
            ConversationError: the conversation does not go on as asked.
            StoreError: the store is out of order.
            TurnError: there is no answer.
        """
        begun = await self.begin(order)
        if isinstance(begun, TurnKept):
            return begun
        async with aclosing(self.stream(order, begun, spent)) as events:
            async for event in events:
                if isinstance(event, TurnKept):
                    return event
        raise OvertakenError

    async def get(self, owner: Owner, conversation_id: str) -> Conversation:
        """A conversation.

        Raises:
            StoreError: the store is out of order.
            UnknownConversationError: the owner has no such conversation.
        """
        found = await self.store.get(owner, conversation_id)
        if found is None:
            raise UnknownConversationError
        return found

    async def turns(
        self, owner: Owner, conversation_id: str, limit: int, before: int | None = None
    ) -> tuple[StoredTurn, ...]:
        """The latest turns of a conversation, oldest first; see `ConversationStore.turns`."""
        return await self.store.turns(owner, conversation_id, limit, before)

    async def list(
        self, owner: Owner, user_id: str | None, limit: int, cursor: str | None = None
    ) -> Page:
        """The conversations of an owner or of one of its users, latest activity first.

        Raises:
            StoreError: the store is out of order.
            ValueError: the cursor is none of this list.
        """
        now = self._clock.time()
        return await self.store.list(owner, user_id, limit=limit, cursor=cursor, now=now)

    async def close_conversation(
        self, owner: Owner, conversation_id: str, request: TurnRequest, spent: Spent | None = None
    ) -> Conversation:
        """Close a conversation and sum it up; one that is closed already is given as it is.

        Args:
            owner: whose it is.
            conversation_id: its name.
            request: on whose behalf the language model is asked for the summary.
            spent: told of the tokens of the summary.

        Raises:
            BusyError: a turn of it is in the making.
            ExpiredError: it has expired.
            StoreError: the store is out of order.
            UnknownConversationError: the owner has no such conversation.
        """
        known = await self.get(owner, conversation_id)
        if known.closed_at is not None:
            return known
        check_open(known, self._clock.time())
        summary = await self._summary(known, request, spent)
        asked = Asked(owner=owner, conversation_id=conversation_id)
        try:
            begun = await self._rights.take_to_close(asked)
        except FullError:
            # No turn can be in the making, so that nobody has to be kept away.
            return await self._put_closed(known, summary)
        async with self._rights.held(begun):
            if begun.conversation.turn_count != known.turn_count:
                # A turn came in between: the summary has to tell of it, too.
                known = begun.conversation
                summary = await self._summary(known, request, spent)
            return await self._put_closed(begun.conversation, summary)

    async def _put_closed(
        self, conversation: Conversation, summary: ConversationSummary
    ) -> Conversation:
        now = self._clock.time()
        closed = attrs.evolve(conversation, closed_at=now, closing=summary.document())
        if not await self.store.update(closed):
            raise OvertakenError
        return closed

    async def delete(self, owner: Owner, conversation_id: str) -> None:
        """Delete a conversation with its turns and the feedback on them.

        Raises:
            StoreError: the store is out of order.
            UnknownConversationError: the owner has no such conversation.
        """
        if not await self.store.delete(owner, conversation_id):
            raise UnknownConversationError

    async def user_data(
        self, owner: Owner, user_id: str, limit: int, cursor: str | None = None
    ) -> UserData:
        """What is kept of a user, in parts.

        Args:
            owner: whose user.
            user_id: the user.
            limit: conversations of one part at most.
            cursor: where the part begins.

        Raises:
            StoreError: the store is out of order.
            ValueError: the cursor is none of this list.
        """
        page = await self.list(owner, user_id, limit, cursor)
        told = [
            (item, await self.store.turns(owner, item.id, item.turn_count))
            for item in page.conversations
        ]
        feedback: tuple[Feedback, ...] = ()
        if page.cursor is None:
            feedback = tuple(
                [item async for item in self.store.feedback(owner) if item.user_id == user_id]
            )
        return UserData(conversations=tuple(told), feedback=feedback, cursor=page.cursor)

    async def delete_user(self, owner: Owner, user_id: str) -> int:
        """Delete everything that is kept of a user; tells how many conversations it were."""
        return await self.store.delete_user(owner, user_id)

    async def expire(self) -> int:
        """Delete what expired longer ago than the settings keep it; tells how many it were."""
        return await self.store.expire(self._clock.time() - HOUR_S * self.settings.keep_hours)

    async def aclose(self) -> None:
        """Leave the summaries that are in the making. The store belongs to its plugin."""
        await self._summaries.close()

    async def _summary(
        self, conversation: Conversation, request: TurnRequest, spent: Spent | None
    ) -> ConversationSummary:
        owner = conversation.owner
        turns = await self.store.turns(owner, conversation.id, conversation.turn_count)
        used: list[Usage] = []
        text = await self._ion.summarize(marked(turns), request=request, on_spent=used.append)
        tokens = sum((item.input_tokens or 0) + (item.output_tokens or 0) for item in used)
        if spent is not None and tokens:
            await spent(tokens)
        asked = {turn.request_id for turn in turns}
        ratings = [
            item.rating
            async for item in self.store.feedback(owner)
            if item.request_id in asked and item.rating is not None
        ]
        return summary_of(conversation, turns, ratings, (text.text, text.method.value))
