"""How long to wait before trying again.

The formula is the exponential backoff with full jitter of M. Brooker, "Exponential Backoff And
Jitter", AWS Architecture Blog, 2015: ``random_between(0, min(cap, base * 2 ** attempt))``. Of the
variants compared there it makes callers that failed together do the least work together.
"""

from __future__ import annotations

import random as random_module
from collections.abc import Callable


def full_jitter(
    attempt: int,
    *,
    base_s: float = 0.25,
    factor: float = 2.0,
    longest_s: float = 8.0,
    random: Callable[[], float] = random_module.random,
) -> float:
    """Seconds to wait, evenly spread from 0 to ``min(longest_s, base_s * factor ** attempt)``.

    Args:
        attempt: 0 before the first retry, 1 before the second, and so on.
        base_s: seconds that the first wait can have at most; at least 0.
        factor: how much longer each next wait can be; at least 1.
        longest_s: seconds that no wait exceeds; at least 0.
        random: a number from 0 to below 1.

    Raises:
        ValueError: an argument is outside its range.
    """
    if not (attempt >= 0 and base_s >= 0 and factor >= 1 and longest_s >= 0):
        raise ValueError(
            "attempt, base_s and longest_s must be >= 0 and factor >= 1: "
            f"attempt={attempt}, base_s={base_s}, factor={factor}, longest_s={longest_s}"
        )
    try:
        grown = base_s * float(factor) ** attempt
    except OverflowError:
        grown = longest_s
    return random() * min(longest_s, grown)


def delay_s(
    attempt: int,
    asked_s: float | None,
    remaining_s: float,
    *,
    jitter: Callable[[int], float] = full_jitter,
) -> float | None:
    """Seconds to wait before the next try, or None: do not try again, the time is too short.

    What the server asked for is honoured exactly, without jitter; less would be refused again,
    and more wastes the caller's time. A wait must be shorter than the time that remains, because
    the call itself needs some of it.

    Args:
        attempt: 0 before the first retry, 1 before the second, and so on.
        asked_s: what the server wishes (``Retry-After``, ``RetryInfo``), None if it said nothing;
            below 0, such as a date in the past, means at once.
        remaining_s: seconds until the caller's deadline.
        jitter: the wait when the server said nothing; `full_jitter` with other values through
            ``functools.partial``.
    """
    wait = jitter(attempt) if asked_s is None else max(asked_s, 0.0)
    return wait if wait < remaining_s else None
