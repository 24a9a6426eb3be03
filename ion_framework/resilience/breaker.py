"""A circuit breaker: what keeps failing is left alone for a while, and then asked by one caller.

Closed, every call is admitted. After some failures within a short window the breaker opens, and
calls are refused at once instead of waiting for a timeout each. When the open time is over, one
probe is admitted (half open): it closes the breaker, or opens it again.

    ticket = breaker.admit()
    if ticket is None:
        raise Refused(breaker.retry_after_s)
    try:
        answer = await call()
    except OSError:
        ticket.failed()
        raise
    except asyncio.CancelledError:
        ticket.abandoned()
        raise
    ticket.succeeded()

The pattern: M. Nygard, Release It!, chapter on stability patterns.
"""

from __future__ import annotations

import math
import random as random_module
from collections import deque
from collections.abc import Callable
from enum import StrEnum

import attrs
from attrs.validators import ge, gt, lt

from ion_framework.clock import Clock


class BreakerState(StrEnum):
    """What a breaker does with calls."""

    CLOSED = "closed"
    """All calls are admitted."""
    OPEN = "open"
    """Calls are refused; the first one after the open time becomes a probe."""
    HALF_OPEN = "half_open"
    """A probe is out, or its place is free; all other calls are refused."""


@attrs.frozen
class BreakerSettings:
    """When a breaker opens, and for how long.

    Raises:
        ValueError: a value is outside its range; the message names it.
    """

    failures: int = attrs.field(default=3, validator=ge(1))
    """So many failures within `window_s` open it; at least 1."""
    window_s: float = attrs.field(default=1.0, validator=gt(0))
    """Seconds in which the failures must lie; more than 0."""
    open_s: float = attrs.field(default=0.5, validator=[gt(0), lt(math.inf)])
    """Seconds from opening to the first probe, before jitter; more than 0, finite."""
    jitter: float = attrs.field(default=0.2, validator=[ge(0), lt(1)])
    """Share by which each open time is made longer or shorter at random, from 0 to below 1, so
    that many processes do not probe in step."""
    longest_open_s: float = attrs.field(validator=lt(math.inf))
    """Each failed probe doubles the open time up to so many seconds, before jitter; at least
    `open_s`, which is the default: no growth; finite."""
    probe_s: float = attrs.field(default=5.0, validator=[gt(0), lt(math.inf)])
    """Seconds after which a probe without a verdict no longer keeps others out; more than 0,
    finite."""

    @longest_open_s.default
    def _without_growth(self) -> float:
        return self.open_s

    @longest_open_s.validator
    def _not_below_the_first(self, _: object, value: float) -> None:
        if not value >= self.open_s:
            raise ValueError(f"'longest_open_s' must be >= open_s ({self.open_s}): {value}")


@attrs.frozen
class BreakerChange:
    """A breaker went from one state to another."""

    before: BreakerState
    """The state that ended."""
    after: BreakerState
    """The state that began."""
    at: float
    """When, in monotonic seconds of the breaker's clock."""
    failures: int
    """Failures that counted in this outage: those that opened the breaker, and failed probes."""


@attrs.frozen
class BreakerStats:
    """A breaker's state and what it has counted since it was made."""

    state: BreakerState
    """The state now."""
    opened: int
    """How often it opened, failed probes included."""
    refused: int
    """Calls that were not admitted."""
    failures: int
    """Tickets that ended as failed, late ones included."""
    successes: int
    """Tickets that ended as succeeded, late ones included."""


@attrs.define(eq=False)
class Ticket:
    """One admitted call; tell it how the call ended, once. Made by `Breaker.admit`."""

    _end: Callable[[Ticket, bool | None], None] | None = attrs.field(repr=False)
    period: int
    """Number of the period, between two changes of state, in which the call was admitted."""

    def succeeded(self) -> None:
        """The call proved that the other side works. Does nothing on a ticket that has ended."""
        end, self._end = self._end, None
        if end is not None:
            end(self, True)

    def failed(self) -> None:
        """The call failed in a way that the other side is to blame for; else as `succeeded`."""
        end, self._end = self._end, None
        if end is not None:
            end(self, False)

    def abandoned(self) -> None:
        """The call ended without a verdict: its caller left. A probe's place is free again."""
        end, self._end = self._end, None
        if end is not None:
            end(self, None)


class Breaker:
    """Admits calls or refuses them, by how earlier ones ended.

    Every call is O(1), and memory is bounded by ``settings.failures``. It belongs to one event
    loop or thread: it has no lock. A ticket from before the last change of state is counted but
    moves nothing, so that a late success does not close an open breaker, and a late failure does
    not open one that has closed again. A probe that outlived ``probe_s`` still belongs to the
    state it was admitted in: its verdict counts, as long as no other probe came first.

    Args:
        settings: when it opens, and for how long.
        clock: where the time comes from.
        random: a number from 0 to below 1 for the jitter.
        on_change: called once for each change of state, after it; made for one log line. What it
            raises reaches whoever caused the change.
    """

    def __init__(
        self,
        settings: BreakerSettings,
        clock: Clock,
        *,
        random: Callable[[], float] = random_module.random,
        on_change: Callable[[BreakerChange], None] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._random = random
        self._on_change = on_change
        self._state = BreakerState.CLOSED
        self._period = 0
        self._recent: deque[float] = deque(maxlen=settings.failures)
        self._open_s = settings.open_s
        self._probe_at = 0.0
        self._probe: Ticket | None = None
        self._beside_at = 0.0
        self._beside: Ticket | None = None
        self._outage = self._opened = self._refused = self._failures = self._successes = 0

    @property
    def state(self) -> BreakerState:
        """The state now; open stays open until a call comes that can be the probe."""
        return self._state

    @property
    def retry_after_s(self) -> float:
        """Seconds until a call is admitted, 0 if it would be now.

        While a probe is out this is an upper bound: its verdict may come sooner.
        """
        if self._state is BreakerState.CLOSED:
            return 0.0
        return max(0.0, self._probe_at - self._clock.monotonic())

    @property
    def stats(self) -> BreakerStats:
        """What has been counted up to now."""
        return BreakerStats(
            state=self._state,
            opened=self._opened,
            refused=self._refused,
            failures=self._failures,
            successes=self._successes,
        )

    def admit(self, *, beside: bool = False) -> Ticket | None:
        """A ticket for a call, or None: do not call now, see `retry_after_s`.

        Args:
            beside: the call may well end before it can tell whether the other side works. When a
                probe is due it is admitted beside the probe's place, one at a time, and keeps no
                better probe out. Its verdict, if it has one, counts as a probe's.
        """
        if self._state is BreakerState.CLOSED:
            return Ticket(self._settle, self._period)
        now = self._clock.monotonic()
        if now < self._probe_at:
            self._refused += 1
            return None
        if beside:
            return self._admit_beside(now)
        self._probe_at = now + self._settings.probe_s
        if self._state is BreakerState.OPEN:
            self._move(BreakerState.HALF_OPEN, now)
        self._probe = Ticket(self._settle, self._period)
        return self._probe

    def _admit_beside(self, now: float) -> Ticket | None:
        if self._state is BreakerState.OPEN:
            self._move(BreakerState.HALF_OPEN, now)
        elif self._beside is not None and now < self._beside_at:
            self._refused += 1
            return None
        self._beside_at = now + self._settings.probe_s
        self._beside = Ticket(self._settle, self._period)
        return self._beside

    def _settle(self, ticket: Ticket, verdict: bool | None) -> None:
        """Take a ticket back: True it succeeded, False it failed, None its caller left."""
        if verdict is None:
            if ticket is self._probe:
                self._probe = None
                self._probe_at = self._clock.monotonic()
            elif ticket is self._beside:
                self._beside = None
        elif verdict:
            self._successes += 1
            if ticket.period == self._period and self._state is BreakerState.HALF_OPEN:
                self._close()
        else:
            self._failures += 1
            if ticket.period == self._period:
                self._blame()

    def _blame(self) -> None:
        """Count a failure that belongs to the present state."""
        now = self._clock.monotonic()
        if self._state is BreakerState.HALF_OPEN:
            self._outage += 1
            self._open_s = min(2 * self._open_s, self._settings.longest_open_s)
            self._open(now)
            return
        recent = self._recent
        recent.append(now)
        if len(recent) == recent.maxlen and now - recent[0] <= self._settings.window_s:
            self._outage = len(recent)
            self._open(now)

    def _open(self, now: float) -> None:
        self._opened += 1
        spread = 1 + self._settings.jitter * (2 * self._random() - 1)
        self._probe_at = now + self._open_s * spread
        self._move(BreakerState.OPEN, now)

    def _close(self) -> None:
        self._recent.clear()
        self._open_s = self._settings.open_s
        self._move(BreakerState.CLOSED, self._clock.monotonic())

    def _move(self, after: BreakerState, now: float) -> None:
        """Enter a state; tickets of the one that ends no longer move anything."""
        before, self._state = self._state, after
        self._period += 1
        self._probe = self._beside = None
        if self._on_change is not None:
            self._on_change(BreakerChange(before, after, at=now, failures=self._outage))
