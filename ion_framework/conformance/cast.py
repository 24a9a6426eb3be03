"""The reference cast: four personas beside which the routing of every other one is graded.

A grade must not depend on what else is installed, so the cast is data of the kit (``cast.toml``).
A test of the repository compares it with the personas that it was taken from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts


@cache
def reference_cast() -> tuple[Persona, ...]:
    """All four, in the order of the file."""
    text = Path(__file__).with_name("cast.toml").read_text("utf-8")
    tables = tomllib.loads(text, parse_float=Decimal)
    return tuple(_member(name, table) for name, table in tables.items())


def cast_beside(name: str) -> tuple[Persona, ...]:
    """The cast without the one that bears a name: nobody competes with themselves.

    Args:
        name: name of the persona that is graded.
    """
    return tuple(member for member in reference_cast() if member.name != name)


def _member(name: str, table: Mapping[str, Any]) -> Persona:
    return Persona(
        name=name,
        version="0",
        display_name={},
        description={},
        traits={},
        strengths={},
        affinities=Affinities(
            tone={Tone(key): value for key, value in table["tone"].items()},
            pace={Pace(key): value for key, value in table["pace"].items()},
            intent={Intent(key): value for key, value in table["intent"].items()},
        ),
        prompts=PersonaPrompts({}),
        rank=table["rank"],
    )
