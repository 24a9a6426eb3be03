"""One rule over time: waiting until it has held for long enough, firing, over."""

from __future__ import annotations

from enum import StrEnum

import attrs

from ion_framework.slo.rules import Rule

CALM_S = 60.0
"""Seconds for which an alert that fires must be clear of its limit before it is over."""


class AlarmState(StrEnum):
    """Where an alert stands."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Change(StrEnum):
    """What somebody must be told."""

    FIRED = "fired"
    REPEATED = "repeated"
    RESOLVED = "resolved"


@attrs.define
class Alarm:
    """The state of a rule.

    Attributes:
        rule: the rule.
        repeat_s: seconds after which it is told again that it still fires.
        state: where it stands.
        value: what was measured last, None where there was too little to measure.
        since: when it began to hold, seconds since the Unix epoch; None while it does not.
        repeated: how often it was told again.
    """

    rule: Rule
    repeat_s: float
    state: AlarmState = AlarmState.INACTIVE
    value: float | None = None
    since: float | None = None
    repeated: int = 0
    _began_at: float = 0.0
    _told_at: float = 0.0
    _calm_at: float | None = None

    def step(self, value: float | None, now: float, time: float) -> Change | None:
        """Take a measurement; gives what somebody must be told, None where that is nothing.

        Args:
            value: what was measured.
            now: seconds on a clock that never goes back.
            time: seconds since the Unix epoch.
        """
        self.value = value
        if self.state is AlarmState.FIRING:
            return self._still(now)
        if not self.rule.holds(value):
            self.state, self.since = AlarmState.INACTIVE, None
            return None
        if self.state is AlarmState.INACTIVE:
            self.state, self.since, self._began_at = AlarmState.PENDING, time, now
        if now - self._began_at < self.rule.lasts_s:
            return None
        self.state, self.repeated, self._told_at, self._calm_at = AlarmState.FIRING, 0, now, None
        return Change.FIRED

    def _still(self, now: float) -> Change | None:
        if self.rule.is_over(self.value):
            self._calm_at = now if self._calm_at is None else self._calm_at
            if now - self._calm_at >= CALM_S:
                self.state = AlarmState.INACTIVE
                return Change.RESOLVED
            return None
        self._calm_at = None
        if now - self._told_at < self.repeat_s:
            return None
        self._told_at = now
        self.repeated += 1
        return Change.REPEATED
