"""How the results of a hook's implementations combine: one function per family.

`ion_framework.pipeline.markers.Family` says what each family promises. Implementations are called
one after the other: gathering them costs ten times more than a call and makes order meaningless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ion_framework.errors import HookError, TurnRefusedError
from ion_framework.pipeline.calling import call
from ion_framework.pipeline.containment import NotCalledError
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.verdict import Refusal

GUARD_FAILED = "guard_failed"

FAIR_SHARE = 0.5
"""Share of a turn's time that has to be left for a stage whose limit is longer than the turn."""


def outcome_of(error: HookError) -> Outcome:
    """What a receipt says of an implementation that gave nothing that can be used."""
    return Outcome.SKIPPED if isinstance(error, NotCalledError) else Outcome.FAILED


class Budget:
    """The time of one stage, split among the implementations that are still to be asked.

    Args:
        trace: the turn's notes, which know the turn's deadline.
        limit_s: seconds for the whole stage.
    """

    def __init__(self, trace: Trace, limit_s: float) -> None:
        self.trace = trace
        now_ms = trace.now_ms()
        left_s = max(0.0, trace.limit_s - now_ms / 1000)
        self._whole_s = min(limit_s, left_s)
        self._until_ms = now_ms + self._whole_s * 1000
        own_s = limit_s if trace.shortened else min(limit_s, trace.limit_s * FAIR_SHARE)
        self._is_whole = left_s >= own_s

    def share(self, waiting: int) -> float:
        """Seconds for the next implementation: an equal part of what is left.

        Args:
            waiting: how many are still to be asked, the next one included.
        """
        return max(0.0, self._until_ms - self.trace.now_ms()) / 1000 / waiting

    def is_fair(self, share_s: float, number: int) -> bool:
        """Whether a share is about as much as the settings give: to fail in less is no fault.

        Neither the turn's caller nor somebody who held the event loop may have left it less.

        Args:
            share_s: the share, in seconds.
            number: how many implementations the stage has.
        """
        return self._is_whole and share_s >= self._whole_s / number * FAIR_SHARE


async def guard(
    implementations: Sequence[Implementation], values: Mapping[str, object], budget: Budget
) -> None:
    """Ask every guard.

    Raises:
        TurnRefusedError: one said no, or failed.
    """
    trace = budget.trace
    for index, item in enumerate(implementations):
        started = trace.spent_ms()
        try:
            verdict = await call(item, values, budget.share(len(implementations) - index))
        except HookError as error:
            trace.note(item, outcome_of(error), started, error.reason)
            raise TurnRefusedError(
                item.plugin, GUARD_FAILED, "the message could not be checked, so it is not answered"
            ) from error
        if isinstance(verdict, Refusal):
            trace.note(item, Outcome.REFUSED, started, verdict.code)
            raise TurnRefusedError(item.plugin, verdict.code, verdict.message)
        trace.note(item, Outcome.ALLOWED, started)


async def decide(
    implementations: Sequence[Implementation],
    values: Mapping[str, object],
    budget: Budget,
    check: Callable[[object], None] | None = None,
) -> tuple[object, Implementation] | None:
    """The first answer that is not None, with who gave it; None where nobody has one.

    Args:
        implementations: in the order in which they are asked.
        values: the hook's arguments by name.
        budget: the time for all of them; each gets its share of what is left.
        check: raises ValueError for an answer that cannot be used.
    """
    trace = budget.trace
    accept = partial(_unchanged, check) if check else None
    for index, item in enumerate(implementations):
        started = trace.spent_ms()
        share = budget.share(len(implementations) - index)
        try:
            answer = await call(
                item, values, share, fair=budget.is_fair(share, len(implementations)), accept=accept
            )
        except HookError as error:
            trace.note(item, outcome_of(error), started, error.reason)
            continue
        if answer is None:
            trace.note(item, Outcome.PASSED, started)
            continue
        trace.note(item, Outcome.ANSWERED, started)
        return answer, item
    return None


async def transform(
    implementations: Sequence[Implementation],
    name: str,
    values: Mapping[str, object],
    budget: Budget,
    accept: Callable[[object, object], object] | None = None,
) -> object:
    """Pass one argument of a hook through every implementation; one that fails is skipped.

    Args:
        implementations: in order.
        name: the argument that is transformed.
        values: the hook's arguments by name, with the value to start with.
        budget: the time for all of them; each gets its share of what is left.
        accept: makes the next value of this value and what an implementation returned; raises
            ValueError where that cannot be used. By default what was returned is the next value.
    """
    trace, value = budget.trace, values[name]
    for index, item in enumerate(implementations):
        started = trace.spent_ms()
        share = budget.share(len(implementations) - index)
        own = partial(accept, value) if accept else None
        try:
            changed = await call(
                item,
                values if value is values[name] else {**values, name: value},
                share,
                fair=budget.is_fair(share, len(implementations)),
                accept=own,
            )
        except HookError as error:
            trace.note(item, outcome_of(error), started, error.reason)
            continue
        if changed is None:
            trace.note(item, Outcome.PASSED, started)
            continue
        value = changed
        trace.note(item, Outcome.CHANGED, started)
    return value


def _unchanged(check: Callable[[object], None], answer: object) -> object:
    check(answer)
    return answer
