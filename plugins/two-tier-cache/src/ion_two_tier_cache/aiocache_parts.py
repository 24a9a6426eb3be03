"""What the tier over a backend of aiocache is given, finds, and tells of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import attrs

from ion_framework.resilience.breaker import BreakerState
from ion_two_tier_cache.redis_tokens import Tokens

if TYPE_CHECKING:
    from ion_two_tier_cache.entry import Entry


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


NOTHING = AiocacheFound(None, Tokens.unknown)
"""What is found where the backend is out of order, or is not to be believed."""


@attrs.define
class AiocacheStats:
    """Truthful figures of the tier since its start.

    Attributes:
        hits: look-ups answered.
        misses: look-ups without a valid entry.
        failures: look-ups and writes that failed, took too long or were not tried.
        outdated: those of the misses that found an entry of before an invalidation.
        hostile: those of the misses that found something that is no entry.
        skewed: those of the misses that found an entry made later than it is here: clocks differ.
        writes: entries written.
        dropped: entries that were not written, because the queue was full or the backend out of
            order, or that are of no kind that is kept.
        invalidations_failed: tries to tell the backend of an invalidation that failed.
        owed: tags whose invalidation the backend was not told yet.
        queued: entries that wait to be written now.
        breaker: state of the breaker.
    """

    hits: int = 0
    misses: int = 0
    failures: int = 0
    outdated: int = 0
    hostile: int = 0
    skewed: int = 0
    writes: int = 0
    dropped: int = 0
    invalidations_failed: int = 0
    owed: int = 0
    queued: int = 0
    breaker: str = BreakerState.CLOSED.value
