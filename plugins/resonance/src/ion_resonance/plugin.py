"""What the entry point names: the analyser and the router as one plugin."""

from __future__ import annotations

import asyncio

from ion_framework import PluginContext, Resonance, RoutingDecision, Turn, hookimpl
from ion_framework.domain.persona import Persona
from ion_resonance.analyzer import analyze
from ion_resonance.router import Router

_WARM_UP = ("hello", "안녕하세요")
"""One message a language: lexicons are loaded by language."""


class ResonancePlugin:
    """Answers ``ion_analyze`` and ``ion_route``.

    The engine memoises readings by text, so the plugin keeps none itself.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._router = Router(name)

    @hookimpl
    async def ion_startup(self) -> None:
        """Read the lexicon and compile its patterns, so that no message waits for it."""
        for text in _WARM_UP:
            # In a thread: it takes a tenth of a second, for which nothing else should stand still.
            await asyncio.to_thread(analyze, text, source=self._name)

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """Read the message's tone, pace and intent, with the evidence for them."""
        return analyze(turn.text, source=self._name)

    @hookimpl
    def ion_route(self, turn: Turn, personas: tuple[Persona, ...]) -> RoutingDecision | None:
        """Look the key up in the table of these personas; None for a turn without a reading."""
        if turn.resonance is None:
            return None
        return self._router.route(turn.resonance.key, personas)


def plugin(context: PluginContext) -> ResonancePlugin:
    """The plugin of one `Ion`; the lexicon is read when it starts, not here."""
    return ResonancePlugin(context.name)
