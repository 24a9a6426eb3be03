"""The right to make the next turn: taken, waited for, renewed while the turn runs, given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import attrs

from ion_framework.clock import Clock
from ion_framework.conversations.failures import (
    BusyError,
    CompletedError,
    ExpiredError,
    FullError,
    UnknownConversationError,
)
from ion_framework.conversations.model import Conversation, ConversationState, Owner, StoredTurn
from ion_framework.conversations.store import (
    Begun,
    Busy,
    ConversationFullError,
    ConversationStore,
    Missing,
    Repeated,
    StoreError,
)
from ion_framework.settings.conversations import ConversationSettings

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.02, 0.5
"""Seconds between two tries to take the right; they double."""

RENEWALS = 3
"""How often a right is renewed within its own length, so that two may fail."""


@attrs.frozen(kw_only=True)
class Asked:
    """Whose next turn.

    Attributes:
        owner: whose conversation.
        conversation_id: its name.
        idempotency_key: the caller's name for the turn, None without one.
        turns: how many of the latest turns come along.
    """

    owner: Owner
    conversation_id: str
    idempotency_key: str | None = None
    turns: int = 0


@attrs.frozen
class Rights:
    """Takes rights from a store.

    Attributes:
        store: the store.
        settings: how long rights and waiting are.
        clock: the clock.
    """

    store: ConversationStore
    settings: ConversationSettings
    clock: Clock

    async def take(self, asked: Asked) -> Begun | StoredTurn:
        """The right to make the turn, or the turn where it was made already.

        Raises:
            BusyError: another turn is in the making, for longer than the settings let this wait.
            CompletedError: the conversation is closed.
            ExpiredError: it has expired.
            FullError: it has as many turns as it may have.
            StoreError: the store is out of order.
            UnknownConversationError: there is none.
        """
        found = await self._free(asked)
        if isinstance(found, StoredTurn):
            return found
        try:
            self._check(found.conversation)
        except BaseException:
            await self.give_back(found)
            raise
        return found

    def _check(self, conversation: Conversation) -> None:
        check_open(conversation, self.clock.time())
        if conversation.turn_count >= self.settings.turns:
            raise FullError(self.settings.turns)

    async def take_to_close(self, asked: Asked) -> Begun:
        """The right to close a conversation: no turn of it is in the making meanwhile.

        Raises:
            BusyError: a turn is in the making, for longer than the settings let this wait.
            CompletedError: the conversation is closed.
            ExpiredError: it has expired.
            FullError: the store gives no right any more, because no turn can follow.
            StoreError: the store is out of order.
            UnknownConversationError: there is none.
        """
        found = await self._free(asked)
        assert isinstance(found, Begun)  # noqa: S101  without a key nothing is repeated
        try:
            check_open(found.conversation, self.clock.time())
        except BaseException:
            await self.give_back(found)
            raise
        return found

    async def _free(self, asked: Asked) -> Begun | StoredTurn:
        until, pause = self.clock.monotonic() + self.settings.wait_s, FIRST_PAUSE_S
        while True:
            try:
                found = await self.store.begin(
                    asked.owner,
                    asked.conversation_id,
                    idempotency_key=asked.idempotency_key,
                    turns=asked.turns,
                    lease_s=self.settings.lease_s,
                    now=self.clock.time(),
                )
            except ConversationFullError as error:
                raise FullError(error.most) from error
            if isinstance(found, Missing):
                raise UnknownConversationError
            if isinstance(found, Repeated):
                return found.turn
            if isinstance(found, Begun):
                return found
            await self._pause(found, until, pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _pause(self, busy: Busy, until: float, pause_s: float) -> None:
        left_s = until - self.clock.monotonic()
        if left_s <= 0:
            raise BusyError(same=busy.same, left_s=busy.left_s)
        await asyncio.sleep(min(pause_s, left_s))

    @asynccontextmanager
    async def held(self, begun: Begun) -> AsyncIterator[None]:
        """Hold a right: renewed meanwhile, given back at the end, which a kept turn has done."""
        renewing = asyncio.create_task(self._renew(begun))
        try:
            yield
        finally:
            renewing.cancel()
            # A turn may be cancelled again while it ends: its right is given back all the same.
            await asyncio.shield(asyncio.create_task(self._end(begun, renewing)))

    async def _end(self, begun: Begun, renewing: asyncio.Task[None]) -> None:
        await asyncio.wait({renewing})
        await self.give_back(begun)

    async def give_back(self, begun: Begun) -> None:
        """Give a right back; where that fails it ends by itself."""
        with suppress(StoreError):
            await self.store.abandon(begun.conversation.id, begun.token)

    async def _renew(self, begun: Begun) -> None:
        lease_s, kept = self.settings.lease_s, True
        while kept:
            await asyncio.sleep(lease_s / RENEWALS)
            with suppress(StoreError):
                kept = await self.store.renew(
                    begun.conversation.id, begun.token, lease_s=lease_s, now=self.clock.time()
                )


def check_open(conversation: Conversation, now: float) -> None:
    """Refuse a conversation that has ended.

    Raises:
        CompletedError: it is closed.
        ExpiredError: it has expired.
    """
    state = conversation.state(now)
    if state is ConversationState.COMPLETED:
        raise CompletedError
    if state is ConversationState.EXPIRED:
        raise ExpiredError(conversation.expires_at)
