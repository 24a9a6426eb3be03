"""The object that stands for a persona's manifest among the plugins."""

from __future__ import annotations

from ion_framework.domain.conversation import WHOLE_HISTORY, HistoryLimits
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import Prompt, PromptMaterial, PromptMode, build_prompt
from ion_framework.pipeline.markers import hookimpl, pure
from ion_framework.pipeline.turn import Turn
from ion_framework.settings.model import PromptSettings


class ManifestPersona:
    """A persona from its manifest: it executes nothing but the framework's own code.

    Args:
        persona: the persona.
        settings: how much history a prompt carries.
    """

    def __init__(self, persona: Persona, settings: PromptSettings) -> None:
        self.persona = persona
        self._settings = settings

    @hookimpl
    def ion_provide_personas(self) -> tuple[Persona, ...]:
        """The persona of the manifest."""
        return (self.persona,)

    @pure
    @hookimpl
    def ion_build_prompt(self, turn: Turn, persona: Persona) -> Prompt | None:
        """The standard prompt."""
        if turn.resonance is None:
            return None
        mode = turn.request.prompt_mode
        context = turn.context
        material = PromptMaterial(
            text=turn.text,
            resonance=turn.resonance,
            history=context.history,
            summary=context.summary,
            passages=context.passages,
            notes=context.notes,
        )
        limits = WHOLE_HISTORY if turn.request.whole_history else self._limits(mode)
        return build_prompt(persona, material, mode, limits)

    def _limits(self, mode: PromptMode) -> HistoryLimits:
        compact = mode is PromptMode.COMPACT
        return self._settings.compact if compact else self._settings.standard
