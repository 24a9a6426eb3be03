"""The system text that a card's fields make, and which field a changed text changes.

The text is made of paragraphs: ``system_prompt`` (ION's own text without one), ``description``,
``personality`` and ``scenario`` under headings, and those of the examples that are no exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher

from ion_framework.cards.card import Card
from ion_framework.cards.examples import Examples
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import LorePosition
from ion_framework.domain.template import from_card

FIELDS = ("system_prompt", "description", "personality", "scenario", "mes_example")
"""The fields of a card that make the system text, in their order."""

_HEADINGS = {
    Language.ENGLISH: {
        "personality": "{{persona_name}}'s personality:",
        "scenario": "The situation:",
        "mes_example": "Conversations that show how {{persona_name}} speaks:",
    },
    Language.KOREAN: {
        "personality": "{{persona_name}}의 성격:",
        "scenario": "상황:",
        "mes_example": "{{persona_name}}의 말투를 보여 주는 대화:",
    },
}


def system_text(card: Card, language: Language, examples: Examples) -> str:
    """The system text of a card, as a template of ours.

    Args:
        card: the card.
        language: the language that it is written in.
        examples: its examples.
    """
    constant = {
        entry.get("position") or LorePosition.AFTER_CHAR.value
        for entry in (card.book or {}).get("entries", ())
        if entry.get("constant")
    }
    found = parts(card, examples)
    before = "{{lore_before}}" if LorePosition.BEFORE_CHAR in constant else ""
    after = "{{lore_after}}" if constant - {LorePosition.BEFORE_CHAR.value} else ""
    first, *others, last = (_headed(name, found[name], language) for name in FIELDS)
    return "\n\n".join(filter(None, (first, before, *others, after, last)))


def parts(card: Card, examples: Examples) -> dict[str, str]:
    """What each field has in the system text, without its heading."""
    found = {name: _other(card.text(name)).strip() for name in FIELDS[1:-1]}
    found["system_prompt"] = from_card(card.text("system_prompt")).strip() or "{{original}}"
    found["mes_example"] = "\n\n".join(map(_other, examples.rest))
    return found


def _other(text: str) -> str:
    """A text of a field in which ``{{original}}`` has no meaning, and stays as it stands."""
    return from_card(text).replace("{{original}}", "{{!original}}")


def divided(text: str, old: Mapping[str, str], language: Language) -> dict[str, str] | None:
    """What each field has in a changed system text, None where that cannot be told.

    Args:
        text: the changed text.
        old: the `parts` before.
        language: the language of the headings.
    """
    rest, found = without_lore(text).strip(), {}
    for name in reversed(FIELDS[2:]):
        ending = "\n\n" + _headed(name, old[name], language)
        if old[name] and rest.endswith(ending):
            rest, found[name] = rest.removesuffix(ending), old[name]
            continue
        mark = f"\n\n{_HEADINGS[language][name]}\n"
        if rest.count(mark) > 1 or (mark not in rest and old[name] and old[name] in rest):
            return None
        rest, _, found[name] = rest.partition(mark)
    head = _head(rest.strip(), old["system_prompt"], old["description"])
    if head is None:
        return None
    found["system_prompt"], found["description"] = head
    return {name: text.strip() for name, text in found.items()}


def without_lore(text: str) -> str:
    """A system text without the places of constant entries, which cards have no field for."""
    return _LORE.sub("", text)


_LORE = re.compile(r"(?:\A|\n\n)\{\{lore_(?:before|after)\}\}(?=\n\n|\Z)")


def _headed(name: str, text: str, language: Language) -> str:
    heading = _HEADINGS[language].get(name)
    if not text or heading is None:
        return text
    return f"{heading}\n\n{text}" if name == "mes_example" else f"{heading}\n{text}"


def _head(text: str, system: str, description: str) -> tuple[str, str] | None:
    """The two fields without headings, None where it cannot be told where one ends."""
    if text == system or not description:
        begins = text.startswith(f"{system}\n\n")
        return (system, text[len(system) :]) if begins else (text, "")
    if text.startswith(f"{system}\n\n"):
        return system, text[len(system) :]
    if text.endswith(f"\n\n{description}"):
        return text.removesuffix(description), description
    return _by_paragraphs(text, system, description)


def _by_paragraphs(text: str, system: str, description: str) -> tuple[str, str] | None:
    """The same by the paragraphs that are still there on one side of the border."""
    before, now = system.split("\n\n"), text.split("\n\n")
    border = len(before)
    matcher = SequenceMatcher(None, [*before, *description.split("\n\n")], now, autojunk=False)
    for old, new, size in matcher.get_matching_blocks():
        if size and old <= border <= old + size:
            cut = new + border - old
            return "\n\n".join(now[:cut]), "\n\n".join(now[cut:])
    return None
