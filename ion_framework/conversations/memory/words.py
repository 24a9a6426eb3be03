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
        general: words that are no topics, in lower case.
    """

    names: dict[str, tuple[str, str]]
    capitals: frozenset[str]
    general: frozenset[str]


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
        general=frozenset(found["general"]["words"].lower().split()),
    )

