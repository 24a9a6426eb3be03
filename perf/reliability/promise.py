"""A promise, what its check is given, and what it finds."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs


@attrs.frozen
class Finding:
    """One figure of a promise.

    Attributes:
        what: what was measured.
        target: what is promised of it, with its unit.
        figure: what was found, with its unit.
        kept: whether the figure is at or beyond the target.
        samples: the raw samples behind it, by name; in seconds unless the name says otherwise.
    """

    what: str
    target: str
    figure: str
    kept: bool
    samples: Mapping[str, Sequence[float]] = attrs.field(factory=dict, repr=False)


@attrs.frozen
class Setting:
    """What a check is run with.

    Attributes:
        seed: start of every random choice; printed, so that a run can be repeated.
        folder: an empty folder for what processes write.
        scale: share of the promised length, 1 for the promise itself. Shorter runs show that a
            check works, not that the promise is kept.
    """

    seed: int
    folder: Path
    scale: float = 1.0

    def random(self, purpose: str) -> random.Random:
        """Random numbers for one purpose, so that no two purposes disturb each other."""
        return random.Random(f"{self.seed}/{purpose}")  # noqa: S311  repeatable, not secret

    def seconds(self, promised: float, least: float = 1.0) -> float:
        """A length of time at this scale, in seconds."""
        return max(least, promised * self.scale)

    def number(self, promised: int, least: int = 1) -> int:
        """A number of repetitions at this scale."""
        return max(least, round(promised * self.scale))


Check = Callable[[Setting], Coroutine[Any, Any, Sequence[Finding]]]


@attrs.frozen
class Promise:
    """A promise of the scorecard.

    Attributes:
        number: its number there.
        title: what is promised, one line.
        check: measures it.
        seconds: about how long that takes on two cores.
        fast: whether it is checked at every commit.
    """

    number: int
    title: str
    check: Check
    seconds: float
    fast: bool = False
