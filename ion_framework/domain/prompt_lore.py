"""What a lorebook and a reminder add to a prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ion_framework.domain import hints
from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.lorebook import Inserted, Lorebook, Scan
from ion_framework.domain.persona import Persona, pick, pick_list
from ion_framework.domain.template import render, render_card


@attrs.frozen
class Insertion:
    """A text of the persona between the messages of a conversation.

    Attributes:
        index: it stands before so many-th message of the history, from 0; the length of the history
            (and whatever is more) puts it right before the message to answer.
        role: on whose side it stands; on the user's side it says that the user did not write it.
        text: the text.
    """

    index: int
    role: Role
    text: str


@attrs.frozen
class Lore:
    """What a lorebook has for one turn.

    Attributes:
        found: what this turn calls up.
        labels: the names of all entries in the prompt, those of every turn first.
    """

    found: tuple[Inserted, ...] = ()
    labels: tuple[str, ...] = ()


def lore_of(lorebook: Lorebook, text: str, history: Sequence[Message]) -> Lore:
    """What a lorebook has for a message after its history."""
    if not lorebook.entries:
        return Lore()
    messages = (*(message.content for message in history), text)
    answers = sum(message.role is Role.ASSISTANT for message in history)
    found = lorebook.activated(Scan(messages, answers))
    return Lore(found, tuple(item.label for item in (*lorebook.stable, *found)))


def name_values(persona: Persona, language: Language) -> dict[str, str]:
    """The values of the placeholders that every text of a persona may use."""
    return {
        "persona_name": persona.shown_name(language),
        "language": hints.LANGUAGE_NAMES[language],
        "user_name": hints.USER_WORDS[language],
    }


def greetings_of(persona: Persona, language: Language) -> tuple[str, ...]:
    """What a persona may open a conversation with, in a language, with its names filled in."""
    values = name_values(persona, language)
    return tuple(render_card(text, values) for text in pick_list(persona.greetings, language))


def insertions(
    persona: Persona, lore: Lore, history: int, language: Language
) -> tuple[Insertion, ...]:
    """The texts between the messages: entries with a depth, and at the very end the reminder.

    Args:
        persona: the persona.
        lore: what its lorebook has for the turn.
        history: how many messages the history has in the prompt.
        language: the language to answer in.
    """
    values = name_values(persona, language)
    over = render(hints.NOT_THE_USER[language], values)
    reminder = render(pick(persona.prompts.reminder, language), {**values, "original": ""}).strip()
    placed = [_placed(item, history, over, values) for item in lore.found if item.depth is not None]
    if reminder:
        placed.append(Insertion(history, Role.USER, f"{over}\n{reminder}"))
    return tuple(placed)


def _placed(item: Inserted, history: int, over: str, values: Mapping[str, str]) -> Insertion:
    # The message to answer is the first from the end, and has to stay the last.
    index = min(max(history + 1 - max(item.depth or 0, 1), 0), history)
    text = render_card(item.text, values)
    if item.role == Role.ASSISTANT.value:
        return Insertion(index, Role.ASSISTANT, text)
    said = item.role == Role.USER.value
    return Insertion(index, Role.USER, text if said else f"{over}\n{text}")
