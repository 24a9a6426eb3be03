"""What header fields tell a caller of its quota.

``RateLimit-Policy`` and ``RateLimit`` are structured fields (RFC 9651) by
draft-ietf-httpapi-ratelimit-headers-10; ``x-ratelimit-…`` are those that clients of OpenAI read.
Beside the draft's parameters there are two of ours: ``ion-local`` where this process counts alone
because Redis is gone, and the unit ``ion-tokens``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from aiohttp import hdrs

from ion_host_aiohttp.rates.quota import (
    DAY_S,
    REQUESTS,
    REQUESTS_A_DAY,
    TOKENS_A_DAY,
    fresh_in_s,
    remaining,
    wait_s,
)
from ion_host_aiohttp.rates.store import Standing

POLICY = "RateLimit-Policy"
STATE = "RateLimit"


def rate_fields(standing: Standing) -> dict[str, str]:
    """The header fields of an answer; none where nothing is bounded.

    Args:
        standing: how the caller stands.
    """
    quota, used = standing.quota, standing.used
    flag = ";ion-local" if standing.local else ""
    policies, states = [], []
    found: dict[str, str] = {}
    if quota.limit is not None:
        left = remaining(quota, used)
        policies.append(f'"{REQUESTS}";q={quota.limit};w={quota.window_s}{flag}')
        more_s = whole_s(wait_s(quota, used, left + 1))
        states.append(f'"{REQUESTS}";r={left};t={more_s}')
        found |= _openai("requests", quota.limit, left, fresh_in_s(quota, used))
    midnight_s = whole_s(used.day_left_s)
    if quota.requests_per_day is not None:
        left = max(0, quota.requests_per_day - used.requests)
        policies.append(f'"{REQUESTS_A_DAY}";q={quota.requests_per_day};w={DAY_S}{flag}')
        states.append(f'"{REQUESTS_A_DAY}";r={left};t={midnight_s}')
    if quota.tokens_per_day is not None:
        left = max(0, quota.tokens_per_day - used.tokens)
        unit = ';qu="ion-tokens"'
        policies.append(f'"{TOKENS_A_DAY}";q={quota.tokens_per_day};w={DAY_S}{unit}{flag}')
        states.append(f'"{TOKENS_A_DAY}";r={left};t={midnight_s}')
        found |= _openai("tokens", quota.tokens_per_day, left, used.day_left_s)
    if policies:
        found |= {POLICY: ", ".join(policies), STATE: ", ".join(states)}
    return found


def refused_fields(standing: Standing, cost: int) -> Mapping[str, str]:
    """The header fields of a refusal: the same, and when it makes sense to come again.

    Args:
        standing: how the caller stands.
        cost: how many requests it asked for.
    """
    waits = [
        wait_s(standing.quota, standing.used, cost)
        if name == REQUESTS
        else standing.used.day_left_s
        for name in standing.broken
    ]
    return rate_fields(standing) | {hdrs.RETRY_AFTER: str(max(1, whole_s(max(waits))))}


def _openai(what: str, limit: int, left: int, fresh_s: float) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{what}": str(limit),
        f"x-ratelimit-remaining-{what}": str(left),
        f"x-ratelimit-reset-{what}": duration(fresh_s),
    }


def whole_s(seconds: float) -> int:
    """Seconds rounded up, but for what is only the error of floating point."""
    return max(0, math.ceil(seconds - _ERROR_S))


_ERROR_S = 1e-6


def duration(seconds: float) -> str:
    """A length of time as OpenAI writes it, rounded up to seconds: ``6m0s``, ``1h0m30s``."""
    whole = whole_s(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    text = f"{whole % 60}s"
    if whole >= _MINUTE:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


_MINUTE = 60
