"""What one persona gave to a joint answer."""

from __future__ import annotations

import attrs

from ion_framework.ensemble.aspects import Aspect
from ion_framework.ensemble.broken_off import BrokenOffError
from ion_framework.errors import TurnError
from ion_framework.pipeline.reply import Reply


@attrs.frozen
class Contribution:
    """What came of one persona's part.

    Attributes:
        aspect: what it was to answer.
        shown: the name that people see.
        request_id: its own turn, as receipts, logs and events name it.
        step: the step of the plan that it belonged to, from 0.
        reply: its answer, None where there is none; one that broke off is none.
        error: why there is none, None where there is one.
    """

    aspect: Aspect
    shown: str
    request_id: str
    step: int
    reply: Reply | None = None
    error: TurnError | None = None

    @property
    def persona(self) -> str:
        """Name of the persona."""
        return self.aspect.persona

    @property
    def broken(self) -> Reply | None:
        """What there is of an answer that broke off: for its receipt; its text is for nobody."""
        return self.error.reply if isinstance(self.error, BrokenOffError) else None

    @property
    def text(self) -> str:
        """Its answer without space around it, empty where there is none."""
        return self.reply.content.strip() if self.reply else ""
