"""What every persona has to hold."""

from __future__ import annotations

from typing import ClassVar

from ion_framework.domain.key import ALL_KEYS
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.domain.prompt import (
    PromptMaterial,
    PromptMode,
    build_prompt,
    template_values,
)
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingTable, score
from ion_framework.domain.template import SYSTEM_NAMES, render, unknown_names
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing.contracts.plugin import PluginContract


class PersonaContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a persona package."""

    kind: ClassVar[Kind | None] = Kind.PERSONA
    languages: ClassVar[tuple[Language, ...]] = tuple(Language)

    def persona(self) -> Persona:
        """The persona under test, from its manifest."""
        manifest = self.record(self.make()).manifest
        assert manifest is not None
        assert manifest.persona is not None
        return manifest.persona

    def test_it_speaks_its_languages(self) -> None:
        """Name, description, traits, strengths and system prompt exist in every language."""
        persona = self.persona()
        for language in self.languages:
            assert persona.display_name.get(language)
            assert persona.description.get(language)
            assert persona.traits.get(language)
            assert persona.strengths.get(language)
            assert persona.prompts.system.get(language)

    def test_what_it_says_it_says_in_every_language(self) -> None:
        """Every optional text of the persona is missing altogether or there in every language."""
        persona = self.persona()
        voice = persona.voice
        for texts in (
            persona.prompt_style,
            persona.keywords,
            persona.prompts.guidance,
            voice.closing,
            *voice.opening.values(),
        ):
            missing = [language for language in self.languages if not texts.get(language)]
            assert not texts or not missing

    def test_scores_stay_between_0_and_1(self) -> None:
        """The persona's score for each of the 216 keys lies between 0 and 1."""
        persona = self.persona()
        assert all(0 <= score(persona, key) <= 1 for key in ALL_KEYS)

    def test_it_can_be_reached(self) -> None:
        """Against a persona that is neutral to everything, it wins at least one key."""
        table = RoutingTable((*self.companions, self.persona()))
        winners = {decision.primary for decision in table.decisions().values()}
        assert self.plugin in winners

    def test_every_prompt_can_be_built(self) -> None:
        """A prompt can be built for every key, language and mode, and no placeholder is left."""
        persona = self.persona()
        for key in ALL_KEYS:
            for language in self.languages:
                material = PromptMaterial("a message", Resonance.given(key, language))
                for mode in PromptMode:
                    prompt = build_prompt(persona, material, mode)
                    assert prompt.system.strip()
                    assert "{{" not in prompt.system

    def test_the_prompt_begins_the_same_in_every_turn(self) -> None:
        """The rendered system text comes first, the same for every key, so that models cache it."""
        persona = self.persona()
        for language in self.languages:
            for key in (ALL_KEYS[0], ALL_KEYS[-1]):
                resonance = Resonance.given(key, language)
                values = template_values(persona, resonance)
                stable = render(persona.prompts.system[language], values).strip()
                prompt = build_prompt(persona, PromptMaterial("m", resonance))
                assert prompt.system.startswith(stable)
                assert set(unknown_names(persona.prompts.system[language], SYSTEM_NAMES)) == set()

    async def test_it_answers_when_asked_by_name(self) -> None:
        """A turn that names the persona is answered by it."""
        async with self.running() as ion:
            reply = await ion.respond(TurnRequest(text="hello", persona=self.plugin))
            assert reply.persona == self.plugin
