"""The plugin under examination among simple stand-ins for everything that it does not provide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from decimal import Decimal

import attrs

from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision, decide
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.manifest.model import API_MAJOR, Kind, Manifest
from ion_framework.pipeline.chunks import Chunk, Finish, TextChunk, Usage
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.plugin_host.discovery import Candidate, Factory, inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings

ORDINARY: Mapping[Language, str] = {
    Language.KOREAN: "오늘 뭐부터 하면 좋을까요?",
    Language.ENGLISH: "Where do I start today?",
}
"""A message in each language."""

KEY = ResonanceKey.parse("calm-medium-learning")


@attrs.define
class Dependencies:
    """What the plugin depends on, as it is just now.

    Attributes:
        hung: whether whatever is asked of the stand-ins never comes back.
        failing: whether it fails half-way.
    """

    hung: bool = False
    failing: bool = False

    async def answer(self) -> None:
        """Return at once, or never."""
        if self.hung:
            await asyncio.Event().wait()

    def fail(self) -> None:
        """Raise, where it fails.

        Raises:
            OSError: it does.
        """
        if self.failing:
            raise OSError("what it builds on failed, as the conformance kit wants it")


class StandInAnalyzer:
    """Reads the same key out of every message."""

    @hookimpl
    def ion_analyze(self, turn: Turn) -> Resonance:
        """The key, in the language of the message."""
        return reading(turn.text)


class StandInRouter:
    """Does what the domain says and nothing else."""

    @hookimpl
    def ion_route(self, turn: Turn, personas: tuple[Persona, ...]) -> RoutingDecision | None:
        """The decision for the turn's key."""
        return decide(turn.resonance.key, personas) if turn.resonance else None


class StandInGenerator:
    """Repeats the message, unless the dependencies hang.

    Args:
        dependencies: whether they do.
    """

    model = "stand-in"

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies

    @hookimpl
    async def ion_generate(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The message."""
        await self._dependencies.answer()
        yield TextChunk("You said: ")
        yield TextChunk(prompt.user)
        yield Finish(usage=Usage(1, 1))


def reading(text: str) -> Resonance:
    """A reading of a message, without looking at it."""
    return attrs.evolve(Resonance.given(KEY, detect_language(text)), source="")


def companion(name: str = "companion") -> Persona:
    """A persona that is neutral to everything."""
    shown = {language: name.capitalize() for language in Language}
    return Persona(
        name=name,
        version="1",
        display_name=shown,
        description=shown,
        traits={},
        strengths={},
        affinities=Affinities(tone={KEY.tone: Decimal("0.4")}),
        prompts=PersonaPrompts(dict.fromkeys(Language, "You are {{persona_name}}.")),
    )


def stand_ins(
    kinds: frozenset[Kind], dependencies: Dependencies, plugin: str = ""
) -> tuple[Candidate, ...]:
    """What a turn needs beside a plugin: the kinds that it does not provide, and a persona.

    A generator is always there, as the last one: a generator that cannot reach its service passes.

    Args:
        kinds: what the plugin provides.
        dependencies: on which they depend.
        plugin: its name; what stands in for a kind that it provides comes after it.
    """
    parts: Mapping[Kind, Factory] = {
        Kind.ANALYZER: lambda _: StandInAnalyzer(),
        Kind.ROUTER: lambda _: StandInRouter(),
        Kind.GENERATOR: lambda _: StandInGenerator(dependencies),
    }
    beside = {Kind.ANALYZER, Kind.GENERATOR}
    made = tuple(
        inline(_manifest(kind, plugin if kind in kinds else ""), factory)
        for kind, factory in parts.items()
        if kind not in kinds or kind in beside
    )
    # A router that has nobody to choose from proves nothing.
    names = ("companion", "counterpart") if Kind.ROUTER in kinds else ("companion",)
    manifests = (
        Manifest(name, "A stand-in.", (Kind.PERSONA,), API_MAJOR, persona=companion(name))
        for name in names
    )
    return (*made, *map(inline, manifests))


def _manifest(kind: Kind, after: str) -> Manifest:
    name = f"stand-in-{kind.value}"
    # Among fallbacks names decide, unless somebody says who comes after whom.
    later = (after,) if after else ()
    return Manifest(name, "A stand-in.", (kind,), API_MAJOR, after=later, fallback=bool(after))


def data_only_world(candidate: Candidate, settings: Settings) -> Ion:
    """An `Ion` with a plugin that has no code.

    Args:
        candidate: the plugin.
        settings: its settings.
    """
    own = Settings(plugin={k: v for k, v in settings.plugin.items() if k == candidate.name})
    candidates = (candidate, *stand_ins(frozenset(), Dependencies()))
    return Ion(own, source=lambda: candidates, environ={})


async def answers(ion: Ion, persona: Persona | None) -> list[Finding]:
    """Whether a message in each language is answered while a plugin without code is there.

    Args:
        ion: not yet active.
        persona: the persona to ask, None for whoever fits.
    """
    try:
        async with ion:
            broken = [r for r in ion.plugins if r.status is not Status.ACTIVE]
            if broken:
                return [found("activation", broken[0].name, reason=broken[0].reason)]
            return await unanswered(ion, persona.name if persona else None)
    except IonError as error:
        return [found("activation", "", reason=error)]


async def unanswered(
    ion: Ion, persona: str | None, languages: Iterable[Language] = Language
) -> list[Finding]:
    """A finding for each language in which a message is not answered.

    Each is asked by another caller, so that a limit to the turns of one refuses none.

    Args:
        ion: open.
        persona: the persona to ask, None for whoever fits.
        languages: those to ask in.
    """
    findings = []
    for language in languages:
        request = TurnRequest(
            text=ORDINARY[language],
            persona=persona,
            use_cache=False,
            user_id=f"caller-{language.value}",
        )
        try:
            reply = await ion.respond(request)
        except IonError as error:
            reason = f"{error} {getattr(error, 'detail', '')}".strip()
        else:
            if reply.content.strip() and persona in (None, reply.persona):
                continue
            reason = f"the answer came from {reply.persona}" if reply.content else "it is empty"
        where = persona or "a turn"
        findings.append(found("does-not-answer", where, language=language.value, reason=reason))
    return findings
