"""An installation in which every persona answers one tone, and texts name the tone they are in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from typing import Any

import attrs

from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import detect_language
from ion_framework.domain.persona import Collaboration, Persona
from ion_framework.domain.resonance import Resonance
from ion_framework.ensemble.ensemble import Ensemble, EnsembleRequest
from ion_framework.ensemble.joint_reply import JointReply
from ion_framework.ensemble.plan import MergeStrategy
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import Candidate
from ion_framework.testing import make_persona, make_plugin, running_ion


class ToneNames:
    """An analyser that reads the tone that a text names, and calm where it names none."""

    @hookimpl
    def ion_analyze(self, turn: Any) -> Resonance:
        """The reading."""
        named = (tone for tone in Tone if tone.value in turn.text)
        key = ResonanceKey(next(named, Tone.CALM), Pace.MEDIUM, Intent.LEARNING)
        return Resonance.given(key, detect_language(turn.text))


async def by_name(turn: Any, _prompt: Any) -> str:
    """Says who speaks and to what."""
    return f"{turn.persona.name} to: {turn.text}"


class Speaker:
    """A generator that says what a function says of turn and prompt.

    Args:
        speak: the answer; what it raises, the generator raises.
    """

    model = "speaker-1"

    def __init__(self, speak: Callable[[Any, Any], Awaitable[str]] = by_name) -> None:
        self.seen: list[tuple[Any, Any]] = []
        self._speak = speak

    @hookimpl
    async def ion_generate(self, turn: Any, prompt: Any) -> Any:
        """The answer."""
        self.seen.append((turn, prompt))
        yield TextChunk(await self._speak(turn, prompt))
        yield Finish(FinishReason.STOP, Usage(10, 5), self.model)


def drawn_to(tone: Tone, name: str, rank: int, *after: str, **changes: Any) -> Persona:
    """A persona that is drawn to one tone and away from the others, and builds on some."""
    tones = {each: Decimal("0.1") for each in Tone} | {tone: Decimal(1)}
    persona = make_persona(name, tone=tones, rank=rank, ensemble=Collaboration(after=after))
    return attrs.evolve(persona, **changes)


ANN = drawn_to(Tone.ANXIOUS, "ann", 1)
BOB = drawn_to(Tone.CURIOUS, "bob", 2)
CAT = drawn_to(Tone.URGENT, "cat", 3)
BOB_AFTER = drawn_to(Tone.CURIOUS, "bob", 2, "ann")
CAT_AFTER = drawn_to(Tone.URGENT, "cat", 3, "ann", "bob")

ANALYZER = make_plugin("tone-names", ToneNames(), "analyzer")

TWO = "I am very anxious about it. I am rather curious about why."
THREE = f"{TWO} This is really urgent for us."


def speaker(target: Speaker | None = None, *, fallback: bool = True) -> Candidate:
    """A generator; one that is no language model unless it says so."""
    return make_plugin("speaker", target or Speaker(), "generator", fallback=fallback)


def respond(
    request: EnsembleRequest | str,
    *plugins: Candidate,
    personas: tuple[Persona, ...] = (ANN, BOB, CAT),
    runner: Callable[[Coroutine[Any, Any, JointReply]], JointReply] = asyncio.run,
    **options: Any,
) -> JointReply:
    """The joint reply to one message."""

    async def main() -> JointReply:
        async with running_ion(ANALYZER, *plugins, personas=personas, **options) as ion:
            return await Ensemble(ion).respond(request)

    return runner(main())


def request_for(
    text: str, *, force: bool = False, strategy: MergeStrategy | None = None, **turn: Any
) -> EnsembleRequest:
    """A request."""
    return EnsembleRequest(TurnRequest(text=text, **turn), force, strategy)
