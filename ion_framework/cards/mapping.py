"""From a card to the ``[persona]`` table of a manifest.

What a card has no field for (affinities, above all) stays neutral; a card that ION itself has
written brings it along. Where each field goes: ``system_prompt``, ``description``, ``personality``
and ``scenario`` make the system text, ``post_history_instructions`` the reminder, ``first_mes`` and
``alternate_greetings`` the greetings, ``mes_example`` the examples, ``tags`` the keywords,
``creator_notes`` the description for people (they never go into a prompt), ``character_book`` the
lorebook. Everything else stays in the card, which stays beside the manifest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from ion_framework.cards.block import BEYOND, digest, read_block
from ion_framework.cards.book_reading import book_remarks, marked_book
from ion_framework.cards.card import Card
from ion_framework.cards.examples import read_examples
from ion_framework.cards.foreign import (
    foreign_remarks,
    foreign_version,
    own_part,
    read_foreign,
)
from ion_framework.cards.remarks import Kind, Remark
from ion_framework.cards.system_text import system_text
from ion_framework.domain import hints
from ion_framework.domain.conversation import shorten
from ion_framework.domain.dialogue import sendable
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Persona
from ion_framework.domain.template import from_card, render_card
from ion_framework.errors import CardError, ManifestError
from ion_framework.manifest.lorebook import book_table
from ion_framework.manifest.persona import name_problem, persona_problems, read_persona

_DESCRIPTION = 300
"""Characters of a description for people."""

_NAME = 40
"""Characters of a name that is made of a character's."""

_SHOWN = 100
"""Characters of the name that people see."""

_TRAIT = 40
_TRAITS = 12

_VERSION = 60
"""Characters of a version."""


@attrs.frozen
class Mapped:
    """A card as a persona.

    Attributes:
        name: the name that suggests itself, empty where none does.
        shown: the name that people see.
        language: the language that the card is written in.
        table: the ``[persona]`` table, without the lorebook.
        book: the lorebook in the card format, None without one.
        restored: whether ION itself had written the card, so that affinities came with it.
        edited: whether another program has changed it since.
        remarks: how it was read.
    """

    name: str
    shown: str
    language: Language
    table: Mapping[str, Any]
    book: Mapping[str, Any] | None
    restored: bool = False
    edited: bool = False
    remarks: tuple[Remark, ...] = ()

    @property
    def names(self) -> Mapping[str, str]:
        """The values of names in its examples and in what people read."""
        return _names(self.shown, self.language)

    def persona(self, name: str, version: str, place: str) -> Persona:
        """The persona that this makes.

        Args:
            name: its name.
            version: its version where the card states none.
            place: the file's name, for errors.

        Raises:
            CardError: it cannot be one; says why.
        """
        lorebook = {"lorebook": book_table(self.book)} if self.book else {}
        try:
            made = read_persona({**self.table, **lorebook}, name, version, place)
        except ManifestError as error:
            raise CardError(*error.problems) from None
        problems = [problem for problem in persona_problems(made) if "lorebook" not in problem]
        if problems:
            raise CardError(*(f"{place}: {problem}" for problem in problems))
        return made


def map_card(card: Card, name: str = "") -> Mapped:
    """A card as a persona.

    Args:
        card: the card.
        name: the persona's name, by which it is shown where the card names no character.
    """
    called = sendable(card.text("nickname").strip() or card.text("name"))
    shown = shorten(" ".join(called.split()), _SHOWN) or name.capitalize()
    language = detect_language(" ".join(map(card.text, _WRITTEN)))
    table = _clean(_table(card, shown, language))
    block = own_part(card.block)
    own = read_block(block)
    edited = own is not None and block.get("digest") != digest(card.data)
    if own is not None and edited:
        table |= {key: own[key] for key in BEYOND if key in own}
        _add_other_languages(table, own, language.value)
    elif own is not None:
        table = _clean(own)
    else:
        table |= read_foreign(card.block)
    book = marked_book(card)
    return Mapped(
        name=_name((block or card.block).get("persona_id"), card.text("name")),
        shown=shown,
        language=language,
        table=table,
        book=book,
        restored=own is not None,
        edited=edited,
        remarks=(*_version_remarks(card), *foreign_remarks(card.block), *book_remarks(book)),
    )


def _add_other_languages(table: dict[str, Any], own: Mapping[str, Any], here: str) -> None:
    """Give a table the texts that a card has no field for: it speaks one language.

    Args:
        table: the table of what the card's own fields say, changed in place.
        own: the table of its block.
        here: the card's language, whose texts are the card's own.
    """
    for key in ("display_name", "description", "greetings"):
        table[key] = _others(own.get(key), here) | table.get(key, {})
    prompts, written = table.setdefault("prompts", {}), own.get("prompts", {})
    for key in ("system", "reminder"):
        prompts[key] = _others(written.get(key), here) | prompts.get(key, {})
    if "guidance" in written:
        prompts["guidance"] = written["guidance"]
    told = [item for item in own.get("examples", ()) if item.get("language") != here]
    table["examples"] = [*table.get("examples", ()), *told]
    empty = [key for key, value in table.items() if value in ({}, [])]
    empty_prompts = [key for key, value in prompts.items() if value == {}]
    for key in empty:
        del table[key]
    for key in empty_prompts:
        del prompts[key]


def _others(texts: object, here: str) -> dict[str, Any]:
    """The texts of other languages; one without a language is English."""
    table = texts if isinstance(texts, Mapping) else {}
    return {language: text for language, text in table.items() if language != here}


_WRITTEN = ("system_prompt", "description", "personality", "scenario", "first_mes")


def _table(card: Card, shown: str, language: Language) -> dict[str, Any]:
    names = _names(shown, language)
    examples = read_examples(card.text("mes_example"), card.text("name"))
    here = language.value
    table = {
        "version": shorten(_version(card), _VERSION),
        "display_name": {here: shown},
        "description": _description(card, shown, language, names),
        "traits": {here: _traits(render_card(card.text("personality"), names))},
        "keywords": _by_language(card.texts("tags")),
        "prompts": {
            "system": {here: system_text(card, language, examples)},
            "reminder": {here: from_card(card.text("post_history_instructions")).strip()},
        },
        "examples": [
            {
                "user": render_card(user, names),
                "reply": render_card(reply, names),
                "language": here,
            }
            for user, reply in examples.pairs
            if render_card(user, names).strip() and render_card(reply, names).strip()
        ],
        "greetings": {
            here: [
                text
                for text in (card.text("first_mes"), *card.texts("alternate_greetings"))
                if text.strip()
            ]
        },
    }
    return _without_empty(table)


def _names(shown: str, language: Language) -> dict[str, str]:
    return {"persona_name": shown, "user_name": hints.USER_WORDS[language]}


def _version(card: Card) -> str:
    return " ".join((card.text("character_version") or foreign_version(card.block)).split())


def _version_remarks(card: Card) -> tuple[Remark, ...]:
    count = len(_version(card))
    if count <= _VERSION:
        return ()
    return (Remark(Kind.VERSION, {"count": count, "shown": _VERSION}),)


def _description(
    card: Card, shown: str, language: Language, names: Mapping[str, str]
) -> dict[str, str]:
    """What people read: the creator's notes, or else the beginning of the character."""
    found: dict[str, str] = {}
    known = {each.value for each in Language}
    for tag, text in reversed(tuple(card.notes.items())):
        plain = _first_words(text, names)
        said = tag if tag in known else "" if tag else detect_language(plain).value
        if plain and said:
            found.setdefault(said, plain)
    return found or {language.value: _first_words(card.text("description"), names) or f"{shown}."}


def _first_words(text: str, names: Mapping[str, str]) -> str:
    """The first paragraph of a text, without marks of HTML, on one line."""
    plain = _MARKUP.sub("", _BLOCKS.sub(" ", render_card(text[:_LOOKED_AT], names))).strip()
    return shorten(" ".join(plain.split("\n\n", 1)[0].split()), _DESCRIPTION)


_BLOCKS = re.compile(r"</?(?:br|div|h[1-6]|li|p|tr|ul)\b[^<>]{0,200}>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{1,200}>")
_LOOKED_AT = 5000


def _traits(personality: str) -> list[str]:
    """The traits, where a personality is a list of them and no prose."""
    parts = [part.strip(" .\n") for part in re.split("[,;、\n]", personality)]
    parts = list(dict.fromkeys(filter(None, parts)))
    listed = 1 < len(parts) <= _TRAITS and all(len(part) <= _TRAIT for part in parts)
    return parts if listed else []


def _by_language(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in words:
        if word.strip():
            found.setdefault(detect_language(word).value, []).append(word.strip())
    return found


def _name(given: object, shown: str) -> str:
    if isinstance(given, str) and not name_problem(given):
        return given
    plain = unicodedata.normalize("NFKD", shown[:_NAME]).encode("ascii", "ignore").decode().lower()
    made = re.sub("[^a-z0-9]+", "-", plain).strip("-").lstrip("-0123456789")
    return made if not name_problem(made) else ""


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    lean = {
        key: _without_empty(value) if isinstance(value, Mapping) else value
        for key, value in table.items()
    }
    return {key: value for key, value in lean.items() if value not in ("", [], {})}


def _clean(value: Any) -> Any:
    """A value whose texts have UTF-8, which a card's need not have."""
    if isinstance(value, str):
        return sendable(value)
    if isinstance(value, Mapping):
        return {sendable(str(key)): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list | tuple) else value
