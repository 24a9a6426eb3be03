"""What the figures of a cache's tier say of whether it works."""

from __future__ import annotations

from collections.abc import Mapping


def tier_answers(tier: Mapping[str, object]) -> bool:
    """Whether a tier that processes share answers now.

    It says so itself (``connected``), or it has breakers: then none of them is open.
    """
    if "connected" in tier:
        return bool(tier["connected"])
    breakers = tier.get("breakers")
    states = breakers.values() if isinstance(breakers, Mapping) else ()
    return all(_state(breaker) != "open" for breaker in states)


def _state(breaker: object) -> object:
    return breaker.get("state") if isinstance(breaker, Mapping) else getattr(breaker, "state", None)
