"""What the Redis tier needs to know."""

from __future__ import annotations

import attrs
from attrs.validators import and_, ge, gt, instance_of, le, matches_re

from ion_framework.resilience.breaker import BreakerSettings

BREAKER = BreakerSettings(failures=3, window_s=1.0, open_s=0.5, longest_open_s=1.0)
"""With its jitter of a fifth, the first probe comes at most 1.2 s after Redis is back."""

_NAME = r"[A-Za-z0-9_.-]{1,64}"


@attrs.frozen
class RedisSettings:
    """Address and bounds of the Redis tier.

    Raises:
        ValueError: a value is outside its range; the message names it.
    """

    url: str = attrs.field(repr=False, validator=instance_of(str))
    """Where Redis is, see `ion_framework.resilience.redis_address`. It may hold a password and is
    in no repr. Its options win over the settings here."""
    namespace: str = attrs.field(default="ion", validator=matches_re(_NAME))
    """First part of every key: 1 to 64 letters, digits, ``_``, ``.`` or ``-``."""
    timeout_s: float = attrs.field(default=0.1, validator=[gt(0), le(10)])
    """Seconds that a look-up takes at most, connecting and waiting for a connection included."""
    connections: int = attrs.field(default=8, validator=[ge(1), le(1000)])
    """Most connections for commands at a time, for each node of a Cluster. Look-ups travel
    together, so that few are needed; to a single Redis they keep some for themselves, six at
    most, which stay open. One more, that hears of invalidations, is not counted."""
    max_value_bytes: int = attrs.field(default=1 << 20, validator=[ge(1024), le(64 << 20)])
    """A larger entry is neither stored nor read, in bytes of its envelope."""
    queue_entries: int = attrs.field(default=1000, validator=ge(1))
    """Most entries that wait to be written; what comes on top is dropped and counted."""
    queue_bytes: int = attrs.field(default=16 << 20, validator=ge(1024))
    """Most bytes of envelopes that wait to be written."""
    lease_s: float = attrs.field(default=5.0, validator=and_(gt(0), le(60)))
    """Seconds after which a lease ends whose holder died; it is renewed every third of it."""
    longest_lease_s: float = attrs.field(default=300.0, validator=gt(0))
    """Seconds after which a lease is renewed no longer, whatever its holder does."""
    longest_life_s: float = attrs.field(default=7 * 86400.0, validator=gt(0))
    """Seconds that an entry lives at most; one that claims more is not stored and not believed."""
    breaker: BreakerSettings = BREAKER
    """When Redis is left alone; one breaker for reading, one for writing."""

    @property
    def token_life_ms(self) -> int:
        """Milliseconds that a tag's token lives unless it is renewed: two lives of an entry."""
        return int(self.longest_life_s * 2000)
