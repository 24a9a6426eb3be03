"""What an HTTP answer that is no success means to whoever asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from ion_framework.errors import FailureCause

_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")

CAUSES: Mapping[int, FailureCause] = MappingProxyType(
    {
        400: FailureCause.REJECTED,
        401: FailureCause.DENIED,
        402: FailureCause.DENIED,
        403: FailureCause.DENIED,
        404: FailureCause.UNKNOWN_MODEL,
        408: FailureCause.TIMEOUT,
        409: FailureCause.UNAVAILABLE,
        413: FailureCause.REJECTED,
        422: FailureCause.REJECTED,
        425: FailureCause.UNAVAILABLE,
        429: FailureCause.RATE_LIMITED,
        500: FailureCause.UNAVAILABLE,
        502: FailureCause.UNAVAILABLE,
        503: FailureCause.UNAVAILABLE,
        504: FailureCause.UNAVAILABLE,
        529: FailureCause.UNAVAILABLE,
    }
)
"""Causes by status, for services of models; any other status is no answer of such a service."""


def cause_of_status(status: int) -> FailureCause:
    """The cause of a failure by the status alone."""
    return CAUSES.get(status, FailureCause.BAD_ANSWER)


def retry_after_s(given: str | None, now: float) -> float | None:
    """Seconds in a header Retry-After, a number or a date (RFC 9110, section 10.2.3).

    Args:
        given: the header's value, None without one.
        now: seconds since the Unix epoch.

    Returns:
        seconds, at least 0; None where the value says nothing.
    """
    text = (given or "").strip()
    seconds = number_of(text)
    if seconds is not None or not text:
        return seconds
    try:
        date = parsedate_to_datetime(text)
        # A date without a zone is meant as GMT (RFC 9110, section 5.6.7).
        moment = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, moment.timestamp() - now)
    except (ValueError, OverflowError):
        return None


def number_of(given: str | None) -> float | None:
    """A plain decimal number in a header's value; None where it is none, or has no end."""
    text = (given or "").strip()
    return float(text) if _NUMBER.fullmatch(text) else None
