"""The lists of ``words.toml``, read once."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import attrs


@attrs.frozen
class Wish:
    """A wish for the way of answering, and how it is said.

    Attributes:
        kind: what it is about (``length``).
        value: what is wished (``short``).
        pattern: what says so.
    """

    kind: str
    value: str
    pattern: re.Pattern[str]


@attrs.frozen
class Words:
    """What conversations are read by.

    Attributes:
        wishes: wishes for the way of answering.
        addresses: what says how the user wants to be called; the first group is the name.
        names: kind of each known name, by the name in lower case.
        capitals: words that begin with a capital and are no names.
        general: words that are no topics, in lower case.
    """

    wishes: tuple[Wish, ...]
    addresses: tuple[re.Pattern[str], ...]
    names: dict[str, tuple[str, str]]
    capitals: frozenset[str]
    general: frozenset[str]


@cache
def words() -> Words:
    """The lists."""
    found = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))
    return Words(
        wishes=tuple(
            Wish(item["kind"], item["value"], _any(item["any"])) for item in found["wishes"]
        ),
        addresses=tuple(re.compile(text) for text in found["address"]["any"]),
        names={
            name.lower(): (kind, name)
            for kind, text in found["names"].items()
            for name in text.split()
        },
        capitals=frozenset(found["capitals"]["words"].split()),
        general=frozenset(found["general"]["words"].lower().split()),
    )


def _any(patterns: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{text})" for text in patterns), re.IGNORECASE)
