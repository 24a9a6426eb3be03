"""How a host keeps what it promises, as one of its processes counts and knows it."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import attrs

from ion_framework.errors import HookError
from ion_framework.slo.evaluator import Origin
from ion_framework.slo.notice import NoticeState
from ion_framework.slo.notifying import notify
from ion_framework.slo.tally import Tally

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from ion_framework.ion import Ion
    from ion_framework.settings.slo import SloSettings
    from ion_framework.slo.notice import Notice
    from ion_framework.slo.report import SloReport


@attrs.define(eq=False)
class SloWatch:
    """What this process has counted, and what it was told of the whole host.

    Attributes:
        tally: counts what happens in this process.
        report: how the whole host is, None before that was looked at.
    """

    _ion: Ion
    _logger: FilteringBoundLogger
    tally: Tally = attrs.field(factory=Tally, init=False)
    report: SloReport | None = attrs.field(default=None, init=False)

    @classmethod
    def on(cls, ion: Ion, logger: FilteringBoundLogger) -> SloWatch:
        """A watch that counts the events of an `Ion` from now on.

        Args:
            ion: whose events.
            logger: where notices leave a line.
        """
        made = cls(ion, logger)
        ion.listen(made.tally.take)
        return made

    def hear(self, report: SloReport) -> None:
        """How the whole host is now."""
        self.report = report

    async def notify(self, notice: Notice) -> None:
        """Log a notice, and tell every plugin that wants to know."""
        fires = notice.state is NoticeState.FIRING
        (self._logger.error if fires else self._logger.info)(
            "alert",
            rule=notice.rule,
            state=notice.state.value,
            urgency=notice.severity.value,
            value=notice.value,
            threshold=notice.threshold,
            window_s=notice.window_s,
            since=notice.since,
            repeated=notice.repeated,
        )
        await notify(self._ion.hooks.of("ion_notify"), notice, self._failed)

    def _failed(self, error: HookError) -> None:
        self._logger.warning("a notifier failed", plugin=error.plugin, reason=error.reason)


def origin_of(settings: SloSettings) -> Origin:
    """Whose figures they are: the name of the host, and where to look."""
    address = settings.url.rstrip("/")
    links = {"dashboard": f"{address}/dashboard", "slo": f"{address}/api/v2/slo"}
    return Origin(settings.name or socket.gethostname(), links if address else {})
