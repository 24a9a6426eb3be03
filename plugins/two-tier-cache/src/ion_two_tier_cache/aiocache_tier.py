"""Any backend of aiocache as the tier that processes share.

A plain key-value store has no leases and tells nobody of invalidations: each process makes its own
answer, and an entry stays in the memory of the others for some seconds after it was invalidated
elsewhere. Everything else is as with Redis: entries carry the tokens of their tags, so that nothing
from before an invalidation is served once it is read again, and foreign bytes are misses.

aiocache itself is not imported here; the backend is handed in.
"""

from __future__ import annotations

import asyncio
import base64
import random as random_module
import secrets
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
)
from ion_two_tier_cache.aiocache_parts import NOTHING, AiocacheFound, AiocacheStats
from ion_two_tier_cache.ending import end
from ion_two_tier_cache.entry import Freshness
from ion_two_tier_cache.envelope import MadeLaterError, NotAnEnvelope, open_envelope, seal
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.remote_lease import RemoteLease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.aiocache_parts import Backend, Logger
    from ion_two_tier_cache.entry import Entry

_Answer = TypeVar("_Answer")

LONGEST_LIFE_S = 7 * 86400.0
"""Seconds that an entry lives at most; one that claims more is not believed."""

QUEUE_ENTRIES = 256
"""Most entries that wait to be written; what comes on top is dropped and counted."""

CLOSE_S = 1.0
"""Seconds in which what is queued may still be written at the end."""

RETRY_S = 0.5
"""Seconds, half as long again or half as short at random, after which the backend is told once more
of an invalidation."""

MOST_OWED = 1000
"""With more tags than this, everything is owed."""

EVERYTHING = "*"
"""The token of everything; no tag is called so once it is quoted."""


class AiocacheTier:
    """Entries by digest in a backend of aiocache.

    Only single keys are read and written: neither ``clear`` nor any other command of the backend
    that could reach keys of others is called. It belongs to one event loop.

    Args:
        backend: the backend, which this tier closes.
        clock: where the time comes from.
        logger: for one line a change of state.
        namespace: first part of every key.
        timeout_s: seconds that a look-up or a write may take, above 0.
        random: a number from 0 to below 1, for jitter.
    """

    coherent = False
    """Invalidations by other processes are not heard of."""

    hearing_epoch = 0
    """That never changes."""

    def __init__(  # noqa: PLR0913  each is a part or a bound of its own
        self,
        backend: Backend,
        *,
        clock: Clock,
        logger: Logger,
        namespace: str = "ion",
        timeout_s: float = 0.1,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self._backend = backend
        self._wall = clock.time
        self._logger = logger
        self._prefix = f"{namespace}:aiocache:"
        self._timeout_s = timeout_s
        self._random = random
        self._counts = AiocacheStats()
        self._trouble = ""
        settings = BreakerSettings(failures=3, window_s=1.0, open_s=0.5, longest_open_s=1.0)
        self._breaker = Breaker(settings, clock, on_change=self._changed)
        self._queue: OrderedDict[str, tuple[Entry, Tokens]] = OrderedDict()
        self._writer: asyncio.Task[None] | None = None
        # By the name of the token, with a number that tells a later invalidation from an earlier.
        self._owed: dict[str, int] = {}
        self._told = 0
        self._paying: asyncio.Task[None] | None = None
        self._closed = False

    async def open(self) -> None:
        """Begin to work; a backend opens its connections itself."""
        self._closed = False

    async def close(self) -> None:
        """Write what is queued, for at most a second, then close the backend, for another."""
        self._closed = True
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.wait((writer,), timeout=CLOSE_S)
        await end(writer, self._paying)
        self._counts.dropped += len(self._queue)
        self._queue.clear()
        if self._owed:
            self._logger.warning("aiocache_tier_invalidations_lost", tags=len(self._owed))
        try:
            # Not by way of the breaker: a backend that is out of order holds connections, too.
            async with asyncio.timeout(CLOSE_S):
                await self._backend.close()
        except Exception as error:  # noqa: BLE001  a backend raises what it likes
            self._logger.warning("aiocache_tier_not_closed", trouble=type(error).__name__)

    async def get(self, digest: str, tags: tuple[str, ...]) -> AiocacheFound:
        """Look up the entry and the tokens of its tags together. Never raises for an outage."""
        names = [self._entry_name(digest), *map(self._token_name, (EVERYTHING, *tags))]
        told = self._told
        found = await self._call(partial(self._backend.multi_get, names, loads_fn=_as_it_is))
        if found is None:
            return NOTHING
        sealed, *values = found
        tokens = await self._tokens(names[1:], values)
        entry = None
        if sealed is not None and tokens.known:
            entry = await self._open(digest, sealed, tokens)
        # What this process invalidated meanwhile, or before and in vain, must not come back.
        if told != self._told or not self._owed.keys().isdisjoint(names):
            entry, tokens = None, Tokens.unknown
        self._counts.hits += entry is not None
        self._counts.misses += entry is None
        return AiocacheFound(entry, tokens)

    def put(
        self, digest: str, entry: Entry, tokens: Tokens, lease: RemoteLease | None = None
    ) -> bool:
        """Queue an entry to be written; returns whether it was taken. The lease binds nobody."""
        del lease
        full = len(self._queue) >= QUEUE_ENTRIES and digest not in self._queue
        out_of_order = self._breaker.state is not BreakerState.CLOSED
        if not tokens.known or full or out_of_order or entry.lifetime_s > LONGEST_LIFE_S:
            self._counts.dropped += 1
            return False
        self._queue[digest] = (entry, tokens)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write())
        return True

    async def acquire(self, digest: str) -> RemoteLease | None:
        """A lease that binds nobody in other processes: a plain store has no others."""
        return RemoteLease.local(digest)

    async def tell(self, tag: str | None) -> bool:
        """Give a tag, or with None everything, another token; returns whether that was done.

        If not, nothing with the tag is found here from now on, and it is tried again until it was.
        """
        name = self._token_name(EVERYTHING if tag is None or self._owes_much() else tag)
        self._told += 1
        self._owed[name] = told = self._told
        done = False
        try:
            done = await self._renew(name)
        finally:
            # Also where the caller leaves meanwhile: by then it is not known what the backend did.
            if done:
                self._paid(name, told)
            else:
                self._pay_soon()
        return done

    async def sweep(self, tag: str | None) -> int:
        """Remove nothing, and return 0: a plain store cannot say what there is."""
        del tag
        return 0

    def stats(self) -> AiocacheStats:
        """The figures so far."""
        return attrs.evolve(
            self._counts,
            queued=len(self._queue),
            breaker=self._breaker.state.value,
            owed=len(self._owed),
        )

    def _entry_name(self, digest: str) -> str:
        return f"{self._prefix}e:{digest}"

    def _token_name(self, tag: str) -> str:
        # A tag may hold any character, and some stores take no spaces; none is called EVERYTHING.
        return f"{self._prefix}t:{tag if tag == EVERYTHING else tag.encode().hex()}"

    async def _tokens(self, names: list[str], values: list[Any]) -> Tokens:
        """The tokens; those that are missing are made, so that an old one never comes back."""
        known = [_token(value) for value in values]
        made = {
            name: secrets.token_hex(8)
            for name, value in zip(names, known, strict=True)
            if not value
        }
        for name, value in made.items():
            if await self._call(partial(self._set, name, value, LONGEST_LIFE_S * 2)) is None:
                return Tokens.unknown
        return Tokens(tuple(value or made[name] for name, value in zip(names, known, strict=True)))

    async def _open(self, digest: str, sealed: Any, tokens: Tokens) -> Entry | None:
        now = self._wall()
        try:
            data = base64.b64decode(sealed, validate=True)
            opened = open_envelope(digest, data, now=now, longest_life_s=LONGEST_LIFE_S)
        except MadeLaterError:
            # Ours, by a clock that is ahead of this one: a miss here, and good everywhere else.
            self._counts.skewed += 1
            return None
        except (NotAnEnvelope, TypeError, ValueError):
            self._counts.hostile += 1
            await self._call(partial(self._backend.delete, self._entry_name(digest)))
            return None
        if opened.tokens != tokens.values:
            self._counts.outdated += 1
            return None
        return opened.entry if opened.entry.state(now) is not Freshness.GONE else None

    async def _write(self) -> None:
        while self._queue:
            digest, (entry, tokens) = self._queue.popitem(last=False)
            left_s = entry.expires_at - self._wall()
            try:
                sealed = base64.b64encode(seal(digest, entry, tokens)).decode("ascii")
            except (ValueError, OverflowError, TypeError):
                self._counts.dropped += 1
                continue
            store = partial(self._set, self._entry_name(digest), sealed, left_s)
            written = False
            try:
                written = left_s > 0 and await self._call(store) is not None
            finally:
                # Counted also where the end of the tier cuts it off.
                self._counts.writes += written
                self._counts.dropped += not written

    async def _renew(self, name: str) -> bool:
        """Give a tag another token; returns whether the backend took it."""
        tell = partial(self._set, name, secrets.token_hex(8), LONGEST_LIFE_S * 2)
        done = await self._call(tell) is not None
        self._counts.invalidations_failed += not done
        return done

    def _owes_much(self) -> bool:
        return len(self._owed) >= MOST_OWED

    def _pay_soon(self) -> None:
        if not self._closed and (self._paying is None or self._paying.done()):
            self._logger.warning("aiocache_tier_invalidation_owed", trouble=self._trouble)
            self._paying = asyncio.get_running_loop().create_task(self._pay())

    def _paid(self, name: str, told: int) -> None:
        # What was invalidated again meanwhile is owed again.
        if self._owed.get(name) == told:
            del self._owed[name]

    async def _pay(self) -> None:
        """Tell the backend what is owed, until nothing is."""
        while self._owed:
            await asyncio.sleep(RETRY_S * (0.5 + self._random()))
            for name, told in tuple(self._owed.items()):
                if not await self._renew(name):
                    break
                self._paid(name, told)

    async def _set(self, name: str, value: str, ttl_s: float) -> bool:
        # Whole seconds, because not every backend knows parts of one; the envelope is exact.
        await self._backend.set(name, value, ttl=int(ttl_s) + 1, dumps_fn=_as_it_is)
        return True

    async def _call(self, work: Callable[[], Awaitable[_Answer]]) -> _Answer | None:
        """What the backend answers; None where it is out of order, whatever it raises."""
        ticket = self._breaker.admit()
        if ticket is None:
            self._counts.failures += 1
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await work()
        except asyncio.CancelledError:
            ticket.abandoned()
            raise
        except Exception as error:  # noqa: BLE001  a backend raises what it likes
            self._trouble = type(error).__name__
            self._counts.failures += 1
            ticket.failed()
            return None
        ticket.succeeded()
        return answer

    def _changed(self, change: BreakerChange) -> None:
        self._logger.warning(
            "aiocache_tier",
            before=change.before.value,
            after=change.after.value,
            trouble=self._trouble,
        )


def _as_it_is(value: Any) -> Any:
    """In place of a backend's serializer: what is stored is text already."""
    return value


def _token(value: Any) -> str:
    """A token as it came from the backend, empty where there is none."""
    if isinstance(value, bytes):
        return value.decode("ascii", "replace")
    return value if isinstance(value, str) else ""
