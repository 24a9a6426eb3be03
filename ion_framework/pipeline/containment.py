"""What keeps one plugin from harming turns and other plugins.

That is its places, its quarantine, and the count of what it did wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from ion_framework.errors import GenerationError, HookError, TurnError
from ion_framework.pipeline.bulkhead import Bulkhead, BulkheadFullError
from ion_framework.pipeline.quarantine import LeftOutError, Quarantine, Standing
from ion_framework.pipeline.supervision import Misbehaved, Overrun

if TYPE_CHECKING:
    from ion_framework.pipeline.implementation import Implementation


class NotCalledError(HookError):
    """An implementation was not called: its plugin is in quarantine, or has no place free."""


@attrs.define(eq=False)
class Containment:
    """The bounds of one plugin, shared by all its implementations.

    Attributes:
        bulkhead: its places; None for code that is trusted to come back.
        quarantine: None for one that is never left out: a guard, or the core's own stand-in.
        failures: calls that failed by its fault since the start.
        held: how often it held the event loop longer than is allowed.
        held_s: seconds for which it did, together.
    """

    bulkhead: Bulkhead | None = None
    quarantine: Quarantine | None = None
    failures: int = 0
    held: int = 0
    held_s: float = 0.0

    @property
    def standing(self) -> Standing:
        """How the plugin stands."""
        return self.quarantine.standing if self.quarantine else Standing.IN

    @property
    def is_closed(self) -> bool:
        """Whether no call of it would be let through now."""
        return self.quarantine is not None and self.quarantine.is_closed


class Visit:
    """One call of an implementation, or one reading of its stream, as quarantine sees it.

    Args:
        item: the implementation.

    Raises:
        NotCalledError: its plugin is in quarantine.
    """

    __slots__ = ("_containment", "_item", "_ticket")

    def __init__(self, item: Implementation) -> None:
        self._containment = containment = item.containment
        self._item = item
        self._ticket = 0
        if containment.quarantine is not None:
            try:
                self._ticket = containment.quarantine.admit()
            except LeftOutError as error:
                raise NotCalledError(item.hook, item.plugin, str(error)) from error

    def succeeded(self) -> None:
        """It went well."""
        if self._ticket and self._containment.quarantine is not None:
            self._containment.quarantine.succeeded(self._ticket)

    def withdrawn(self) -> None:
        """It ended without showing anything."""
        if self._ticket and self._containment.quarantine is not None:
            self._containment.quarantine.withdrawn(self._ticket)

    def failed(self, error: HookError, *, fair: bool) -> None:
        """It failed. By its own fault, that is counted and logged.

        Args:
            error: how.
            fair: whether it had the time that the settings give it.
        """
        if not is_own_fault(error, fair=fair):
            self.withdrawn()
            return
        self._containment.failures += 1
        _log_failure(self._item, error)
        if self._containment.quarantine is not None:
            self._containment.quarantine.failed(self._ticket, self._item.hook, error.reason)


def is_own_fault(error: HookError, *, fair: bool) -> bool:
    """Whether a failure tells something of the plugin, and not of the turn.

    What the turn brings with it is no fault: a request that is refused, a deadline that the caller
    set short, a plugin that was not called. Nor is a `GenerationError`: the generator works, and
    says in an orderly way that its service does not; it has a circuit breaker for that.

    Args:
        error: the failure.
        fair: whether the plugin had the time that the settings give it.
    """
    if isinstance(error, NotCalledError):
        return False
    cause = error.__cause__
    if isinstance(cause, GenerationError | TurnError | BulkheadFullError):
        return False
    return fair or not isinstance(cause, Overrun)


def _log_failure(item: Implementation, error: HookError) -> None:
    """One line that names the culprit; quarantine sees to it that there are not many.

    What an exception says of itself may repeat the message of the turn, so that the line has its
    class and its place, and not its text: that stands in the receipt.
    """
    import structlog  # costs 50 ms, and hardly anybody needs it

    cause = error.__cause__
    known = cause is None or isinstance(cause, Overrun | Misbehaved)
    structlog.get_logger("ion").warning(
        "a plugin failed",
        hook=item.hook,
        plugin=item.plugin,
        distribution=item.distribution,
        reason=error.reason if known else f"raised {type(cause).__name__}",
        **_place_of(cause),
    )


def _place_of(error: BaseException | None) -> dict[str, str]:
    """Where an exception was raised, nothing where that is not known."""
    trace = error.__traceback__ if error is not None else None
    if trace is None:
        return {}
    while trace.tb_next is not None:
        trace = trace.tb_next
    return {"at": f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"}
