"""Builders: values and whole `Ion` objects with sensible defaults, to say only what matters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import decide
from ion_framework.ion import Ion
from ion_framework.manifest.model import API_MAJOR, Kind, Manifest
from ion_framework.pipeline.markers import hookimpl, pure
from ion_framework.pipeline.turn import Turn, TurnContext, TurnRequest
from ion_framework.plugin_host.discovery import Candidate, Factory, Source, inline, installed
from ion_framework.settings.model import Settings
from ion_framework.testing.fakes import FakeGenerator, FixedAnalyzer


def make_persona(
    name: str = "sage",
    *,
    tone: Mapping[Tone, Decimal] | None = None,
    pace: Mapping[Pace, Decimal] | None = None,
    intent: Mapping[Intent, Decimal] | None = None,
    **changes: Any,
) -> Persona:
    """A persona that speaks both languages.

    Args:
        name: its name.
        tone: affinities for tones; what is not named is 0.5.
        pace: affinities for paces.
        intent: affinities for intents.
        changes: any other field of `Persona`.
    """
    shown = name.capitalize()
    english, korean = Language.ENGLISH, Language.KOREAN
    persona = Persona(
        name=name,
        version="1.0",
        display_name={english: shown, korean: shown},
        description={english: f"{shown} is made for a test.", korean: f"{shown}: 시험용 페르소나."},
        traits={english: ("steady",), korean: ("꾸준함",)},
        strengths={english: ("testing",), korean: ("시험",)},
        affinities=Affinities(tone or {}, pace or {}, intent or {}),
        prompts=PersonaPrompts(
            {english: "You are {{persona_name}}.", korean: "당신은 {{persona_name}}입니다."}
        ),
    )
    return attrs.evolve(persona, **changes)


def make_resonance(key: str = "calm-medium-learning", text: str = "hello") -> Resonance:
    """A reading with this key, in the language of the text."""
    return Resonance.given(ResonanceKey.parse(key), detect_language(text))


def make_turn(
    text: str = "hello",
    *,
    key: str = "calm-medium-learning",
    persona: Persona | None = None,
    context: TurnContext | None = None,
    **request: Any,
) -> Turn:
    """A turn on its way to the generator: analysed, and routed to the persona.

    Args:
        text: the message.
        key: its resonance key.
        persona: who answers.
        context: what is known besides the message.
        request: any other field of `TurnRequest`.
    """
    persona = persona or make_persona()
    resonance = make_resonance(key, text)
    return Turn(
        request=TurnRequest(text=text, **request),
        context=context or TurnContext(),
        resonance=resonance,
        decision=decide(resonance.key, (persona,)),
        persona=persona,
    )


def make_manifest(name: str, *provides: str, **changes: Any) -> Manifest:
    """A manifest for a plugin that lives in this process.

    Args:
        name: the plugin's name.
        provides: its kinds.
        changes: any other field of `Manifest`.
    """
    kinds = tuple(Kind(kind) for kind in provides)
    manifest = Manifest(name, f"{name}, made for a test", kinds, API_MAJOR)
    return attrs.evolve(manifest, **changes)


def make_plugin(name: str, target: object, *provides: str, **changes: Any) -> Candidate:
    """An object with hook implementations as a plugin that lives in this process.

    Args:
        name: the plugin's name.
        target: the object.
        provides: its kinds.
        changes: any other field of `Manifest`.
    """
    return inline(make_manifest(name, *provides, **changes), lambda _: target)


def persona_plugin(persona: Persona) -> Candidate:
    """A data-only persona as a plugin that lives in this process."""
    return inline(make_manifest(persona.name, "persona", persona=persona))


class _StandardRouter:
    """A router that does what the domain says and nothing else."""

    @pure
    @hookimpl
    def ion_route(self, turn: Turn, personas: tuple[Persona, ...]) -> Any:
        """The decision for the turn's key."""
        return decide(turn.resonance.key, personas) if turn.resonance else None


def lone_source(name: str, *companions: Candidate) -> Source:
    """A source with one installed plugin and some that live in this process.

    Args:
        name: the installed plugin; every other one is left out.
        companions: plugins of this process.
    """

    def source() -> tuple[Candidate, ...]:
        return (*(found for found in installed() if found.name == name), *companions)

    return source


def standard_parts(*replaced: str) -> tuple[Candidate, ...]:
    """A fixed analyser, the standard router and a fake generator, except the kinds named."""
    parts: dict[str, tuple[str, Factory]] = {
        "analyzer": ("test-analyzer", lambda _: FixedAnalyzer()),
        "router": ("test-router", lambda _: _StandardRouter()),
        "generator": ("test-generator", lambda _: FakeGenerator()),
    }
    return tuple(
        inline(make_manifest(name, kind), factory)
        for kind, (name, factory) in parts.items()
        if kind not in replaced
    )


def make_ion(
    *plugins: Candidate,
    personas: tuple[Persona, ...] | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
) -> Ion:
    """An `Ion` wholly in this process: nothing installed is looked at.

    Whatever of analyser, router and generator the given plugins do not provide is filled in by a
    simple one; without personas there is one called ``sage``.

    Args:
        plugins: plugins, made with `ion_framework.plugin_host.discovery.inline`.
        personas: data-only personas.
        settings: the settings.
        clock: the clock.
    """
    kinds = {
        kind.value for plugin in plugins if plugin.manifest for kind in plugin.manifest.provides
    }
    known = personas if personas is not None else (make_persona(),)
    candidates = (*plugins, *standard_parts(*kinds), *map(persona_plugin, known))
    return Ion(settings or Settings(), source=lambda: candidates, environ={}, clock=clock)


@asynccontextmanager
async def running_ion(*plugins: Candidate, **options: Any) -> AsyncIterator[Ion]:
    """`make_ion`, activated and started, and stopped at the end."""
    async with make_ion(*plugins, **options) as ion:
        yield ion
