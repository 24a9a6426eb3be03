"""The notes that a turn keeps while it runs; its receipt is written from them."""

from __future__ import annotations

from types import TracebackType

from ion_framework.clock import Clock
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.receipt import Attempt, Outcome, Participation, StageTiming


class Trace:
    """Notes of one turn: stages, who took part, attempts to generate.

    Args:
        clock: the clock.
        deadline_s: seconds that the turn has.
        shortened: whether its caller gave it less time than the settings do.
    """

    def __init__(self, clock: Clock, deadline_s: float, *, shortened: bool = False) -> None:
        self._monotonic = clock.monotonic
        self.limit_s = deadline_s
        self.shortened = shortened
        self.began = self._monotonic()
        self.deadline = self.began + deadline_s
        self.participations: list[Participation] = []
        self.stages: list[StageTiming] = []
        self.attempts: list[Attempt] = []
        self._held_ms = 0.0

    def now_ms(self) -> float:
        """Milliseconds since the turn began."""
        return (self._monotonic() - self.began) * 1000

    def spent_ms(self) -> float:
        """Milliseconds that the turn has spent: those in which its reader held it do not count.

        Durations are measured with it, so that a slow reader makes no plugin look slow.
        """
        return (self._monotonic() - self.began) * 1000 - self._held_ms

    def held_since(self, began_ms: float) -> None:
        """Note that the reader of the answer has held the turn since then."""
        self._held_ms += self.now_ms() - began_ms

    def remaining_s(self) -> float:
        """Seconds until the turn's deadline, never negative."""
        return max(0.0, self.deadline - self._monotonic())

    def now_and_spent_ms(self) -> tuple[float, float]:
        """What `now_ms` and `spent_ms` say at one and the same moment."""
        now_ms = (self._monotonic() - self.began) * 1000
        return now_ms, now_ms - self._held_ms

    def stage(self, name: str) -> StageTimer:
        """Time a stage, whether it succeeds or not: ``with trace.stage("route"):``."""
        return StageTimer(self, name)

    def note(
        self, implementation: Implementation, outcome: Outcome, started_ms: float, detail: str = ""
    ) -> None:
        """Note what an implementation did.

        Args:
            implementation: the implementation.
            outcome: what it did.
            started_ms: what `spent_ms` was when it began.
            detail: what went wrong, empty otherwise.
        """
        self.participations.append(
            Participation(
                hook=implementation.hook,
                plugin=implementation.plugin,
                distribution=implementation.distribution,
                version=implementation.version,
                outcome=outcome,
                duration_ms=self.spent_ms() - started_ms,
                detail=detail,
            )
        )

    def all_answered(self, hook: str) -> bool:
        """Whether every implementation of a decide hook that was asked had an answer."""
        return all(
            item.outcome is Outcome.ANSWERED for item in self.participations if item.hook == hook
        )

    def last_failure(self, hook: str) -> Participation | None:
        """The last failure in a hook, None where there was none; who was skipped gave nothing."""
        for item in reversed(self.participations):
            if item.hook == hook and item.outcome in (Outcome.FAILED, Outcome.SKIPPED):
                return item
        return None


class StageTimer:
    """Times one stage of a turn.

    Args:
        trace: takes the time.
        name: the stage.
    """

    __slots__ = ("_name", "_spent_ms", "_start_ms", "_trace")

    def __init__(self, trace: Trace, name: str) -> None:
        self._trace = trace
        self._name = name
        self._start_ms = self._spent_ms = 0.0

    def __enter__(self) -> None:
        self._start_ms, self._spent_ms = self._trace.now_and_spent_ms()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        took_ms = self._trace.spent_ms() - self._spent_ms
        self._trace.stages.append(StageTiming(self._name, self._start_ms, took_ms))
