"""What the figures of a cache's tier say of whether it works."""

from __future__ import annotations

from collections.abc import Mapping


def tier_answers(tier: Mapping[str, object]) -> bool:
    """Whether a tier that processes share answers now.

    It says so itself (``connected``); or it has breakers, of which then each is closed, and is not
    ``down`` in its ``coherence``, for which the other side is asked every second.
    """
    if "connected" in tier:
        return bool(tier["connected"])
    if tier.get("coherence") == "down":
        return False
    breakers = tier.get("breakers")
    states = breakers.values() if isinstance(breakers, Mapping) else ()
    return all(_state(breaker) in (None, "closed") for breaker in states)


def _state(breaker: object) -> object:
    return breaker.get("state") if isinstance(breaker, Mapping) else getattr(breaker, "state", None)
