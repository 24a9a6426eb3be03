"""Listening to whole turns: what was asked, how it was read, the prompt and the answer.

Events for observers say that a turn ended; a tap is told all of it, prompts and gathered context
included. There is none unless an operator asks for one (``ion record``), and no plugin can be one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import attrs

from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.receipt import StageTiming
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import Turn


@attrs.frozen(kw_only=True)
class TurnTold:
    """A whole turn, after its end.

    Attributes:
        turn: the turn as far as it came: the request, the context that was gathered, the reading,
            the decision.
        prompt: what the generator was told; None where the turn ended before.
        reply: the answer; None where there is none.
        code: why there is none, as `ion_framework.pipeline.events.TurnFailed.code`; empty where
            there is one.
        message: the same in words.
        stages: how long each stage took, in order.
        at: end of the turn, seconds since the Unix epoch.
        spent_ms: milliseconds that it took, without those in which its reader held it.
    """

    turn: Turn
    prompt: Prompt | None
    reply: Reply | None
    code: str = ""
    message: str = ""
    stages: tuple[StageTiming, ...] = ()
    at: float
    spent_ms: float


Tap: TypeAlias = Callable[[TurnTold], None]
"""Takes a turn at once: it is called by the turn itself, and must neither wait nor raise."""


class Taps:
    """Everybody who listens to whole turns; usually nobody."""

    def __init__(self) -> None:
        self._taps: tuple[Tap, ...] = ()

    def __bool__(self) -> bool:
        return bool(self._taps)

    def tell(self, told: TurnTold) -> None:
        """Hand a turn to every tap."""
        for tap in self._taps:
            tap(told)

    @contextmanager
    def listening(self, tap: Tap) -> Iterator[None]:
        """Have a tap told every turn that ends meanwhile."""
        self._taps = (*self._taps, tap)
        try:
            yield
        finally:
            self._taps = tuple(one for one in self._taps if one is not tap)
