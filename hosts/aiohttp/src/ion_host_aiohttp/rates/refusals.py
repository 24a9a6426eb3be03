"""How it is said that a caller asks too much."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs

from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.rates.fields import refused_fields, whole_s
from ion_host_aiohttp.rates.quota import REQUESTS, REQUESTS_A_DAY, TOKENS_A_DAY, Quota
from ion_host_aiohttp.rates.store import Standing

_TYPES = "https://iana.org/assignments/http-problem-types#"
QUOTA_EXCEEDED = f"{_TYPES}quota-exceeded"
REDUCED_CAPACITY = f"{_TYPES}temporary-reduced-capacity"
ABNORMAL_USAGE = f"{_TYPES}abnormal-usage-detected"
FAILED_LOGINS = "failed-logins"
STORE_RETRY_S = 5
"""Seconds after which one may ask again whether Redis is back."""

_UNITS = {
    1: "rate_exceeded_second",
    60: "rate_exceeded_minute",
    3600: "rate_exceeded_hour",
    86400: "rate_exceeded_day",
}


def exceeded(standing: Standing, cost: int) -> Failure:
    """A quota is used up: 429, and when there is more of it.

    Args:
        standing: how the caller stands.
        cost: how many requests it asked for.
    """
    return Failure(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="RATE_LIMITED",
        message=_sentence(standing),
        headers=refused_fields(standing, cost),
        problem_type=QUOTA_EXCEEDED,
        extensions={"violated-policies": list(standing.broken)},
    )


def _sentence(standing: Standing) -> Message:
    quota = standing.quota
    if TOKENS_A_DAY in standing.broken:
        return say("tokens_used_up", amount=quota.tokens_per_day)
    if REQUESTS_A_DAY in standing.broken:
        return say("requests_used_up", amount=quota.requests_per_day)
    return say(_UNITS[quota.window_s], amount=quota.limit)


def too_large(quota: Quota, cost: int) -> Failure:
    """A request that counts more than can ever pass: 413, because waiting does not help.

    Args:
        quota: what the caller may do.
        cost: how many requests it counts.
    """
    return Failure(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        code="REQUEST_TOO_LARGE",
        message=say("costs_too_much", cost=cost, most=quota.most_at_once),
        details={"cost": cost, "most": quota.most_at_once},
    )


def unknowable() -> Failure:
    """It cannot be known what callers have used, and so nobody passes: 503."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="RATE_LIMIT_UNAVAILABLE",
        message=say("rates_unknowable"),
        headers={hdrs.RETRY_AFTER: str(STORE_RETRY_S)},
        problem_type=REDUCED_CAPACITY,
        extensions={"violated-policies": [REQUESTS]},
    )


def too_many_failures(seconds: float) -> Failure:
    """Too many credentials from this address were not valid: 429.

    Args:
        seconds: until the next is looked at.
    """
    wait = max(1, whole_s(seconds))
    return Failure(
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="TOO_MANY_FAILED_LOGINS",
        message=say("too_many_failures", seconds=wait),
        headers={hdrs.RETRY_AFTER: str(wait)},
        problem_type=ABNORMAL_USAGE,
        extensions={"violated-policies": [FAILED_LOGINS]},
    )
