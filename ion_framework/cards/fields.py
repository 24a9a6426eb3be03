"""A persona's fields in the words of a card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ion_framework.cards.books import book_in
from ion_framework.cards.examples import example_text
from ion_framework.domain import hints
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona, pick, pick_list
from ion_framework.domain.template import to_card


class Fields:
    """A persona's fields in the words of a card.

    Args:
        persona: the persona.
        language: the language of the card.
        folder: the folder of its package, None without one.

    Attributes:
        persona: the persona.
        language: the language of the card.
        values: values of placeholders that cards do not know.
        writers: what writes the fields of each part of the persona.
    """

    def __init__(self, persona: Persona, language: Language, folder: Path | None) -> None:
        self.persona = persona
        self.language = language
        self._folder = folder
        self.values: dict[str, str] = {"language": hints.LANGUAGE_NAMES[language]}
        self.values |= dict.fromkeys(("lore_before", "lore_after"), "")
        self.writers: Mapping[str, Callable[[], dict[str, Any]]] = {
            "display_name": self._name,
            "version": lambda: {"character_version": persona.version},
            "description": self._notes,
            "prompts.system": self._system,
            "prompts.reminder": self._reminder,
            "examples": self._examples,
            "greetings": self._greetings,
            "keywords": lambda: {"tags": list(pick_list(persona.keywords, language))},
            "lorebook": self._book,
        }

    def all(self) -> dict[str, Any]:
        """Every field."""
        data: dict[str, Any] = {}
        for write in self.writers.values():
            data |= write()
        if len(self.persona.description) > 1:
            data["creator_notes_multilingual"] = {
                each.value: text for each, text in self.persona.description.items()
            }
        if not self.persona.lorebook.entries:
            del data["character_book"]
        return data

    def _name(self) -> dict[str, Any]:
        return {"name": self.persona.shown_name(self.language)}

    def _notes(self) -> dict[str, Any]:
        return {"creator_notes": pick(self.persona.description, self.language)}

    def _system(self) -> dict[str, Any]:
        text = to_card(pick(self.persona.prompts.system, self.language), self.values).strip()
        # An empty system prompt says the same, and keeps what follows where people look for it.
        text = text.removeprefix("{{original}}").lstrip()
        return {"description": text, "personality": "", "scenario": "", "system_prompt": ""}

    def _reminder(self) -> dict[str, Any]:
        text = pick(self.persona.prompts.reminder, self.language)
        return {"post_history_instructions": to_card(text, self.values)}

    def _examples(self) -> dict[str, Any]:
        own = (item for item in self.persona.examples if item.language is self.language)
        return {"mes_example": example_text((item.user, item.reply) for item in own)}

    def _greetings(self) -> dict[str, Any]:
        first, *others = pick_list(self.persona.greetings, self.language) or ("",)
        return {
            "first_mes": to_card(first, self.values),
            "alternate_greetings": [to_card(text, self.values) for text in others],
        }

    def _book(self) -> dict[str, Any]:
        return {"character_book": book_in(self._folder, self.persona.lorebook)}
