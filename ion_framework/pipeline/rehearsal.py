"""A turn up to its prompt: understood and prepared, and not answered."""

from __future__ import annotations

import attrs

from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.receipt import StageTiming
from ion_framework.pipeline.turn import Turn


@attrs.frozen(kw_only=True)
class Rehearsal:
    """What a turn comes to without an answer: no cache is asked, no generator, no observer told.

    Attributes:
        turn: the turn with its context, reading, decision and persona.
        prompt: what a generator would be told.
        stages: how long each stage took, in order.
    """

    turn: Turn
    prompt: Prompt
    stages: tuple[StageTiming, ...]
