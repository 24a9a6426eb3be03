"""When a request that has arrived begins: one of them each time the event loop has gone round.

An event loop does one thing at a time. Where many requests are begun at once each takes as long as
all of them together, and every figure of the outside looks well meanwhile. So they wait in a queue,
in the order of their coming, and of these the loop begins one every few rounds. This needs no
measurement and no bound that has to be steered: a turn meets the loop up to sixty times, so that a
dozen or so are being worked on at once, and the loop never sleeps while somebody is in the queue.
Requests that wait for a model take no part in a round: rounds are short then, and any number of
them is begun quickly.

Everything that waits for this process itself waits here, so that its wait tells overload from a
burst (`standing`). As long as it is not standing whoever comes is let in, if there is room and he
will not have to wait in vain; while it is, whoever would wait for more than its target is refused.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable

import attrs

from ion_host_aiohttp.run.standing import StandingQueue

ROUNDS = 4
"""Rounds of the loop between two beginnings. With one, four times as many turns share the loop: as
much is answered, but each takes four times as long, and so does a round, for which refusals wait.
Where nothing else is to be done a round takes some microseconds."""
LONGEST_S = 0.02
"""What they count for at most: what held them up once says nothing of the next ones."""
SMOOTHING = 0.1
PATIENT_S = 0.2
"""Seconds: a queue for this process whose least wait is longer is standing, and while it is only
those are let in who may expect to wait for less. Clients who each wait for their answer before they
ask again keep a queue that never runs dry, and are no overload: it is as long as there are clients,
and grows no further. So this is a fifth of the interval, not a twentieth: 64 of them are served
with turns of up to three milliseconds. A load that is too much is found out all the same, since its
queue grows without end."""

Begin = Callable[[float, bool], None]
"""Lets a request begin; told the seconds that it waited, and whether it did so in vain."""


@attrs.define(eq=False)
class Arrival:
    """A request that waits to begin.

    Attributes:
        begin: lets it begin; see `Begin`.
        at: when it came, by the loop's clock.
        is_gone: whether its caller has left.
    """

    begin: Begin
    at: float
    is_gone: bool = False


class Pacing:
    """The queue of what waits for this process itself.

    Args:
        queue_s: seconds that a request waits at most.
    """

    def __init__(self, queue_s: float = 2.0) -> None:
        self._queue_s = queue_s
        self._queue: deque[Arrival] = deque()
        self._gone = 0
        self._standing = StandingQueue(PATIENT_S)
        self._goes_round = False
        self._rounds = 0
        self._each_s = 0.0
        self._begun_at = 0.0

    @property
    def waiting(self) -> int:
        """Requests that wait to begin."""
        return len(self._queue) - self._gone

    @property
    def is_overloaded(self) -> bool:
        """Whether more comes than is worked off."""
        return self._standing.is_standing

    @property
    def admits(self) -> bool:
        """Whether one more would wait for as long as it may, and no longer."""
        most_s = self._standing.target_s if self._standing.is_standing else self._queue_s
        return self.waiting * self._each_s <= most_s

    def arrive(self, begin: Begin, loop: AbstractEventLoop) -> Arrival | None:
        """A request comes in. It begins at once where nobody waits.

        Args:
            begin: lets it begin.
            loop: the running event loop.

        Returns:
            What waits; None where it has begun.
        """
        now = loop.time()
        if self._goes_round:
            arrival = Arrival(begin, now)
            self._queue.append(arrival)
            return arrival
        self._goes_round = True
        self._rounds = ROUNDS
        self._begun_at = now
        loop.call_soon(self._go_round, loop)
        begin(0.0, False)
        return None

    def leave(self, arrival: Arrival) -> None:
        """The caller of a request that has not begun is gone."""
        arrival.is_gone = True
        self._gone += 1

    def _go_round(self, loop: AbstractEventLoop) -> None:
        """The loop has gone round once: after some times the next one may begin."""
        self._rounds -= 1
        if self._rounds:
            loop.call_soon(self._go_round, loop)
            return
        while self._queue and self._queue[0].is_gone:
            self._queue.popleft()
            self._gone -= 1
        if not self._queue:
            self._goes_round = False
            self._standing.ran_dry()
            return
        self._rounds = ROUNDS
        loop.call_soon(self._go_round, loop)
        self._begin(self._queue.popleft(), loop.time())

    def _begin(self, arrival: Arrival, now: float) -> None:
        each_s = min(now - self._begun_at, LONGEST_S)
        self._each_s += (each_s - self._each_s) * SMOOTHING
        self._begun_at = now
        waited_s = now - arrival.at
        self._standing.left(waited_s, now)
        arrival.begin(waited_s, waited_s > self._queue_s)
