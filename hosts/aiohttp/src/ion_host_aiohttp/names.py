"""The names that the API shows for personas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from operator import is_

from ion_framework.domain.persona import Persona


def shown_names(personas: tuple[Persona, ...]) -> Mapping[str, str]:
    """The name that the API shows for each persona: ``Lua`` for ``lua``.

    Where two personas would be shown under one name, both keep their unique one. The names of the
    personas that were asked about last are remembered: others come only when some are read anew.
    """
    if _known:
        known, names = _known[0]
        # By identity: to compare a hundred personas by value takes longer than to name them.
        if len(known) == len(personas) and all(map(is_, known, personas)):
            return names
    names = _names(personas)
    _known[:] = [(personas, names)]
    return names


_known: list[tuple[tuple[Persona, ...], Mapping[str, str]]] = []


def _names(personas: tuple[Persona, ...]) -> Mapping[str, str]:
    shown = [persona.shown_name() for persona in personas]
    times = Counter(shown)
    return {
        persona.name: name if times[name] == 1 else persona.name
        for persona, name in zip(personas, shown, strict=True)
    }
