"""The evaluator: takes what was counted, and gives notice of what changed."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.clock import Clock
from ion_framework.settings.slo import SloSettings
from ion_framework.slo.alarm import Alarm, AlarmState, Change
from ion_framework.slo.budget import Seen, objectives
from ion_framework.slo.counts import WIDTH, Counts
from ion_framework.slo.history import History
from ion_framework.slo.holding import Holding
from ion_framework.slo.notice import Notice, NoticeState
from ion_framework.slo.report import AlertReport, BurnReport, SloReport
from ion_framework.slo.rules import (
    BURNS,
    DAY_S,
    HOUR_S,
    LONGEST_WINDOW_S,
    MINUTE_S,
    rules_of,
)

EVERY_S = 5.0
"""Seconds between two evaluations."""

_MOST_DAYS = 90
"""Days that are kept: as many as a period may have, so that another one can be asked for."""

_WINDOWS = sorted({each for burn in BURNS for each in (burn.long_s, burn.short_s)})


@attrs.frozen
class Origin:
    """Whose figures they are.

    Attributes:
        host: name of the host.
        links: where to look, by name.
    """

    host: str = ""
    links: Mapping[str, str] = attrs.field(factory=dict)


class Evaluator:
    """Holds what was counted against the rules.

    The first counts that it takes are where it begins: give it some before anything happened.

    Args:
        settings: objectives and limits.
        clock: the clock.
        origin: whose figures they are.
    """

    def __init__(self, settings: SloSettings, clock: Clock, origin: Origin | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._origin = origin or Origin()
        self._recent = History(WIDTH, int(LONGEST_WINDOW_S / MINUTE_S) + 2, MINUTE_S)
        hours = int(_MOST_DAYS * DAY_S / HOUR_S) + 2
        self._period = History(len(Seen(0, 0, 0).row()), hours, HOUR_S)
        self._counts = Counts()
        self._slow_before = 0.0
        self._alarms = [Alarm(rule, settings.repeat_s) for rule in rules_of(settings)]
        self._holding = Holding(self._alarms)
        self._budget = 1.0 - settings.availability

    def adopt(self, settings: SloSettings, origin: Origin | None = None) -> None:
        """Go on by other objectives and limits; what was counted and what fires stays.

        An alert that fires is over where it is clear of its new limit. Of the period so far, what
        was slow is what was slow by the limit of its time.

        Args:
            settings: objectives and limits.
            origin: whose figures they are.
        """
        latest = self._counts
        self._slow_before += latest.slower(self._settings.latency_s)
        self._slow_before -= latest.slower(settings.latency_s)
        self._settings, self._origin = settings, origin or Origin()
        self._budget = 1.0 - settings.availability
        for alarm, rule in zip(self._alarms, rules_of(settings), strict=True):
            alarm.rule, alarm.repeat_s = rule, settings.repeat_s

    def take(self, counts: Counts, instances: int = 1) -> tuple[Notice, ...]:
        """Take what was counted up to now, and give notice of what has changed by it.

        Args:
            counts: the sum over all processes, since a beginning that stays the same.
            instances: processes that serve.
        """
        now, time = self._clock.monotonic(), self._clock.time()
        self._recent.add(now, counts.row())
        self._counts = counts
        seen = Seen.of(counts, self._settings.latency_s)
        self._period.add(now, attrs.evolve(seen, slow=seen.slow + self._slow_before).row())
        grown: dict[float, Counts] = {}
        changes = [(each, each.step(self._value(each, grown), now, time)) for each in self._alarms]
        told = self._holding.told(changes)
        return tuple(self._notice(alarm, change, time, instances) for alarm, change in told)

    def report(self) -> SloReport:
        """How everything is, as of the last counts."""
        time = self._clock.time()
        period_s = self._settings.period_days * DAY_S
        period = Seen(*self._period.grown(period_s))
        hour = Seen.of(self._grown(HOUR_S), self._settings.latency_s)
        observed_s = min(self._period.observed_s, period_s)
        return SloReport(
            at=time,
            observed_s=observed_s,
            period_s=period_s,
            objectives=objectives(self._settings, period, observed_s, hour, time),
            burn_rates=tuple(map(self._burn, _WINDOWS)),
            alerts=tuple(map(self._alert, self._alarms)),
        )

    def _grown(self, window_s: float) -> Counts:
        return Counts.of_row(self._recent.grown(window_s))

    def _value(self, alarm: Alarm, grown: dict[float, Counts]) -> float | None:
        rule = alarm.rule
        for window_s in rule.windows:
            if window_s not in grown:
                grown[window_s] = self._grown(window_s)
        return rule.worst(tuple(rule.reading(grown[each], self._budget) for each in rule.windows))

    def _notice(self, alarm: Alarm, change: Change, time: float, instances: int) -> Notice:
        rule, since = alarm.rule, alarm.since or time
        is_over = change is Change.RESOLVED
        return Notice(
            id=f"{self._origin.host}/{rule.name}/{since:.0f}",
            rule=rule.name,
            measure=rule.measure,
            severity=rule.severity,
            state=NoticeState.RESOLVED if is_over else NoticeState.FIRING,
            value=alarm.value,
            threshold=rule.threshold,
            below=rule.below,
            window_s=rule.windows[0],
            since=since,
            at=time,
            repeated=alarm.repeated,
            host=self._origin.host,
            instances=instances,
            links=dict(self._origin.links),
        )

    def _burn(self, window_s: float) -> BurnReport:
        grown = self._grown(window_s)
        rate = grown.error_rate
        return BurnReport(
            window_s=window_s,
            requests=round(grown.requests),
            rate=None if rate is None else rate / self._budget,
        )

    def _alert(self, alarm: Alarm) -> AlertReport:
        rule = alarm.rule
        return AlertReport(
            rule=rule.name,
            measure=rule.measure,
            severity=rule.severity,
            state=alarm.state,
            value=alarm.value,
            threshold=rule.threshold,
            below=rule.below,
            windows=rule.windows,
            since=None if alarm.state is AlarmState.INACTIVE else alarm.since,
            seen=round(min(rule.seen(self._grown(each)) for each in rule.windows)),
            least=round(rule.least),
        )
