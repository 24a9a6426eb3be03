"""The places for requests that are worked on, the queue before them, and when to say no.

Requests wait twice: for this process itself, until they begin (`Pacing`), and then for a place,
which bounds what waits for something outside (a language model). Both queues take what comes at one
instant. A queue that does not run dry is overload (`StandingQueue`, which says where that comes
from); then requests are refused, at once and cheaply, so that those that are let in are answered in
time: a server that takes everything under twice its load answers nobody. Where the oldest has
waited for long the newest goes first (adaptive LIFO; Maurer: Fail at Scale, ACM Queue 13/8, 2015).
"""

from __future__ import annotations

import asyncio
from collections import deque
from http import HTTPStatus
from types import TracebackType

import attrs
from aiohttp import hdrs

from ion_framework.clock import Clock, SystemClock
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.run.pacing import Pacing
from ion_host_aiohttp.run.standing import StandingQueue

RETRY_AFTER_S = 1
REDUCED_CAPACITY = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"
CALM_S = 2.0
"""Seconds without a refusal and without a standing queue after which overload is over."""
STALE_S = 0.1
"""Seconds that the oldest in the queue waits before the newest goes first: its caller is the most
likely to be still there, and those before it will not be served in time any more."""


@attrs.frozen
class AdmissionLimits:
    """How much is worked on at once, and how much may wait for it.

    Attributes:
        in_flight: requests that are worked on at once.
        queue: requests that wait for one of these places; more are refused.
        queue_s: seconds that one waits at most.
    """

    in_flight: int = 256
    queue: int = 256
    queue_s: float = 2.0


@attrs.frozen
class AdmissionFigures:
    """What the door has to tell.

    Attributes:
        in_flight: requests that are worked on now.
        waiting: requests that wait to begin, or for a place, now.
        shed: requests refused since the start.
    """

    in_flight: int = 0
    waiting: int = 0
    shed: int = 0


def overload() -> Failure:
    """The host is at its limit: 503, and when to try again."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="OVERLOADED",
        message=say("overloaded", seconds=RETRY_AFTER_S),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
        problem_type=REDUCED_CAPACITY,
    )


class Admission:
    """Lets requests work, as many as there are places.

    Args:
        limits: the places and the queue.
        clock: the clock.

    Attributes:
        pacing: the queue of what waits for this process's own time.
    """

    def __init__(self, limits: AdmissionLimits | None = None, clock: Clock | None = None) -> None:
        self._limits = limits or AdmissionLimits()
        self._clock = clock or SystemClock()
        self._in_flight = 0
        self._waiting: deque[_Waiting] = deque()
        self._shed = 0
        self._hold_s = 0.0
        self._is_overloaded = False
        self._strained_at = 0.0
        self._standing = StandingQueue()
        self.pacing = Pacing(self._limits.queue_s)

    @property
    def overloaded(self) -> bool:
        """Whether the host refuses, or is about to; holds for two calm seconds after the last."""
        if self._standing.is_standing or self.pacing.is_overloaded:
            self._strain()
        elif self._is_overloaded:
            self._is_overloaded = self._clock.monotonic() - self._strained_at < CALM_S
        return self._is_overloaded

    @property
    def in_flight(self) -> int:
        """Requests that are worked on now."""
        return self._in_flight

    def figures(self) -> AdmissionFigures:
        """The figures now."""
        waiting = self.pacing.waiting + len(self._waiting)
        return AdmissionFigures(self._in_flight, waiting, self._shed)

    def check(self, sheddable: bool) -> None:
        """Whether a request that has only just begun has a chance. Nothing is waited for.

        Args:
            sheddable: whether it may be refused at all.

        Raises:
            RequestFailed: 503 with Retry-After.
        """
        if sheddable and self.is_full:
            raise self._refusal()

    @property
    def lets_in(self) -> bool:
        """Whether a request that has only just arrived has a chance; `pacing` takes it then."""
        limits = self._limits
        inside = self.pacing.waiting + self._in_flight + len(self._waiting)
        room = inside < limits.in_flight + limits.queue
        return room and self.pacing.admits and not self._is_congested

    @property
    def _is_congested(self) -> bool:
        """Whether the queue for places is standing, and one more would add to that."""
        return self._standing.is_standing and self._expected_s > self._standing.target_s

    @property
    def is_full(self) -> bool:
        """Whether every place is taken, and every place in the queue."""
        limits = self._limits
        return self._in_flight >= limits.in_flight and len(self._waiting) >= limits.queue

    def count_shed(self) -> None:
        """A request was refused for want of room."""
        self._shed += 1
        self._strain()

    def place(self, sheddable: bool, deadline_s: float | None = None) -> Place:
        """A place for the time of the work; entering it gives the seconds that were waited for it.

        Entering it raises RequestFailed, 503 with Retry-After, where there is none.

        Args:
            sheddable: whether the request may be refused at all. One that may not takes a place
                whether or not there is one.
            deadline_s: seconds that its caller still gives it; one whose time is over, or will be
                before its turn comes, is refused at once.
        """
        patience_s = self._limits.queue_s
        if deadline_s is not None:
            patience_s = min(patience_s, deadline_s)
        return Place(self, self._clock, sheddable, patience_s)

    def take(self, sheddable: bool, patience_s: float) -> bool:
        """Take a place, if there is one at once; False where one may be waited for.

        Args:
            sheddable: whether the request may be refused at all.
            patience_s: seconds that it would wait.

        Raises:
            RequestFailed: 503: there is none, and none is to be waited for.
        """
        is_free = self._in_flight < self._limits.in_flight and not self._waiting
        if not sheddable or (is_free and patience_s > 0):
            self._in_flight += 1
            return True
        if self.is_full or self._expected_s > patience_s or self._is_congested:
            raise self._refusal()
        return False

    def give_back(self, seconds: float) -> None:
        """A place that was held for so long is given back."""
        self._hold_s += (seconds - self._hold_s) * _SMOOTHING
        self._leave()

    @property
    def _expected_s(self) -> float:
        """How long one more would wait, by how long places have been held of late."""
        return self._hold_s * (len(self._waiting) + 1) / self._limits.in_flight

    async def wait(self, patience_s: float) -> float:
        """Wait for a place; gives the seconds that took.

        Raises:
            RequestFailed: 503: none came in time.
        """
        began = self._clock.monotonic()
        waiting = _Waiting(asyncio.get_running_loop().create_future(), began)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(patience_s):
                await waiting.turn
        except BaseException as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            elif waiting.turn.done() and not waiting.turn.cancelled():
                # The place came in the same instant as the end: it goes to the next.
                self._leave()
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise
        return self._clock.monotonic() - began

    def _leave(self) -> None:
        """Hand the place on, to the newest where the oldest has waited in vain."""
        now = self._clock.monotonic()
        while self._waiting:
            oldest_s = now - self._waiting[0].since
            waiting = self._waiting.pop() if oldest_s > STALE_S else self._waiting.popleft()
            if not waiting.turn.done():
                self._standing.left(oldest_s, now)
                waiting.turn.set_result(None)
                return
        self._standing.ran_dry()
        self._in_flight -= 1

    def _refusal(self) -> RequestFailed:
        self.count_shed()
        return RequestFailed(overload())

    def _strain(self) -> None:
        self._is_overloaded = True
        self._strained_at = self._clock.monotonic()


class Place:
    """A place among those that are worked on; entered once.

    Args:
        admission: whose place.
        clock: the clock.
        sheddable: whether the request may be refused.
        patience_s: seconds that it may be waited for.
    """

    __slots__ = ("_admission", "_began", "_clock", "_patience_s", "_sheddable")

    def __init__(
        self, admission: Admission, clock: Clock, sheddable: bool, patience_s: float
    ) -> None:
        self._admission = admission
        self._clock = clock
        self._sheddable = sheddable
        self._patience_s = patience_s
        self._began = 0.0

    def take(self) -> bool:
        """Take the place, if there is one at once; False where it is to be waited for.

        Whoever has it gives it back by `give_back`.

        Raises:
            RequestFailed: 503 with Retry-After.
        """
        is_taken = self._admission.take(self._sheddable, self._patience_s)
        if is_taken:
            self._began = self._clock.monotonic()
        return is_taken

    async def wait(self) -> float:
        """Wait for the place; gives the seconds that took.

        Raises:
            RequestFailed: 503 with Retry-After.
        """
        waited_s = await self._admission.wait(self._patience_s)
        self._began = self._clock.monotonic()
        return waited_s

    def give_back(self) -> None:
        """Give the place back."""
        self._admission.give_back(self._clock.monotonic() - self._began)

    async def __aenter__(self) -> float:
        """Take the place; gives the seconds that were waited for it.

        Raises:
            RequestFailed: 503 with Retry-After.
        """
        return 0.0 if self.take() else await self.wait()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        self.give_back()


@attrs.frozen(eq=False)
class _Waiting:
    turn: asyncio.Future[None]
    since: float


_SMOOTHING = 0.05
