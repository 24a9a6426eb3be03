"""One message on its way through an ensemble: what it is worked on with, and how long it has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import attrs

from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.generation import RETRY_AFTER_S
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.settings.ensemble import EnsembleSettings

if TYPE_CHECKING:
    from ion_framework.ion import Ion

Respond: TypeAlias = Callable[[TurnRequest], Awaitable[Reply]]
"""Answers one turn, as ``Ion.respond`` does, and raises the same errors."""

LATE = "the time was up before the personas had answered"


@attrs.frozen
class Course:
    """What one message is worked on with.

    Attributes:
        ion: the installation.
        respond: answers a turn.
        request: what was asked.
        trace: its deadline.
    """

    ion: Ion
    respond: Respond
    request: TurnRequest
    trace: Trace

    @property
    def settings(self) -> EnsembleSettings:
        """Bounds."""
        return self.ion.settings.ensemble

    @property
    def model(self) -> LanguageModel:
        """The language model that answers the turns."""
        return LanguageModel(lambda: self.ion.hooks, self.ion.settings.turn, self.ion.clock, "")

    def personas(self) -> Mapping[str, Persona]:
        """The personas that are active now, by name: one may have gone since the plan was made."""
        return {persona.name: persona for persona in self.ion.personas}

    def shown_name(self, name: str, language: Language) -> str:
        """The name that people see for a persona; its own where it is not active any more."""
        persona = self.personas().get(name)
        return persona.shown_name(language) if persona else name

    def share_s(self, among: int) -> float:
        """Seconds for the next of so many steps that have to share what time is left.

        Raises:
            NoAnswerError: there is none left.
        """
        left_s = self.trace.remaining_s()
        if left_s <= 0:
            raise late()
        return left_s / among


def late() -> NoAnswerError:
    """The error of a message whose time was up."""
    return NoAnswerError("generate", LATE, RETRY_AFTER_S, late=True)
