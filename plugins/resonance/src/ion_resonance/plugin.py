"""What the entry point names: the analyser and the router as one plugin."""

from __future__ import annotations

import asyncio

from ion_framework import PluginContext, Resonance, RoutingDecision, Turn, hookimpl, pure
from ion_framework.domain.persona import Persona
from ion_resonance.analyzer import ABSTAIN_BELOW, analyze
from ion_resonance.router import Router
from ion_resonance.settings import ResonanceSettings

_WARM_UP = ("hello", "안녕하세요")
"""One message a language: lexicons are loaded by language."""


class ResonancePlugin:
    """Answers ``ion_analyze`` and ``ion_route``.

    The engine memoises readings by text, so the plugin keeps none itself.

    Args:
        name: name of the plugin, noted in its readings and decisions.
        abstain_below: probability that a tone or an intent has to reach, 0 to 1.
    """

    def __init__(self, name: str, abstain_below: float = ABSTAIN_BELOW) -> None:
        self._name = name
        self._abstain_below = abstain_below
        self._router = Router(name)

    @hookimpl
    async def ion_startup(self) -> None:
        """Read the lexicon and the model, so that no message waits for them."""
        for text in _WARM_UP:
            # In a thread: it takes a tenth of a second, for which nothing else should stand still.
            await asyncio.to_thread(self._read, text)

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """Read the message's tone, pace and intent, with the evidence for them."""
        return self._read(turn.text)

    @pure
    @hookimpl
    def ion_route(self, turn: Turn, personas: tuple[Persona, ...]) -> RoutingDecision | None:
        """Look the key up in the table of these personas; None for a turn without a reading."""
        if turn.resonance is None:
            return None
        return self._router.route(turn.resonance.key, personas)

    def _read(self, text: str) -> Resonance:
        return analyze(text, source=self._name, abstain_below=self._abstain_below)


def plugin(context: PluginContext) -> ResonancePlugin:
    """The plugin of one `Ion`; lexicon and model are read when it starts, not here."""
    settings = context.settings_as(ResonanceSettings)
    return ResonancePlugin(context.name, settings.abstain_below)
