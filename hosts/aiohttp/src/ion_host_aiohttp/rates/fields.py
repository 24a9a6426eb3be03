"""What header fields tell a caller of its quota.

``RateLimit-Policy`` and ``RateLimit`` are structured fields (RFC 9651) by
draft-ietf-httpapi-ratelimit-headers-10; ``x-ratelimit-…`` are those that clients of OpenAI read.
Beside the draft's parameters there are two of ours: ``ion-local`` where this process counts alone
because Redis is gone, and the unit ``ion-tokens``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import hdrs
from multidict import istr

from ion_host_aiohttp.rates.quota import (
    DAY_S,
    REQUESTS,
    REQUESTS_A_DAY,
    TOKENS_A_DAY,
    fresh_in_s,
    remaining_of,
    wait_s,
)
from ion_host_aiohttp.rates.store import Standing

POLICY = istr("RateLimit-Policy")
STATE = istr("RateLimit")


def rate_fields(standing: Standing) -> dict[str, str]:
    """The header fields of an answer; none where nothing is bounded.

    Args:
        standing: how the caller stands.
    """
    quota, used = standing.quota, standing.used
    states: list[str] = []
    found: dict[str, str] = {}
    if quota.limit is not None:
        left = remaining_of(quota, used.log, used.now)
        more_s = whole_s(wait_s(quota, used, left + 1))
        states.append(f'"{REQUESTS}";r={left};t={more_s}')
        _add_openai(found, _OF_REQUESTS, quota.limit, left, fresh_in_s(quota, used))
    if quota.requests_per_day is not None:
        left = max(0, quota.requests_per_day - used.requests)
        states.append(f'"{REQUESTS_A_DAY}";r={left};t={whole_s(used.day_left_s)}')
    if quota.tokens_per_day is not None:
        left = max(0, quota.tokens_per_day - used.tokens)
        states.append(f'"{TOKENS_A_DAY}";r={left};t={whole_s(used.day_left_s)}')
        _add_openai(found, _OF_TOKENS, quota.tokens_per_day, left, used.day_left_s)
    if states:
        found[POLICY] = _policies(
            quota.limit,
            quota.window_s,
            quota.requests_per_day,
            quota.tokens_per_day,
            standing.local,
        )
        found[STATE] = ", ".join(states)
    return found


@lru_cache(1024)
def _policies(
    limit: int | None,
    window_s: int,
    requests_per_day: int | None,
    tokens_per_day: int | None,
    local: bool,
) -> str:
    """What is bounded, which is the same for all callers of a tier."""
    flag = ";ion-local" if local else ""
    found = []
    if limit is not None:
        found.append(f'"{REQUESTS}";q={limit};w={window_s}{flag}')
    if requests_per_day is not None:
        found.append(f'"{REQUESTS_A_DAY}";q={requests_per_day};w={DAY_S}{flag}')
    if tokens_per_day is not None:
        unit = ';qu="ion-tokens"'
        found.append(f'"{TOKENS_A_DAY}";q={tokens_per_day};w={DAY_S}{unit}{flag}')
    return ", ".join(found)


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


def _add_openai(
    found: dict[str, str], names: tuple[str, str, str], limit: int, left: int, fresh_s: float
) -> None:
    limit_name, left_name, fresh_name = names
    found[limit_name] = str(limit)
    found[left_name] = str(left)
    found[fresh_name] = _written(whole_s(fresh_s))


def _names(what: str) -> tuple[str, str, str]:
    """The names of three fields, in a form that headers need not fold for every answer."""
    limit, left, fresh = (
        istr(f"x-ratelimit-{kind}-{what}") for kind in ("limit", "remaining", "reset")
    )
    return limit, left, fresh


_OF_REQUESTS, _OF_TOKENS = _names("requests"), _names("tokens")


def whole_s(seconds: float) -> int:
    """Seconds rounded up, but for what is only the error of floating point."""
    whole = math.ceil(seconds - _ERROR_S)
    return max(0, whole)


_ERROR_S = 1e-6


def duration(seconds: float) -> str:
    """A length of time as OpenAI writes it, rounded up to seconds: ``6m0s``, ``1h0m30s``."""
    return _written(whole_s(seconds))


@lru_cache(1024)
def _written(whole: int) -> str:
    hours, minutes = whole // 3600, whole % 3600 // 60
    text = f"{whole % 60}s"
    if whole >= _MINUTE:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text


_MINUTE = 60
