"""What is kept of an answer, in every tier, and how fresh it is."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from ion_framework.pipeline.cache import CachedRefusal, CachedReply


class Freshness(StrEnum):
    """What an entry is good for, from best to worst."""

    FRESH = "fresh"
    """Good for every request."""

    STALE = "stale"
    """Good for every request while somebody makes it anew (stale-while-revalidate, RFC 5861)."""

    ON_ERROR = "on_error"
    """Good only while the upstream fails (stale-if-error, RFC 5861)."""

    GONE = "gone"
    """Good for nothing."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What is kept under a digest in every tier.

    It is a struct of msgspec, because one is made for every answer that another tier has: it is
    made four times as fast as a frozen attrs class, and costs the garbage collector no time. It
    cannot be part of a cycle, since all that it holds was there before it and is frozen.

    The three spans follow one upon the other from `made_at` on; each includes the instant at which
    it begins and not the one at which it ends.

    Attributes:
        body: the answer, or the refusal that would only be repeated.
        tags: what the entry is found by when it is invalidated.
        made_at: when it was made, in seconds since the Unix epoch.
        fresh_s: seconds for which it is fresh, from 0.
        revalidate_s: seconds after that for which it is stale, from 0.
        on_error_s: seconds after that for which it is good while the upstream fails, from 0.
        work_s: seconds that it took to make, from 0.
    """

    body: CachedReply | CachedRefusal
    tags: tuple[str, ...]
    made_at: float
    fresh_s: float
    revalidate_s: float
    on_error_s: float
    work_s: float

    @property
    def lifetime_s(self) -> float:
        """Seconds from `made_at` until it is gone."""
        return self.fresh_s + self.revalidate_s + self.on_error_s

    @property
    def expires_at(self) -> float:
        """When it is gone, in seconds since the Unix epoch."""
        return self.made_at + (self.fresh_s + self.revalidate_s + self.on_error_s)

    def is_fresh(self, now: float) -> bool:
        """Whether `state` is fresh, which nearly every look-up asks first.

        Args:
            now: seconds since the Unix epoch.
        """
        ends_at = self.made_at + self.fresh_s
        return now < ends_at and self.made_at < ends_at

    def age_s(self, now: float) -> float:
        """Seconds since it was made; 0 where the clock of the host that made it was ahead.

        Args:
            now: seconds since the Unix epoch.
        """
        return max(0.0, now - self.made_at)

    def state(self, now: float) -> Freshness:
        """How fresh it is. A span that is no number has no instants, nor has any that follows it.

        Args:
            now: seconds since the Unix epoch. An instant before `made_at` counts as `made_at`.
        """
        now = max(now, self.made_at)
        if now < self.made_at + self.fresh_s:
            return Freshness.FRESH
        if now < self.made_at + (self.fresh_s + self.revalidate_s):
            return Freshness.STALE
        if now < self.expires_at:
            return Freshness.ON_ERROR
        return Freshness.GONE
