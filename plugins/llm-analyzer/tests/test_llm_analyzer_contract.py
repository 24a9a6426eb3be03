"""The installed plugin keeps the contract of an analyser."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

import attrs

from ion_framework import Finish, Ion, Resonance, Settings, ToneReading, Turn, hookimpl
from ion_framework.testing import (
    AnalyzerContract,
    ScriptedGenerator,
    lone_source,
    make_plugin,
    make_resonance,
)
from ion_framework.testing.builders import persona_plugin, standard_parts


class Unsure:
    """The analyser after the plugin, which leaves every message to the model."""

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """A guess."""
        guessed = make_resonance(text=turn.text)
        return attrs.evolve(guessed, tone=ToneReading(guessed.tone.primary, 0.2), source="")


ANSWER = json.dumps(
    {
        "tone": {"label": "frustrated", "confidence": 0.9, "quotes": ["답답해요", "not in it"]},
        "intent": {"label": "planning", "confidence": 0.7, "quotes": ["계획", "keep failing"]},
    }
)


class TestLlmAnalyzer(AnalyzerContract):
    """The plugin, switched on, between a model and an analyser to build on."""

    plugin = "llm-analyzer"
    waived: ClassVar[Mapping[str, str]] = {
        "make": "it builds on another analyser, and asks a generator"
    }

    def make(self) -> Ion:
        """The contract's own stand-ins leave out the analyser that this plugin builds on."""
        source = lone_source(
            self.plugin,
            make_plugin("unsure", Unsure(), "analyzer", fallback=True),
            make_plugin("model", ScriptedGenerator(ANSWER, Finish()), "generator"),
            *standard_parts("analyzer", "generator"),
            *map(persona_plugin, self.companions),
        )
        settings = Settings(plugin={self.plugin: {"enabled": True}})
        return Ion(settings, source=source, environ=self.environ)
