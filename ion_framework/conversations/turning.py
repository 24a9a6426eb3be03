"""One turn of a conversation: from the right to make it to the turn as it is kept."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ion_framework.conversations.failures import (
    ConversationError,
    OvertakenError,
    ReusedKeyError,
)
from ion_framework.conversations.model import Conversation, Memory, Owner, StoredTurn
from ion_framework.conversations.receipts import kept_receipt, scores_of
from ion_framework.conversations.right import Asked, Rights
from ion_framework.conversations.store import Begun
from ion_framework.conversations.suggestions import next_suggestion
from ion_framework.conversations.tokens import carried
from ion_framework.domain.conversation import Message
from ion_framework.domain.handover import Holding
from ion_framework.domain.language import detect_language
from ion_framework.domain.summary import update_summary
from ion_framework.pipeline.chunks import FinishReason
from ion_framework.pipeline.reply import Reply, ReplyDone, ReplyEvent
from ion_framework.pipeline.turn import TurnRequest

if TYPE_CHECKING:
    from ion_framework.ion import Ion

READ_BACK = 12
"""Latest turns that topics are drawn from anew, besides those that the prompt carries."""

TAKEN_UP_FROM = 2
"""Earlier turns whose words a suggestion may take up."""

SCORED_BACK = 4
"""Latest turns whose scores count in who holds the conversation."""


class BrokenOffError(ConversationError):
    """The answer broke off, so that the turn is not kept; it may be made again, also under its key.

    Attributes:
        reply: what there was of it, and what it cost.
    """

    def __init__(self, reply: Reply) -> None:
        super().__init__("the answer broke off before its end, so that the turn was not kept")
        self.reply = reply


@attrs.frozen(kw_only=True)
class Told:
    """What of a conversation a prompt carried.

    Attributes:
        turns: earlier turns word for word; the first may be cut.
        memory: topics, names and wishes, a wish in the very message included.
    """

    turns: int
    memory: Memory


@attrs.frozen(kw_only=True)
class TurnMade:
    """A turn that was answered and is about to be kept.

    Attributes:
        conversation: the conversation as it stands after it.
        number: its number, 1 for the first.
        reply: the answer.
        suggestion: what the user might ask next.
        told: what of the conversation the prompt carried.
        before: the conversation as it stood before.
    """

    conversation: Conversation
    number: int
    reply: Reply
    suggestion: str
    told: Told
    before: Conversation

    @property
    def handed_over_from(self) -> str | None:
        """The persona that held the conversation before, where another has taken over."""
        held = self.before.persona
        return held if held not in (None, self.reply.persona) else None


@attrs.frozen(kw_only=True)
class TurnOrder:
    """A turn that a caller wants.

    Attributes:
        owner: whose conversation.
        conversation_id: its name.
        request: the message and who asks, with neither history nor persona: those are the
            conversation's.
        present: the answer as the caller gets it, JSON; kept with the turn, for who repeats it.
        idempotency_key: the caller's name for the turn, None without one.
        fingerprint: digest of what is asked, which the name stands for.
    """

    owner: Owner
    conversation_id: str
    request: TurnRequest
    present: Callable[[TurnMade], str]
    idempotency_key: str | None = None
    fingerprint: str = ""


@attrs.frozen
class TurnKept:
    """The last event of a turn: it is kept, and only now the caller is told that it is made.

    Attributes:
        turn: the turn.
        made: how it came about; None for one that was made before.
    """

    turn: StoredTurn
    made: TurnMade | None = None

    @property
    def repeated(self) -> bool:
        """Whether it was made before, under the same idempotency key."""
        return self.made is None


TurnEvent: TypeAlias = ReplyEvent | TurnKept


@attrs.frozen
class Turning:
    """Makes turns.

    Attributes:
        ion: what answers.
        rights: takes the right to make them.
    """

    ion: Ion
    rights: Rights

    async def begin(self, order: TurnOrder) -> Begun | TurnKept:
        """The right to make the turn, or the turn where it was made before.

        A right that nobody goes on to use ends by itself.

        Raises:
            ConversationError: the conversation does not go on as asked.
            StoreError: the store is out of order.
        """
        found = await self.rights.take(self._asked(order))
        if not isinstance(found, StoredTurn):
            return found
        if found.fingerprint != order.fingerprint:
            raise ReusedKeyError
        return TurnKept(found)

    async def stream(self, order: TurnOrder, begun: Begun) -> AsyncGenerator[TurnEvent, None]:
        """The events of the turn; the last one is `TurnKept`, after the turn is safe.

        Raises:
            BrokenOffError: the answer broke off; its right is given back.
            OvertakenError: somebody else went on with the conversation meanwhile.
            StoreError: the store is out of order.
            TurnError: there is no answer.
        """
        async with self.rights.held(begun):
            request, told = self.request_of(order, begun)
            async with aclosing(self.ion.stream(request)) as events:
                async for event in events:
                    if not isinstance(event, ReplyDone):
                        yield event
                        continue
                    if event.reply.finish_reason is FinishReason.TRUNCATED:
                        # Kept, half an answer would be repeated under its key for ever.
                        raise BrokenOffError(event.reply)
                    kept = await self._keep(order, begun, event.reply, told)
                    yield event
                    yield kept

    def _asked(self, order: TurnOrder) -> Asked:
        settings = self.rights.settings
        return Asked(
            owner=order.owner,
            conversation_id=order.conversation_id,
            idempotency_key=order.idempotency_key,
            turns=max(settings.context_turns, READ_BACK),
        )

    def request_of(self, order: TurnOrder, begun: Begun) -> tuple[TurnRequest, Told]:
        """The turn as the pipeline is asked for it, and what of the conversation it carries."""
        from ion_framework.conversations.memory.drawing import notes_of, told_of  # see below
        from ion_framework.conversations.memory.preferences import answer_language, preferences_of

        conversation, told = begun.conversation, self._carried(begun.turns)
        held = conversation.persona is not None and not conversation.pinned
        # A wish in this very message counts at once.
        wishes = preferences_of(order.request.text, conversation.memory.preferences)
        memory = told_of(attrs.evolve(conversation.memory, preferences=wishes))
        language = order.request.language or answer_language(wishes)
        request = attrs.evolve(
            order.request,
            session_id=conversation.id,
            user_id=conversation.user_id,
            persona=conversation.persona if conversation.pinned else None,
            history=history_of(told),
            whole_history=True,
            holding=(
                Holding(conversation.persona or "", scores_of(begun.turns[-SCORED_BACK:]))
                if held
                else None
            ),
            summary=conversation.running_summary,
            notes=(
                *notes_of(memory, language or detect_language(order.request.text)),
                *order.request.notes,
            ),
            language=language,
        )
        return request, Told(turns=len(told), memory=memory)

    def _carried(self, turns: tuple[StoredTurn, ...]) -> tuple[StoredTurn, ...]:
        settings = self.rights.settings
        return carried(turns, settings.context_turns, settings.context_tokens)

    async def _keep(self, order: TurnOrder, begun: Begun, reply: Reply, told: Told) -> TurnKept:
        from ion_framework.conversations.memory.phrases import phrase_of  # see below

        now = self.ion.clock.time()
        turn = _turn_of(order, begun.conversation.turn_count + 1, reply, now)
        after = self._after(begun, turn)
        made = TurnMade(
            conversation=after,
            number=turn.number,
            reply=reply,
            suggestion=next_suggestion(
                reply.resonance.key,
                phrase_of(_latest(begun, turn), after.memory.topics, reply.language),
                turn.number,
                reply.language,
            ),
            told=told,
            before=begun.conversation,
        )
        turn = attrs.evolve(turn, document=order.present(made))
        if not await self.rights.store.append(after, turn, begun.token):
            raise OvertakenError
        return TurnKept(turn, made)

    def _after(self, begun: Begun, turn: StoredTurn) -> Conversation:
        """The conversation as it stands after a turn."""
        # Its expressions take 30 ms to compile, which a host pays with its first conversation.
        from ion_framework.conversations.memory.drawing import remember

        before, turns = begun.conversation, (*begun.turns, turn)
        told, still = _numbers(self._carried(begun.turns)), _numbers(self._carried(turns))
        # Whole, although the prompt may have carried a part of one.
        left = {*told, turn.number} - still
        out = [
            item for item in turns if item.number in left and item.number > before.model_summary_to
        ]
        return attrs.evolve(
            before,
            # A pinned conversation stays with its persona also where another has to stand in.
            persona=before.persona if before.pinned else turn.persona,
            last_activity=turn.at,
            expires_at=turn.at + before.ttl_s,
            turn_count=turn.number,
            summary=update_summary(before.summary, history_of(out)),
            memory=remember(
                before.memory, begun.turns[-READ_BACK:], turn.user_message, turn.ai_response
            ),
        )


def _latest(begun: Begun, turn: StoredTurn) -> tuple[str, ...]:
    """The user's latest messages that a suggestion may take up, the latest first."""
    earlier = reversed(begun.turns[-TAKEN_UP_FROM:])
    return (turn.user_message, *(item.user_message for item in earlier))


def _numbers(turns: tuple[StoredTurn, ...]) -> set[int]:
    return {turn.number for turn in turns}


def history_of(turns: tuple[StoredTurn, ...] | list[StoredTurn]) -> tuple[Message, ...]:
    """Turns as messages, oldest first."""
    return tuple(message for turn in turns for message in turn.messages())


def _turn_of(order: TurnOrder, number: int, reply: Reply, now: float) -> StoredTurn:
    usage = reply.usage
    return StoredTurn(
        number=number,
        request_id=order.request.request_id,
        user_message=order.request.text,
        ai_response=reply.content,
        persona=reply.persona,
        key=str(reply.resonance.key),
        at=now,
        receipt=kept_receipt(reply.receipt),
        idempotency_key=order.idempotency_key,
        fingerprint=order.fingerprint,
        tokens=(usage.input_tokens or 0) + (usage.output_tokens or 0),
    )
