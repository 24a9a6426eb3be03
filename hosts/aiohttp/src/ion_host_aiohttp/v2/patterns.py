"""Which entries of the cache a pattern means.

The cache finds entries by tags. A pattern is ``*``, everything, or a kind with a name, where ``*``
and ``?`` in the name stand for any characters; case does not matter:

- ``persona:lua``, ``persona:Lua``, ``persona:루아``: answers of a persona, by any of its names;
- ``version:lua@1.0``: answers of one version of a persona;
- ``key:calm-*``: answers to messages of these resonance keys, aliases as the API takes them;
- ``routing:calm-*``: the same; the original's name for what depends on the routing of these keys;
- ``persona:calm-medium-*``, ``persona:calm-medium-learning|input:…``: the same; the original's own
  form of a key, whose digest of the message means nothing here;
- ``tenant:default``: answers of a tenant; wildcards stand for tenants that have an API key.

``.*``, as in a regular expression, is ``*``: the original's clients write either. A name without
wildcards is looked for even where nobody has it now, so that what is left of it can be dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase

import attrs

from ion_framework.domain.key import ALL_KEYS, parse_intent, parse_pace, parse_tone
from ion_framework.domain.language import Language
from ion_framework.domain.persona import Persona
from ion_framework.errors import ResonanceKeyError
from ion_framework.pipeline.turn import DEFAULT_TENANT

FORMS = ("*", "persona:…", "version:…", "key:…", "routing:…", "tenant:…")


@attrs.frozen
class Holders:
    """What names may stand in a pattern.

    Attributes:
        personas: the active personas.
        tenants: the tenants that are known.
    """

    personas: tuple[Persona, ...]
    tenants: frozenset[str] = frozenset({DEFAULT_TENANT})


@attrs.frozen
class Meaning:
    """What a pattern means.

    Attributes:
        everything: whether that is every entry.
        tags: otherwise the tags of the entries; none where no entry can be meant.
    """

    everything: bool = False
    tags: tuple[str, ...] = ()


NOTHING = Meaning()


def meaning_of(pattern: str, holders: Holders) -> Meaning:
    """What a pattern means; `NOTHING` where it is none.

    Args:
        pattern: the pattern.
        holders: the names that wildcards may stand for.
    """
    plain = pattern.replace(".*", "*").strip()
    kind, _, name = plain.partition(":")
    read = _READERS.get(kind.lower())
    if plain == "*" or (read is not None and name == "*"):
        # Every entry has a tag of each kind; those of a persona that is gone, too.
        return Meaning(everything=True)
    if read is None or not name:
        return NOTHING
    return Meaning(tags=tuple(dict.fromkeys(read(name, holders))))


def _personas(name: str, holders: Holders) -> Iterable[str]:
    called = {
        persona.name: {persona.name, *(persona.shown_name(language) for language in Language)}
        for persona in holders.personas
    }
    found = [own for own, names in called.items() if any(_fits(other, name) for other in names)]
    if found:
        return [f"persona:{own}" for own in found]
    keys = _keys(name.partition("|")[0], holders)
    return keys or [f"persona:{each}" for each in _literal(name.lower())]


def _versions(name: str, holders: Holders) -> Iterable[str]:
    known = [f"{persona.name}@{persona.version}" for persona in holders.personas]
    found = [each for each in known if _fits(each, name)]
    return [f"version:{each}" for each in found or _literal(name.lower())]


def _keys(name: str, _: Holders) -> list[str]:
    parts = name.split("-", 2)
    wanted = "-".join(
        _component(read, part) for read, part in zip(_COMPONENTS, parts, strict=False)
    )
    return [f"key:{key}" for key in map(str, ALL_KEYS) if _fits(key, wanted)]


def _tenants(name: str, holders: Holders) -> Iterable[str]:
    found = [each for each in sorted(holders.tenants) if _fits(each, name)]
    return [f"tenant:{each}" for each in found or _literal(name)]


_COMPONENTS: tuple[Callable[[str], StrEnum], ...] = (parse_tone, parse_pace, parse_intent)


def _component(read: Callable[[str], StrEnum], part: str) -> str:
    """A part of a key as it is written, whatever alias it was given by."""
    try:
        return read(part).value
    except ResonanceKeyError:
        return part


def _fits(name: str, glob: str) -> bool:
    # A bracket would begin a set of characters.
    return fnmatchcase(name.casefold(), glob.casefold().replace("[", "[[]"))


def _is_glob(name: str) -> bool:
    return re.search(r"[*?]", name) is not None


def _literal(name: str) -> tuple[str, ...]:
    """A name that nobody has now, as what is left of it may be called; no wildcard is one."""
    return () if _is_glob(name) else (name,)


_READERS: Mapping[str, Callable[[str, Holders], Iterable[str]]] = {
    "persona": _personas,
    "version": _versions,
    "key": _keys,
    "routing": _keys,
    "tenant": _tenants,
}
