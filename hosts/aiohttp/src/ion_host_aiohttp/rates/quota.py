"""What a caller may do: how many requests in any span of time, and how much in a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ion_host_aiohttp.rates.window import Log, free_at, total

if TYPE_CHECKING:
    from limits import RateLimitItem

REQUESTS = "requests"
REQUESTS_A_DAY = "requests-day"
TOKENS_A_DAY = "tokens-day"
DAY_S = 86400


@attrs.frozen(kw_only=True)
class Quota:
    """What a caller may do.

    Attributes:
        limit: requests in any window; None is no bound.
        window_s: length of the window, whole seconds.
        grace: requests above the limit that one window may hold. They are borrowed: any two
            windows in a row hold twice the limit at most.
        remembers_s: seconds for which requests have to be remembered.
        requests_per_day: requests in a day of UTC; None is no bound.
        tokens_per_day: tokens in a day of UTC; None is no bound.
        is_unbounded: whether there is nothing to count.
        most_at_once: the largest cost that can ever pass, None without a bound.
    """

    limit: int | None
    window_s: int = 60
    grace: int = 0
    remembers_s: int = attrs.field()
    requests_per_day: int | None = None
    tokens_per_day: int | None = None
    is_unbounded: bool = attrs.field(init=False, eq=False, repr=False)
    most_at_once: int | None = attrs.field(init=False, eq=False, repr=False)

    @remembers_s.default
    def _as_long_as_needed(self) -> int:
        return 2 * self.window_s if self.grace else self.window_s

    @classmethod
    def of(cls, item: RateLimitItem | None, grace: float = 0.0) -> Quota:
        """The quota of a rate in the notation of the library limits; None is no bound.

        Args:
            item: the rate.
            grace: what may be borrowed, as a share of the limit, 0 to 1.
        """
        if item is None:
            return cls(limit=None)
        return cls(limit=item.amount, window_s=item.get_expiry(), grace=int(item.amount * grace))

    @is_unbounded.default
    def _has_no_bound(self) -> bool:
        return self.limit is None and self.requests_per_day is None and self.tokens_per_day is None

    @most_at_once.default
    def _least_bound(self) -> int | None:
        bounds = [self.limit + self.grace] if self.limit is not None else []
        if self.requests_per_day is not None:
            bounds.append(self.requests_per_day)
        return min(bounds, default=None)

    def at_load(self, share: float) -> Quota:
        """The quota while the host is overloaded: a share of the limit, and nothing is lent."""
        if self.limit is None:
            return self
        return attrs.evolve(self, limit=max(1, int(self.limit * share)), grace=0)

    def divided(self, processes: int) -> Quota:
        """The part of one process where the processes cannot count together; at least 1 of each."""
        return attrs.evolve(
            self,
            limit=_part(self.limit, processes),
            grace=self.grace // processes,
            requests_per_day=_part(self.requests_per_day, processes),
            tokens_per_day=_part(self.tokens_per_day, processes),
        )


def _part(number: int | None, processes: int) -> int | None:
    return None if number is None else max(1, number // processes)


@attrs.frozen
class Used:
    """What a caller has used up to now.

    Attributes:
        now: the time, by the clock of the log.
        log: its requests.
        requests: requests of this day.
        tokens: tokens of this day.
        day_left_s: seconds until the day of UTC ends.
    """

    now: float
    log: Log = ()
    requests: int = 0
    tokens: int = 0
    day_left_s: float = DAY_S


def violated(quota: Quota, used: Used, cost: int, *, runs_turns: bool) -> tuple[str, ...]:
    """The names of what does not let a request pass; empty where it may."""
    found = []
    if quota.limit is not None and cost > remaining(quota, used):
        found.append(REQUESTS)
    if quota.requests_per_day is not None and used.requests + cost > quota.requests_per_day:
        found.append(REQUESTS_A_DAY)
    if runs_turns and quota.tokens_per_day is not None and used.tokens >= quota.tokens_per_day:
        found.append(TOKENS_A_DAY)
    return tuple(found)


def remaining(quota: Quota, used: Used) -> int:
    """How many requests would pass now by the limit, which must not be None; 0 or more."""
    return remaining_of(quota, used.log, used.now)


def remaining_of(quota: Quota, log: Log, now: float) -> int:
    """As `remaining`, by the log of a caller and the time, by the clock of the log."""
    limit = quota.limit or 0
    left = limit + quota.grace - total(log, now - quota.window_s)
    if quota.grace:
        left = min(left, 2 * limit - total(log, now - 2 * quota.window_s))
    return max(0, left)


def wait_s(quota: Quota, used: Used, cost: int) -> float:
    """Seconds until so many requests pass by the limit, which must not be None."""
    limit = quota.limit or 0
    at = free_at(used.log, used.now, quota.window_s, limit + quota.grace - cost)
    if quota.grace:
        at = max(at, free_at(used.log, used.now, 2 * quota.window_s, 2 * limit - cost))
    return max(0.0, at - used.now)


def fresh_in_s(quota: Quota, used: Used) -> float:
    """Seconds until nothing that was asked counts any more."""
    return max(0.0, used.log[-2] + quota.remembers_s - used.now) if used.log else 0.0
