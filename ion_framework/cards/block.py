"""``extensions.ion`` of a card: everything of a persona that cards have no fields for.

::

    {"schema": 1, "persona_id": "lua", "version": "0.1.0",
     "resonance": {"tones": {…}, "paces": {…}, "intents": {…}, "preferred_tones": […]},
     "routing": {"rank": 10, "keywords": {…}}, "cache": {"scope": "principal", "ttl_s": 600},
     "persona": {…}, "digest": "…"}

``persona`` is the rest of the manifest's ``[persona]`` table, without the lorebook, which a card
does have. ``digest`` tells whether the card's own fields are still those that it was written with:
where another program has changed them, they count, and only what they cannot say is taken from
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from ion_framework.jsonable import to_json

SCHEMA = 1

BEYOND = (
    "affinities",
    "preferred_tones",
    "rank",
    "keywords",
    "cache",
    "parameters",
    "ensemble",
    "voice",
    "traits",
    "strengths",
    "prompt_style",
)
"""Keys of a persona's table that a card's own fields cannot say."""

_SPOKEN = (
    "name",
    "nickname",
    "description",
    "personality",
    "scenario",
    "first_mes",
    "mes_example",
    "creator_notes",
    "system_prompt",
    "post_history_instructions",
    "alternate_greetings",
    "tags",
    "character_version",
    "character_book",
)
"""Fields of a card that ION reads a persona from."""


def write_block(
    name: str, version: str, table: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """The block of a persona.

    Args:
        name: the persona.
        version: its version.
        table: its ``[persona]`` table, all texts in it.
        data: the card's fields that it is written beside.
    """
    affinities = table.get("affinities", {})
    elsewhere = ("affinities", "preferred_tones", "rank", "keywords", "cache", "lorebook")
    return {
        "schema": SCHEMA,
        "persona_id": name,
        "version": version,
        "resonance": {
            "tones": affinities.get("tone", {}),
            "paces": affinities.get("pace", {}),
            "intents": affinities.get("intent", {}),
            "preferred_tones": table.get("preferred_tones", []),
        },
        "routing": {key: table[key] for key in ("rank", "keywords") if key in table},
        "cache": table.get("cache", {}),
        "persona": {key: value for key, value in table.items() if key not in elsewhere},
        "digest": digest(data),
    }


def is_own(block: object) -> bool:
    """Whether ION itself has written a block."""
    return (
        isinstance(block, Mapping)
        and block.get("schema") == SCHEMA
        and isinstance(block.get("persona"), Mapping)
    )


def with_others(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """A block written anew, with what others had written into the one before.

    Args:
        old: the block before.
        new: the block as `write_block` makes it.
    """
    inner = {
        name: {
            **{k: v for k, v in _table(old.get(name)).items() if k not in known},
            **new[name],
        }
        for name, known in _KNOWN.items()
    }
    return {**old, **new, **inner}


_KNOWN = {
    "resonance": ("tones", "paces", "intents", "preferred_tones"),
    "routing": ("rank", "keywords"),
    "cache": ("scope", "ttl_s"),
}
"""Keys of the inner tables that ION writes itself, or leaves out."""


def read_block(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """The ``[persona]`` table that a block holds, without a lorebook; None where it holds none.

    What is in it is not checked: whoever makes a persona of it does that.
    """
    if not is_own(block):
        return None
    resonance, routing = _table(block.get("resonance")), _table(block.get("routing"))
    affinities = {
        "tone": resonance.get("tones") or {},
        "pace": resonance.get("paces") or {},
        "intent": resonance.get("intents") or {},
    }
    table = {
        **block["persona"],
        "affinities": {key: value for key, value in affinities.items() if value},
        "preferred_tones": resonance.get("preferred_tones") or [],
        "cache": _table(block.get("cache")),
        **{key: routing[key] for key in ("rank", "keywords") if key in routing},
    }
    return {key: value for key, value in table.items() if value not in ({}, [])}


def digest(data: Mapping[str, Any]) -> str:
    """A digest of the fields of a card that a persona is read from."""
    spoken = {key: data[key] for key in _SPOKEN if data.get(key) not in (None, "", [])}
    return sha256(to_json(_sorted(spoken)).encode()).hexdigest()


def _sorted(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
