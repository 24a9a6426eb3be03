"""What of several alerts about the same budget is told: the fastest, and a slower one after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ion_framework.slo.alarm import Alarm, AlarmState, Change
from ion_framework.slo.notice import Measure


class Holding:
    """Holds notices of a slow burn back while a faster one of the same budget fires.

    What burns a budget fast burns it slowly, too: whoever was told of the one learns nothing by the
    other. Once the faster one is over, a slower one that still fires is told.

    Args:
        alarms: the alarms; of those of burn rates the one with the highest limit is the fastest.
    """

    def __init__(self, alarms: Sequence[Alarm]) -> None:
        burns = [alarm for alarm in alarms if alarm.rule.measure is Measure.BURN_RATE]
        self._burns = sorted(burns, key=lambda alarm: alarm.rule.threshold, reverse=True)
        self._held: set[str] = set()

    def told(
        self, changes: Iterable[tuple[Alarm, Change | None]]
    ) -> tuple[tuple[Alarm, Change], ...]:
        """What somebody must be told, of what has changed; asked once after every step.

        Args:
            changes: every alarm, after its step, with what it says.
        """
        decided = ((alarm, self._change(alarm, change)) for alarm, change in changes)
        return tuple((alarm, change) for alarm, change in decided if change is not None)

    def _change(self, alarm: Alarm, change: Change | None) -> Change | None:
        name, is_covered = alarm.rule.name, self._is_covered(alarm)
        if name in self._held:
            if change is not Change.RESOLVED and is_covered:
                return None
            self._held.discard(name)
            if change is Change.RESOLVED:
                # Nobody was told that it fires, so that nobody needs to hear that it is over.
                return None
            alarm.repeated = 0
            return Change.FIRED
        if not is_covered or change is Change.RESOLVED:
            return change
        if change is Change.FIRED:
            self._held.add(name)
        return None

    def _is_covered(self, alarm: Alarm) -> bool:
        """Whether a faster one of the same budget fires."""
        if alarm not in self._burns:
            return False
        faster = self._burns[: self._burns.index(alarm)]
        return any(each.state is AlarmState.FIRING for each in faster)
