"""The lists of ``words.toml``, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

import attrs


@attrs.frozen
class Words:
    """What conversations are read by.

    Attributes:
        names: kind of each known name, by the name in lower case.
        capitals: words that begin with a capital and are no names.
        starters: words that are no names at the beginning of a sentence.
        general: words that are no topics, in lower case.
        modifiers: English adjectives that may stand in front of a topic.
        whole: Korean nouns whose last syllable looks like a particle.
    """

    names: dict[str, tuple[str, str]]
    capitals: frozenset[str]
    starters: frozenset[str]
    general: frozenset[str]
    modifiers: frozenset[str]
    whole: frozenset[str]


@cache
def words() -> Words:
    """The lists."""
    found = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))
    return Words(
        names={
            name.lower(): (kind, name)
            for kind, text in found["names"].items()
            for name in text.split()
        },
        capitals=frozenset(found["capitals"]["words"].split()),
        starters=frozenset(found["starters"]["words"].split()),
        general=frozenset(found["general"]["words"].lower().split()),
        modifiers=frozenset(found["modifiers"]["words"].split()),
        whole=frozenset(found["whole"]["words"].split()),
    )
