"""From a persona to a card.

A persona that came from a card gets its own card back: every field as it was, but those whose
meaning has been changed in the package since. Any other persona's card is made anew, in one
language. Either way ``extensions.ion`` holds the whole persona.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from ion_framework.cards.block import write_block
from ion_framework.cards.books import book_in
from ion_framework.cards.card import SPECS, Card, block_of, read_card
from ion_framework.cards.carrier import CardFile, Carrier, load
from ion_framework.cards.examples import example_text
from ion_framework.cards.lowering import BLOCK, lower
from ion_framework.cards.mapping import map_card
from ion_framework.domain import hints
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona, pick, pick_list
from ion_framework.domain.template import to_card
from ion_framework.jsonable import to_json
from ion_framework.manifest.writing import lean_table


@attrs.frozen
class Exported:
    """A persona as a card.

    Attributes:
        document: the card's JSON.
        original: the card that the persona came from, None where it came from none.
        changed: the fields that are no longer as they were in it.
    """

    document: Mapping[str, Any]
    original: CardFile | None
    changed: tuple[str, ...]

    def text(self, indent: int | None = None) -> bytes:
        """The card as JSON in UTF-8."""
        return (to_json(self.document, indent) + "\n").encode()


def export(
    persona: Persona, folder: Path | None, version: int, language: Language | None = None
) -> Exported:
    """A persona as a card.

    Args:
        persona: the persona.
        folder: the folder of its package, None without one.
        version: 2 or 3.
        language: of a persona in several languages, the one that the card is to be in; English by
            default, where there is English.

    Raises:
        CardError: the card beside its manifest cannot be read.
    """
    original = original_card(folder) if folder else None
    card = read_card(original.document, original.name) if original else None
    fields = _Fields(persona, _language(persona, language), folder)
    data, changed = _merged(card, fields) if card else (fields.all(), ())
    data = _completed(data, version)
    table = lean_table(persona)
    extensions = data.get("extensions") or {}
    block = {**block_of(data), **write_block(persona.name, persona.version, table, data)}
    if not isinstance(extensions.get(BLOCK, {}), Mapping):
        block["not_ours"] = extensions[BLOCK]
    data["extensions"] = {**extensions, BLOCK: block}
    return Exported(_document(card, data, version), original, changed)


def original_card(folder: Path) -> CardFile | None:
    """The card beside a manifest, None where there is none.

    Raises:
        CardError: it cannot be read.
    """
    for carrier in Carrier:
        file = folder / f"card.{carrier.value}"
        if file.is_file():
            return load(file)
    return None


def _document(card: Card | None, data: Mapping[str, Any], version: int) -> dict[str, Any]:
    spec, said = SPECS[version]
    outside = dict(card.outside) if card else {}
    if card and card.version == version and card.spec_version:
        said = card.spec_version
    if version == 3:  # noqa: PLR2004  the version's name
        return {"spec": spec, "spec_version": said, **outside, "data": data}
    if card is None or card.version == 3:  # noqa: PLR2004  the version's name
        kept = card.spec_version if card and card.spec_version else SPECS[3][1]
        return lower({"spec": SPECS[3][0], "spec_version": kept, **outside, "data": data})
    return {"spec": spec, "spec_version": said, **outside, "data": data}


def _language(persona: Persona, wanted: Language | None) -> Language:
    languages = persona.languages or (Language.ENGLISH,)
    if wanted in languages:
        return wanted
    return Language.ENGLISH if Language.ENGLISH in languages else languages[0]


def _merged(card: Card, fields: _Fields) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The card's own fields, and in them those that say something else by now."""
    persona, data = fields.persona, dict(card.data)
    before = map_card(card).persona(persona.name, persona.version, "the card beside the manifest")
    changed: list[str] = []
    for part, write in fields.writers.items():
        if _part(before, part) != _part(persona, part):
            written = write()
            if part == "display_name" and data.get("nickname"):
                written = {"nickname": written["name"]}
            changed += written
            data |= written
    return data, tuple(changed)


def _part(persona: Persona, path: str) -> object:
    found: object = persona
    for step in path.split("."):
        found = getattr(found, step)
    return found


class _Fields:
    """A persona's fields in the words of a card.

    Args:
        persona: the persona.
        language: the language of the card.
        folder: the folder of its package.
    """

    def __init__(self, persona: Persona, language: Language, folder: Path | None) -> None:
        self.persona = persona
        self._language = language
        self._folder = folder
        self._values = {"language": hints.LANGUAGE_NAMES[language]}
        self._values |= dict.fromkeys(("lore_before", "lore_after"), "")
        self.writers = {
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
        return {"name": self.persona.shown_name(self._language)}

    def _notes(self) -> dict[str, Any]:
        return {"creator_notes": pick(self.persona.description, self._language)}

    def _system(self) -> dict[str, Any]:
        text = to_card(pick(self.persona.prompts.system, self._language), self._values).strip()
        # An empty system prompt says the same, and keeps what follows where people look for it.
        text = text.removeprefix("{{original}}").lstrip()
        return {"description": text, "personality": "", "scenario": "", "system_prompt": ""}

    def _reminder(self) -> dict[str, Any]:
        text = pick(self.persona.prompts.reminder, self._language)
        return {"post_history_instructions": to_card(text, self._values)}

    def _examples(self) -> dict[str, Any]:
        own = (item for item in self.persona.examples if item.language is self._language)
        return {"mes_example": example_text(own)}

    def _greetings(self) -> dict[str, Any]:
        first, *others = pick_list(self.persona.greetings, self._language) or ("",)
        return {
            "first_mes": to_card(first, self._values),
            "alternate_greetings": [to_card(text, self._values) for text in others],
        }

    def _book(self) -> dict[str, Any]:
        return {"character_book": book_in(self._folder, self.persona.lorebook)}


_TEXTS = (
    "name",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "creator",
    "character_version",
)


def _completed(data: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The fields with those that the specification demands; what is there stays as it is."""
    lists = ("alternate_greetings", "tags", *(("group_only_greetings",) if version > 2 else ()))  # noqa: PLR2004  the version's name
    complete = {**dict.fromkeys(_TEXTS, ""), **{name: [] for name in lists}, **data}
    book = data.get("character_book")
    if version > 2 and isinstance(book, Mapping):  # noqa: PLR2004  the version's name
        entries = [{"use_regex": False, **entry} for entry in book["entries"]]
        complete["character_book"] = {**book, "entries": entries}
    return complete
