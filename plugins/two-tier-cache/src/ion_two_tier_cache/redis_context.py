"""What every part of the Redis tier is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ion_two_tier_cache.keys import Keys
from ion_two_tier_cache.redis_stats import Counts

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.clock import Clock
    from ion_two_tier_cache.redis_settings import RedisSettings


@attrs.frozen
class RedisContext:
    """Settings, seams and counters of one tier.

    Attributes:
        settings: address and bounds.
        clock: where the time comes from.
        logger: for one line a change of state.
        random: a number from 0 to below 1, for jitter.
        keys: the names.
        counts: where to count.
    """

    settings: RedisSettings = attrs.field(repr=False)
    clock: Clock
    logger: FilteringBoundLogger
    random: Callable[[], float]
    keys: Keys
    counts: Counts = attrs.field(factory=Counts)
