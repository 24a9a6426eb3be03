"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs


@attrs.frozen
class CacheSettings:
    """Bounds of the cache.

    Attributes:
        max_entries: most replies held in memory at once.
        max_bytes: most bytes that they may take, as `ion_two_tier_cache.sizes` counts them.
    """

    max_entries: int
    max_bytes: int
