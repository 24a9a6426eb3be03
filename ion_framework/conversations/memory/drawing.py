"""The memory of a conversation after a turn, and what a prompt is told of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

import attrs

from ion_framework.conversations.memory.entities import entities_of
from ion_framework.conversations.memory.preferences import preferences_of
from ion_framework.conversations.memory.topics import Said, topics_of
from ion_framework.conversations.model import Memory, StoredTurn
from ion_framework.domain.language import Language

NAMES_TOLD = 6
"""Names that a prompt is told, over all kinds."""


def remember(memory: Memory, earlier: Sequence[StoredTurn], message: str, answer: str) -> Memory:
    """The memory after a turn. Everything comes from the user's words; answers give them weight.

    Args:
        memory: the memory before.
        earlier: the latest turns before, oldest first.
        message: what the user wrote.
        answer: what was answered.
    """
    said = [Said(message, by_user=True, age=0), Said(answer, by_user=False, age=0)]
    for age, turn in enumerate(reversed(earlier), 1):
        said.append(Said(turn.user_message, by_user=True, age=age))
        said.append(Said(turn.ai_response, by_user=False, age=age))
    older = memory.topics if not earlier or earlier[0].number > 1 else ()
    return Memory(
        topics=topics_of(said, older, len(earlier) + 1),
        entities=entities_of(message, memory.entities),
        preferences=preferences_of(message, memory.preferences),
    )


def told_of(memory: Memory) -> Memory:
    """The part of a memory that a prompt is told."""
    names = [(kind, name) for kind, found in memory.entities.items() for name in found]
    told: dict[str, tuple[str, ...]] = {}
    for kind, name in names[:NAMES_TOLD]:
        told[kind] = (*told.get(kind, ()), name)
    return attrs.evolve(memory, entities=told)


def notes_of(memory: Memory, language: Language) -> tuple[str, ...]:
    """A memory, as `told_of` leaves it, as facts for the user's side of a prompt, one line each.

    Args:
        memory: the memory.
        language: the language of the lines.
    """
    return tuple(_notes(memory, _texts()[language.value]))


def _notes(memory: Memory, texts: dict[str, str]) -> Iterator[str]:
    if memory.topics:
        yield texts["topics"].format(topics=", ".join(memory.topics))
    names = [name for found in memory.entities.values() for name in found]
    if names:
        yield texts["names"].format(names=", ".join(names))
    for kind, value in memory.preferences.items():
        text = texts.get(f"{kind}_{value}") or texts.get(kind)
        if text:
            yield text.format(value=value)


@cache
def _texts() -> dict[str, dict[str, str]]:
    return tomllib.loads(files(__package__).joinpath("notes.toml").read_text("utf-8"))
