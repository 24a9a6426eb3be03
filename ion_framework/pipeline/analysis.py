"""Reading a message: one analyser after the other, each of which may build on those after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import attrs

from ion_framework.domain.resonance import Resonance
from ion_framework.pipeline import families
from ion_framework.pipeline.answer_checks import check_resonance
from ion_framework.pipeline.families import Budget
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.turn import Turn


class Following:
    """The analysers after the one that is asked, for one that builds on their reading.

    ``await following()`` asks them as the turn would, within half of the time that the asking
    analyser has. They are asked once: a second call gives the same reading, and so does the turn
    where the asking analyser passes or fails afterwards.

    Args:
        implementations: the analysers, in order.
        turn: the turn.
        budget: the time of the analyser that asks.
    """

    def __init__(
        self, implementations: Sequence[Implementation], turn: Turn, budget: Budget
    ) -> None:
        self._implementations = implementations
        self._turn = turn
        self._budget = budget
        self._found: Resonance | None = None

    async def __call__(self) -> Resonance | None:
        """Their reading, with the name of who judged; None where none of them has one."""
        if self._found is None:
            # Half, so that one that hangs leaves the asker the time to go on without it.
            budget = Budget(self._budget.trace, self._budget.share(2))
            self._found = await analyze(self._implementations, self._turn, budget)
        return self._found

    @property
    def found(self) -> Resonance | None:
        """What they said when they were asked, None where they were not."""
        return self._found


async def analyze(
    implementations: Sequence[Implementation], turn: Turn, budget: Budget
) -> Resonance | None:
    """The first reading, with the name of who judged; None where no analyser has one.

    Args:
        implementations: the analysers, in order.
        turn: the turn.
        budget: the time for all of them; each gets its share of what is left.
    """
    for index, item in enumerate(implementations):
        own = Budget(budget.trace, budget.share(len(implementations) - index))
        following = Following(implementations[index + 1 :], turn, own)
        values = {"turn": turn, "following": following}
        answer = await families.decide((item,), values, own, _check)
        if answer is not None:
            resonance = cast("Resonance", answer[0])
            return attrs.evolve(resonance, source=resonance.source or item.plugin)
        if following.found is not None:
            return following.found
    return None


def _check(answer: object) -> None:
    check_resonance(cast("Resonance", answer))
