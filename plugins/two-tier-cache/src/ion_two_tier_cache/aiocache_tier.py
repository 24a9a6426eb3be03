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
import secrets
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
)
from ion_two_tier_cache.entry import Freshness
from ion_two_tier_cache.envelope import NotAnEnvelope, open_envelope, seal
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.remote_lease import RemoteLease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ion_framework.clock import Clock
    from ion_two_tier_cache.entry import Entry

_Answer = TypeVar("_Answer")

LONGEST_LIFE_S = 7 * 86400.0
"""Seconds that an entry lives at most; one that claims more is not believed."""

QUEUE_ENTRIES = 256
"""Most entries that wait to be written; what comes on top is dropped and counted."""

CLOSE_S = 1.0
"""Seconds in which what is queued may still be written at the end."""

EVERYTHING = "*"
"""The token of everything; no tag is called so once it is quoted."""


class Logger(Protocol):
    """As much of a structured logger as is needed."""

    def warning(self, event: str, **values: object) -> object:
        """Log an event with its values."""


class Backend(Protocol):
    """As much of ``aiocache.BaseCache`` as is needed."""

    async def multi_get(self, keys: list[str], loads_fn: Any = None) -> list[Any]:
        """The values, None for what is not there."""

    async def set(self, key: str, value: Any, ttl: Any = None, dumps_fn: Any = None) -> Any:
        """Store a value."""

    async def delete(self, key: str) -> Any:
        """Delete a value."""

    async def close(self) -> Any:
        """Close its connections."""


@attrs.frozen
class AiocacheFound:
    """What a look-up found.

    Attributes:
        entry: the entry, if there is a valid one that is not gone.
        tokens: what an entry made from now on is to be stored with.
        leased: always False: there are no leases.
    """

    entry: Entry | None
    tokens: Tokens
    leased: bool = False


@attrs.define
class AiocacheStats:
    """Truthful figures of the tier since its start.

    Attributes:
        hits: look-ups answered.
        misses: look-ups without a valid entry.
        failures: look-ups and writes that failed, took too long or were not tried.
        outdated: those of the misses that found an entry of before an invalidation.
        hostile: those of the misses that found something that is no entry.
        writes: entries written.
        dropped: entries that were not queued.
        invalidations_failed: invalidations that the backend was not told.
        queued: entries that wait to be written now.
        breaker: state of the breaker.
    """

    hits: int = 0
    misses: int = 0
    failures: int = 0
    outdated: int = 0
    hostile: int = 0
    writes: int = 0
    dropped: int = 0
    invalidations_failed: int = 0
    queued: int = 0
    breaker: str = BreakerState.CLOSED.value


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
    """

    coherent = False
    """Invalidations by other processes are not heard of."""

    def __init__(
        self,
        backend: Backend,
        *,
        clock: Clock,
        logger: Logger,
        namespace: str = "ion",
        timeout_s: float = 0.1,
    ) -> None:
        self._backend = backend
        self._wall = clock.time
        self._logger = logger
        self._prefix = f"{namespace}:aiocache:"
        self._timeout_s = timeout_s
        self._counts = AiocacheStats()
        self._trouble = ""
        settings = BreakerSettings(failures=3, window_s=1.0, open_s=0.5, longest_open_s=1.0)
        self._breaker = Breaker(settings, clock, on_change=self._changed)
        self._queue: OrderedDict[str, tuple[Entry, Tokens]] = OrderedDict()
        self._writer: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to work; a backend opens its connections itself."""

    async def close(self) -> None:
        """Write what is queued, for at most a second, then close the backend."""
        writer, self._writer = self._writer, None
        if writer is not None:
            await asyncio.wait((writer,), timeout=CLOSE_S)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        await self._call(self._backend.close)

    async def get(self, digest: str, tags: tuple[str, ...]) -> AiocacheFound:
        """Look up the entry and the tokens of its tags together. Never raises for an outage."""
        names = [self._entry_name(digest), *map(self._token_name, (EVERYTHING, *tags))]
        found = await self._call(partial(self._backend.multi_get, names, loads_fn=_as_it_is))
        if found is None:
            return AiocacheFound(None, Tokens.unknown)
        sealed, *values = found
        tokens = await self._tokens(names[1:], values)
        entry = None
        if sealed is not None and tokens.known:
            entry = await self._open(digest, sealed, tokens)
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

    async def invalidate(self, tag: str) -> int:
        """Give a tag another token. Returns 0: a plain store cannot say how many there were."""
        await self._renew(tag)
        return 0

    async def clear(self) -> int:
        """The same for everything."""
        await self._renew(EVERYTHING)
        return 0

    def stats(self) -> AiocacheStats:
        """The figures so far."""
        return attrs.evolve(
            self._counts, queued=len(self._queue), breaker=self._breaker.state.value
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
            if left_s > 0 and await self._call(store) is not None:
                self._counts.writes += 1

    async def _renew(self, tag: str) -> None:
        token = secrets.token_hex(8)
        tell = partial(self._set, self._token_name(tag), token, LONGEST_LIFE_S * 2)
        if await self._call(tell) is None:
            self._counts.invalidations_failed += 1
            self._logger.warning("an invalidation did not reach the shared tier", tag=tag)

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
