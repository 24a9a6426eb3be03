"""The breaker of one model of a service."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable
from typing import TYPE_CHECKING

from ion_framework.clock import Clock
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience.breaker import (
    Breaker,
    BreakerChange,
    BreakerSettings,
    BreakerState,
    Ticket,
)
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
"""Causes that mean that the service is out of order; any other one is an answer of it."""


class ModelGuard:
    """Admits requests to one model, unless it failed so often in a row that it needs a rest.

    Failures have to come in a row because a service that answers two of three requests is worth
    asking: a share of failures within a time would open the breaker of every busy installation.

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
        self._in_a_row = 0
        self._row_began = 0.0
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
            on_change=self._tell,
        )

    @property
    def state(self) -> BreakerState:
        """What it does with requests now."""
        return self._breaker.state

    @property
    def opened(self) -> int:
        """How often it has opened, failed probes included."""
        return self._breaker.stats.opened

    def admit(self) -> Admission:
        """Leave to ask the model once.

        Raises:
            GenerationError: ``circuit_open``, with the seconds until the next probe and no try.
        """
        ticket = self._breaker.admit()
        if ticket is None:
            raise GenerationError(
                FailureCause.CIRCUIT_OPEN,
                "not asked, because it failed too often in a row",
                retry_after_s=self._breaker.retry_after_s,
                tries=0,
            )
        return Admission(self, ticket)

    def _lives(self) -> None:
        """The model began or ended an answer: a row of failures is over."""
        self._in_a_row = 0

    def _fails(self) -> bool:
        """Count a failure; whether it is one too many."""
        now = self._clock.monotonic()
        if not self._in_a_row:
            self._row_began = now
        self._in_a_row += 1
        return self._breaker.state is not BreakerState.CLOSED or (
            self._in_a_row >= self._settings.breaker_failures
            and now - self._row_began >= self._settings.breaker_after_s
        )

    def _tell(self, change: BreakerChange) -> None:
        """Log one line."""
        opened = change.after is BreakerState.OPEN
        (self._logger.warning if opened else self._logger.info)(
            "breaker of a model changed",
            model=self.model,
            before=change.before.value,
            after=change.after.value,
            failures=self._in_a_row,
        )


class Admission:
    """Leave to ask a model once; exactly the first of its methods that is called counts.

    Args:
        guard: whose.
        ticket: the breaker's ticket.
    """

    def __init__(self, guard: ModelGuard, ticket: Ticket) -> None:
        self._guard = guard
        self._ticket = ticket
        self._open = True

    @property
    def model(self) -> str:
        """Id of the model."""
        return self._guard.model

    def spoke(self) -> None:
        """The first piece of text came: a probe has seen enough, since answers take long."""
        self._guard._lives()  # noqa: SLF001  the two are one thing in two classes
        if self._guard.state is BreakerState.HALF_OPEN:
            self.succeeded()

    def succeeded(self) -> None:
        """The model answered."""
        if self._take():
            self._guard._lives()  # noqa: SLF001  as above
            self._ticket.succeeded()

    def failed(self, cause: FailureCause) -> None:
        """It did not answer; for causes that the service is not to blame for, as `succeeded`."""
        if cause not in _BLAMED:
            self.succeeded()
        elif self._take():
            one_too_many = self._guard._fails()  # noqa: SLF001  as above
            self._ticket.failed() if one_too_many else self._ticket.abandoned()

    def abandoned(self) -> None:
        """The caller left before anything could be said about the model."""
        if self._take():
            self._ticket.abandoned()

    def _take(self) -> bool:
        was_open, self._open = self._open, False
        return was_open
