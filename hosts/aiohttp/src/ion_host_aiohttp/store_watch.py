"""Whether the store of conversations serves: what came of its latest use, or else a short ping."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

from ion_framework.jsonable import JsonValue, jsonable
from ion_host_aiohttp.errors.messages import Message, say

if TYPE_CHECKING:
    from ion_framework.clock import Clock
    from ion_framework.conversations.store import ConversationStore

FRESH_S = 3.0
"""Seconds for which the outcome of a use counts; only after them the store is asked."""
PING_S = 0.4
"""Seconds that the store has to answer in; health is told within half a second."""


class StoreWatch:
    """What is known of the store, in this process.

    Args:
        store: the store, None where there is none.
        clock: where the time comes from.
        ping_s: seconds that it has to answer in.
    """

    def __init__(
        self, store: ConversationStore | None, clock: Clock, ping_s: float = PING_S
    ) -> None:
        self._store = store
        self._clock = clock
        self._ping_s = ping_s
        self._serves = True
        self._known_at: float | None = None
        self._asking: asyncio.Task[None] | None = None

    @property
    def enabled(self) -> bool:
        """Whether there is a store."""
        return self._store is not None

    @property
    def serves(self) -> bool:
        """Whether it served when it was used or asked last; nothing is asked."""
        return self.enabled and self._serves

    def note(self, *, served: bool) -> None:
        """What came of a use of the store."""
        self._serves = served
        self._known_at = self._clock.monotonic()

    async def look(self) -> None:
        """Find out whether it serves, unless that is known; takes `ping_s` at most."""
        if self._store is None or self._is_fresh:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(self._store))
        # A store that hangs may not even let go of the question: nobody waits for that.
        _, pending = await asyncio.wait({self._asking}, timeout=self._ping_s)
        if pending and not self._is_fresh:
            self.note(served=False)
            self._asking.cancel()

    def shortcoming(self) -> Message | None:
        """What is wrong with the store, if anything."""
        return say("store_out") if self.enabled and not self._serves else None

    async def figures(self) -> Mapping[str, JsonValue] | None:
        """What the store tells of itself, None where it tells nothing, or not in time."""
        stats = getattr(self._store, "stats", None)
        if stats is None:
            return None
        try:
            async with asyncio.timeout(self._ping_s):
                found = stats()
                told = await found if inspect.isawaitable(found) else found
        except Exception:  # noqa: BLE001  a foreign store may raise anything; figures are no answer
            return None
        document = jsonable(told)
        return document if isinstance(document, dict) else None

    async def close(self) -> None:
        """Leave a question that is still open."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking}, timeout=self._ping_s)

    @property
    def _is_fresh(self) -> bool:
        known = self._known_at
        return known is not None and self._clock.monotonic() - known < FRESH_S

    async def _ask(self, store: ConversationStore) -> None:
        try:
            await store.ping()
        except Exception:  # noqa: BLE001  whatever a foreign store raises, it does not serve
            self.note(served=False)
        else:
            self.note(served=True)


@attrs.frozen(slots=False)
class StoreState:
    """What is known of the store of conversations: whether there is one, and whether it serves."""

    enabled: bool
    connected: bool


def store_state(watch: StoreWatch) -> StoreState:
    """The state of the store as it is known."""
    return StoreState(enabled=watch.enabled, connected=watch.serves)
