"""The right to fill a missing entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ion_framework.pipeline.cache import CachedReply


class FillLease:
    """What a miss hands out: one store, or none.

    The first `store`, `release` or `void` ends the lease; every later call does nothing. So a
    caller may release in a ``finally`` clause without asking whether it has stored, and an answer
    that arrives after the caller gave up cannot overwrite a newer one.

    Args:
        fill: takes the reply and its time to live in seconds.
        tags: tags of the entry to be.
    """

    __slots__ = ("__weakref__", "_fill", "tags")

    def __init__(self, fill: Callable[[CachedReply, float], object], tags: tuple[str, ...]) -> None:
        self._fill: Callable[[CachedReply, float], object] | None = fill
        self.tags = tags

    async def store(self, reply: CachedReply, ttl_s: float) -> None:
        """Store the answer, if the lease is still good; for 0 seconds or less, store nothing."""
        fill, self._fill = self._fill, None
        if fill is not None:
            fill(reply, ttl_s)

    async def release(self) -> None:
        """Give the right back without an answer."""
        self.void()

    def void(self) -> None:
        """Take the right away: what its holder is working on has been invalidated."""
        self._fill = None
