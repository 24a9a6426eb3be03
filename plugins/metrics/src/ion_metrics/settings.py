"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

import attrs

OPEN = "open"


@attrs.frozen
class MetricsSettings:
    """What can be configured.

    Attributes:
        scope: what a caller must be granted: ``admin``, ``read``, or ``open``, which is nothing.
        sample_s: seconds between two looks at what no event tells.
    """

    scope: str = "admin"
    sample_s: float = 1.0

    @property
    def needed_scope(self) -> str | None:
        """The scope in the terms of a host, None where everybody is let in."""
        return None if self.scope == OPEN else self.scope
