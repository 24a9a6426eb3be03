"""The breaker of one model of a service."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
    Ticket,
)
from ion_framework.resilience.failure_row import FailureRow, RowTry
from ion_framework.resilience.stream_settings import StreamSettings

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_BLAMED = frozenset(
    {
        FailureCause.UNREACHABLE,
        FailureCause.TIMEOUT,
        FailureCause.RATE_LIMITED,
        FailureCause.UNAVAILABLE,
        FailureCause.BAD_ANSWER,
        FailureCause.CUT_OFF,
    }
)
"""Causes that mean that the service is out of order."""

_OWN = frozenset({FailureCause.BUSY, FailureCause.MISCONFIGURED})
"""Causes that lie on this side of the wire and say nothing about the service.

Any further cause is an answer of the service: it works.
"""


class ModelGuard:
    """Admits requests to one model, unless it failed so often in a row that it needs a rest.

    Failures have to come in a row because a service that answers two of three requests is worth
    asking: a share of failures within a time would open the breaker of every busy installation.
    The row is that of `FailureRow`: in the order in which the tries began. A try has succeeded
    with its first word; that its answer breaks off later is told to its reader alone.

    Attributes:
        model: id of the model.

    Args:
        model: id of the model.
        settings: when the breaker opens, and for how long.
        clock: where the time comes from.
        logger: gets one line for each change.
        random: a number from 0 to below 1.
    """

    def __init__(
        self,
        model: str,
        settings: StreamSettings,
        *,
        clock: Clock,
        logger: FilteringBoundLogger,
        random: Callable[[], float] = random_module.random,
    ) -> None:
        self.model = model
        self._settings = settings
        self._clock = clock
        self._row = FailureRow(
            min(settings.breaker_after_s, settings.first_token_s), settings.first_token_s
        )
        self._failures = 0
        self._logger = logger
        self._breaker = Breaker(
            BreakerSettings(
                failures=1,
                open_s=settings.breaker_open_s,
                longest_open_s=settings.breaker_longest_open_s,
                # A probe that hangs must not keep others out for longer than a try may take.
                probe_s=settings.first_token_s,
            ),
            clock,
            random=random,
            on_change=self._changed,
        )

    @property
    def state(self) -> BreakerState:
        """What it does with requests now."""
        return self._breaker.state

    @property
    def opened(self) -> int:
        """How often it has opened, failed probes included."""
        return self._breaker.stats.opened

    @property
    def resting(self) -> bool:
        """Whether a request would be refused now because the model is left alone."""
        return self._breaker.retry_after_s > 0

    @property
    def usual_s(self) -> float:
        """Seconds after which silence is unusual for this model, 0 if it has never answered."""
        return self._row.usual_s or 0.0

    def admit(self, *, fair: bool = True) -> Admission:
        """Leave to ask the model once.

        Args:
            fair: whether the try has enough time to tell whether the model works. One that has not
                never takes the place of a probe from one that has.

        Raises:
            GenerationError: ``circuit_open``, with the seconds until the next probe and no try.
        """
        ticket = self._breaker.admit(beside=not fair)
        if ticket is None:
            raise GenerationError(
                FailureCause.CIRCUIT_OPEN,
                "not asked, because it failed too often in a row",
                retry_after_s=self._breaker.retry_after_s,
                tries=0,
            )
        return Admission(self.model, ticket, self._row.begin(self._clock.monotonic()), self._settle)

    def _settle(self, admission: Admission, verdict: bool | None) -> None:
        """Take an admission back: True it answered, False it failed, None its caller left."""
        now, row, ticket = self._clock.monotonic(), self._row, admission.ticket
        if verdict:
            row.spoke(admission.entry, now)
            ticket.succeeded()
        elif verdict is None:
            row.left(admission.entry, now)
            ticket.abandoned()
        else:
            row.failed(admission.entry, now)
            ticket.failed() if self._is_enough() else ticket.abandoned()

    def _is_enough(self) -> bool:
        """Whether a failure is one too many; that of a probe is."""
        return self._breaker.state is not BreakerState.CLOSED or (
            self._row.count >= self._settings.breaker_failures
            and self._row.lasted_s >= self._settings.breaker_after_s
        )

    def _changed(self, change: BreakerChange) -> None:
        """Begin a new row, and log one line."""
        opened = change.after is BreakerState.OPEN
        if opened and change.before is BreakerState.CLOSED:
            self._failures = self._row.count
        elif opened:
            self._failures += 1
        # What began in another state says nothing about this one.
        self._row.restart()
        (self._logger.warning if opened else self._logger.info)(
            "breaker of a model changed",
            model=self.model,
            before=change.before.value,
            after=change.after.value,
            failures=self._failures,
        )


@attrs.define(eq=False)
class Admission:
    """Leave to ask a model once; exactly the first of its methods that is called counts."""

    model: str
    """Id of the model."""
    ticket: Ticket
    """The breaker's ticket."""
    entry: RowTry
    """The place in the row."""
    _settle: Callable[[Admission, bool | None], None] | None = attrs.field(repr=False)

    def answered(self) -> None:
        """The model answers: its first piece of text is there, or its refusal."""
        self._end(verdict=True)

    def failed(self, cause: FailureCause) -> None:
        """No answer began.

        Causes that lie on this side count as `abandoned`, and those that the service is not to
        blame for as `answered`.
        """
        self._end(verdict=None if cause in _OWN else cause not in _BLAMED)

    def abandoned(self) -> None:
        """The caller left, or its time was up, before anything could be said of the model."""
        self._end(verdict=None)

    def _end(self, *, verdict: bool | None) -> None:
        settle, self._settle = self._settle, None
        if settle is not None:
            settle(self, verdict)
