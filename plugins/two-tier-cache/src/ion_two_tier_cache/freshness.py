"""How long an answer is good for what, and when it is made anew ahead of time."""

from __future__ import annotations

import math
import random as random_module
from collections.abc import Callable

import attrs
from attrs.validators import ge, le, lt

from ion_framework.pipeline.cache import CachedRefusal, CachedReply
from ion_two_tier_cache.entry import Entry

LONGEST_REFUSAL_S = 30.0
"""A refusal is kept no longer: what was refused may be allowed after the next configuration."""

FARTHEST = 37.0
"""``-ln`` of the smallest number above 0 that `random.random` can stand for is below this."""


@attrs.frozen
class FreshnessRules:
    """The windows of RFC 5861, jitter, and refreshing ahead of time.

    Raises:
        ValueError: a value is outside its range; the message names it.
    """

    stale_while_revalidate_s: float = attrs.field(default=60.0, validator=[ge(0), lt(math.inf)])
    """Seconds after its time in which an answer is served while a new one is made."""
    stale_if_error_s: float = attrs.field(default=3600.0, validator=[ge(0), lt(math.inf)])
    """Seconds after that in which it is served where a new one cannot be made."""
    early_refresh_beta: float = attrs.field(default=1.0, validator=[ge(0), lt(math.inf)])
    """How eagerly an answer is made anew before its time is over; 0: never."""
    refusal_ttl_s: float = attrs.field(
        default=LONGEST_REFUSAL_S, validator=[ge(0), le(LONGEST_REFUSAL_S)]
    )
    """Seconds for which a refusal is kept that would only be repeated; 0: not at all."""
    jitter: float = attrs.field(default=0.1, validator=[ge(0), lt(1)])
    """Share by which each time is made longer or shorter at random, so that what was stored
    together does not end together."""
    random: Callable[[], float] = random_module.random
    """A number from 0 to below 1."""

    def of_reply(
        self, reply: CachedReply, tags: tuple[str, ...], ttl_s: float, work_s: float, now: float
    ) -> Entry | None:
        """What is kept of an answer, None where it has no time to live.

        Args:
            reply: the answer.
            tags: what it is found by.
            ttl_s: seconds for which it is fresh, before jitter.
            work_s: seconds that it took to make.
            now: seconds since the Unix epoch.
        """
        if not 0 < ttl_s < math.inf:
            return None
        fresh_s = ttl_s * (1 + self.jitter * (2 * self.random() - 1))
        return Entry(
            body=reply,
            tags=tags,
            made_at=now,
            fresh_s=fresh_s,
            revalidate_s=self.stale_while_revalidate_s,
            on_error_s=self.stale_if_error_s,
            work_s=work_s,
        )

    def of_refusal(self, refusal: CachedRefusal, tags: tuple[str, ...], now: float) -> Entry | None:
        """What is kept of a refusal: nothing, unless the same request would meet it again.

        Args:
            refusal: the refusal.
            tags: what it is found by.
            now: seconds since the Unix epoch.
        """
        if not refusal.repeatable or self.refusal_ttl_s <= 0:
            return None
        # Only ever shorter, so that the bound on a refusal holds.
        fresh_s = self.refusal_ttl_s * (1 - self.jitter * self.random())
        return Entry(refusal, tags, now, fresh_s, 0.0, 0.0, 0.0)

    def is_due(self, entry: Entry, now: float) -> bool:
        """Whether an entry that is still fresh should be made anew now.

        XFetch of A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede
        Prevention", VLDB 2015: the nearer the end, the longer the work and the more requests, the
        likelier; so a hot entry is made anew about once, shortly before its time is over.

        Args:
            entry: the entry.
            now: seconds since the Unix epoch.
        """
        reach_s = entry.work_s * self.early_refresh_beta
        left_s = entry.made_at + entry.fresh_s - now
        if left_s > reach_s * FARTHEST or not reach_s:
            return False
        return left_s <= -math.log(1.0 - self.random()) * reach_s
