"""What the engine works with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.pipeline.cache_calls import CacheCalls
from ion_framework.pipeline.hooks import Hooks


@attrs.frozen
class Parts:
    """The parts of an installation that a turn meets; replaced as a whole when plugins change.

    Attributes:
        hooks: the hooks with their implementations.
        personas: the active personas by name.
        cache: the cache of replies, None without one.
        degraded: why every answer is second best just now, empty where it is not.
    """

    hooks: Hooks
    personas: Mapping[str, Persona]
    cache: CacheCalls | None
    degraded: str = ""

    @cached_property
    def in_order(self) -> tuple[Persona, ...]:
        """The active personas, one and the same tuple every time."""
        return tuple(self.personas.values())
