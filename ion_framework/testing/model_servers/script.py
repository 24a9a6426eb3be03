"""Which behaviour a request meets."""

from __future__ import annotations

from collections import deque

from ion_framework.testing.model_servers.behaviours import Answer, Behaviour
from ion_framework.testing.model_servers.faults import Plan
from ion_framework.testing.model_servers.records import RecordedRequest


class Script:
    """Decides behaviours: first those that are queued, then the plan or the standing behaviour."""

    def __init__(self) -> None:
        self._queue: deque[Behaviour] = deque()
        self._standing: Behaviour | Plan = Answer()
        self._decided = 0

    def behave(self, behaviour: Behaviour) -> None:
        """Every following request meets this; queue and plan are dropped."""
        self._queue.clear()
        self._standing = behaviour

    def behave_next(self, *behaviours: Behaviour) -> None:
        """The next requests meet these, one each, before whatever else was decided."""
        self._queue.extend(behaviours)

    def plan(self, plan: Plan) -> None:
        """Every following request is decided by the plan; the queue is dropped."""
        self._queue.clear()
        self._standing = plan

    def decide(self, request: RecordedRequest) -> Behaviour:
        """What this request meets."""
        number, self._decided = self._decided, self._decided + 1
        if self._queue:
            return self._queue.popleft()
        if isinstance(self._standing, Behaviour):
            return self._standing
        return self._standing(number, request)
