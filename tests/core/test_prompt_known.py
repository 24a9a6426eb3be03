"""Prompts of messages that come one after the other: what is remembered of a persona's texts."""

from __future__ import annotations

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Lorebook, LoreEntry
from ion_framework.domain.persona import Persona, PersonaPrompts
from ion_framework.domain.prompt import Prompt, PromptMaterial, PromptMode, build_prompt
from ion_framework.testing import make_persona, make_resonance

SAID = tuple(Message(Role.USER, f"message {number}") for number in range(3))


def persona_with(text: str, **changed: object) -> Persona:
    """A persona whose texts say this."""
    prompts = PersonaPrompts(
        system={Language.ENGLISH: text, Language.KOREAN: f"한국어 {text}"},
        guidance={Language.ENGLISH: "Heed {{tone}} {{pace}} {{intent}}."},
        reminder={Language.ENGLISH: f"Remember: {text}"},
    )
    return attrs.evolve(make_persona("sage"), prompts=prompts, **changed)


def prompt_of(persona: Persona, text: str, *history: Message, **changed: object) -> Prompt:
    """The prompt for a message."""
    return build_prompt(persona, material_of(text, *history, **changed))


def material_of(text: str, *history: Message, **changed: object) -> PromptMaterial:
    """What a turn brings."""
    resonance = attrs.evolve(make_resonance(), **changed)
    return PromptMaterial(text=text, resonance=resonance, history=history)


def test_another_message_has_the_same_texts_of_the_persona():
    """Two messages of one key differ in nothing but themselves."""
    persona = persona_with("first")
    first, second = (prompt_of(persona, text) for text in ("hello", "good evening"))

    assert attrs.evolve(second, user=first.user) == first
    assert second.user == "good evening"


def test_two_personas_of_one_name_stay_apart():
    """A persona that was read anew has its new texts at once, and the old one its own."""
    before, after = persona_with("first"), persona_with("second")
    systems = [prompt_of(each, "hello").system for each in (before, after, before)]

    assert ["first" in text for text in systems] == [True, False, True]
    assert ["second" in text for text in systems] == [False, True, False]


def test_every_key_has_its_guidance():
    """Tone, pace and intent of each message stand in its own prompt."""
    persona = persona_with("first")
    keys = ("calm-medium-learning", "anxious-burst-planning")
    prompts = [
        build_prompt(persona, PromptMaterial(text="hello", resonance=make_resonance(key)))
        for key in keys
    ]

    assert prompts[0].system != prompts[1].system


@pytest.mark.parametrize("mode", list(PromptMode))
def test_languages_and_modes_stay_apart(mode: PromptMode):
    """A prompt in one language or mode says nothing of one in another."""
    persona = persona_with("first")
    told = [
        build_prompt(persona, material_of("hello", language=language), each)
        for each in (mode, *PromptMode)
        for language in Language
    ]

    assert len({(prompt.system, prompt.mode) for prompt in told}) == len(Language) * len(PromptMode)


def test_the_reminder_stands_before_the_message():
    """However long the history is, the reminder comes right after it."""
    persona = persona_with("first")
    found = [prompt_of(persona, "hello", *SAID[:number]) for number in (0, 2, 1, 2)]

    assert [prompt.insertions[-1].index for prompt in found] == [0, 2, 1, 2]
    assert all("Remember: first" in prompt.insertions[-1].text for prompt in found)


def test_lore_stands_only_where_it_is_called_up():
    """What one message calls up is in no prompt of another, before it or after it."""
    lorebook = Lorebook(entries=(LoreEntry(content="It is a lighthouse.", keys=("tower",)),))
    persona = persona_with("first", lorebook=lorebook)
    systems = [prompt_of(persona, text).system for text in ("hello", "the tower", "hello")]

    assert ["lighthouse" in text for text in systems] == [False, True, False]
    assert systems[0] == systems[2]
