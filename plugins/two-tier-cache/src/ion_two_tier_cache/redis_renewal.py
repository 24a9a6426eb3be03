"""Tokens outlive every entry that carries them.

A token that ended would make everything invalid that was stored under it, all of it in one instant.
So it lives twice as long as any entry may, and whoever stores an entry has its tokens live on for
as long again, without another value. To ask for that with every entry would be waste: a process
asks for each token once in half the longest life of an entry, so that no entry is written whose
tokens have less than one and a half of such lives before them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ion_two_tier_cache.redis_commands import Command
    from ion_two_tier_cache.redis_context import RedisContext

MOST_REMEMBERED = 10_000
"""So many tokens are remembered; with more, all of them are renewed once again."""


class Renewals:
    """Knows which tokens are to live on, and when that was last said to Redis.

    Args:
        context: what every part is given.
    """

    def __init__(self, context: RedisContext) -> None:
        self._keys = context.keys
        self._now = context.clock.monotonic
        self._life_ms = context.settings.token_life_ms
        self._every_s = context.settings.longest_life_s / 2
        self._renewed_at: dict[str, float] = {}

    def due(self, tags: tuple[str, ...]) -> tuple[Command, ...]:
        """Commands that renew those tokens, of tags and of everything, whose time has come."""
        now = self._now()
        names = (self._keys.token(None), *map(self._keys.token, tags))
        return tuple(
            ("PEXPIRE", name, self._life_ms)
            for name in names
            if now - self._renewed_at.get(name, -math.inf) >= self._every_s
        )

    def renewed(self, commands: tuple[Command, ...]) -> None:
        """Redis has taken some of the commands."""
        if len(self._renewed_at) + len(commands) > MOST_REMEMBERED:
            self._renewed_at.clear()
        now = self._now()
        self._renewed_at.update((str(name), now) for _, name, _ in commands)
