"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs

from ion_two_tier_cache.freshness import FreshnessRules


@attrs.frozen
class CacheSettings:
    """Bounds and windows of the cache, and where its second tier is.

    Attributes:
        max_entries: most replies held in memory at once.
        max_bytes: most bytes that they may take, as `ion_two_tier_cache.sizes` counts them.
        stale_while_revalidate_s: seconds after its time in which a reply is served while a new one
            is made.
        stale_if_error_s: seconds after that in which it is served where none can be made.
        early_refresh_beta: how eagerly a reply is made anew before its time is over; 0: never.
        refusal_ttl_s: seconds for which a refusal is kept that would only be repeated.
        longest_lead_s: seconds after which a turn that makes a reply is waited for no longer.
        l1_ttl_s: seconds that a reply stays in memory at most where Redis is configured; less, as
            `ion_two_tier_cache.tiers` says, while invalidations by others are not heard of.
        namespace: first part of every key in Redis.
        redis_timeout_s: seconds that a look-up in Redis may take.
        redis_url: where Redis is; it may hold a password. None: memory only.
    """

    max_entries: int
    max_bytes: int
    stale_while_revalidate_s: float
    stale_if_error_s: float
    early_refresh_beta: float
    refusal_ttl_s: float
    longest_lead_s: float
    l1_ttl_s: float
    namespace: str
    redis_timeout_s: float
    redis_url: str | None = attrs.field(default=None, repr=False)

    def rules(self) -> FreshnessRules:
        """How long a reply is good for what."""
        return FreshnessRules(
            stale_while_revalidate_s=self.stale_while_revalidate_s,
            stale_if_error_s=self.stale_if_error_s,
            early_refresh_beta=self.early_refresh_beta,
            refusal_ttl_s=self.refusal_ttl_s,
        )
