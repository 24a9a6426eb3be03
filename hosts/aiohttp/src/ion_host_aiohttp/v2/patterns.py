"""Which entries of the cache a pattern means.

The cache finds entries by tags. A pattern is ``*``, everything, or a kind with a name, where ``*``
and ``?`` in the name stand for any characters:

- ``persona:lua``: answers of a persona;
- ``version:lua@1.0``: answers of one version of a persona;
- ``key:calm-*``: answers to messages of these resonance keys;
- ``routing:calm-*``: the same; the original's name for what depends on the routing of these keys;
- ``tenant:default``: answers of a tenant.

``.*``, as in a regular expression, is ``*``: the original's clients write either. A name without
wildcards is looked for as it is, so that entries of a persona that is gone can be dropped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from ion_framework.domain.key import ALL_KEYS
from ion_framework.ion import Ion
from ion_framework.pipeline.turn import DEFAULT_TENANT

EVERYTHING = "*"
_TAG_OF = {"routing": "key"}
"""The tag of a kind, where it is not called as the kind is."""


def _personas(ion: Ion) -> Iterable[str]:
    return (persona.name for persona in ion.personas)


def _versions(ion: Ion) -> Iterable[str]:
    return (f"{persona.name}@{persona.version}" for persona in ion.personas)


def _keys(_: Ion) -> Iterable[str]:
    return map(str, ALL_KEYS)


def _tenants(_: Ion) -> Iterable[str]:
    return (DEFAULT_TENANT,)


_KNOWN: Mapping[str, Callable[[Ion], Iterable[str]]] = {
    "persona": _personas,
    "version": _versions,
    "key": _keys,
    "routing": _keys,
    "tenant": _tenants,
}
FORMS = tuple(f"{kind}:…" for kind in _KNOWN)
GRAMMAR = rf"^(\*|\.\*|({'|'.join(_KNOWN)}):[^\x00-\x20\x7f-\xa0\u2028\u2029]+)$"
"""The patterns that there are: a name holds no space and no control character."""


def tags_of(pattern: str, ion: Ion) -> tuple[str, ...] | None:
    """The tags that a pattern means; empty for everything, None where it means nothing.

    Args:
        pattern: the pattern.
        ion: the installation, for the names that a wildcard may stand for.
    """
    if not re.fullmatch(GRAMMAR, pattern):
        return None
    plain = pattern.replace(".*", "*")
    kind, _, name = plain.partition(":")
    if EVERYTHING in (plain, name):
        # Every entry has a tag of each kind; those of a persona that is gone, too.
        return ()
    tag = _TAG_OF.get(kind, kind)
    if not any(mark in name for mark in "*?"):
        return (f"{tag}:{name}",)
    # A bracket would begin a set of characters.
    glob = name.replace("[", "[[]")
    return tuple(f"{tag}:{known}" for known in _KNOWN[kind](ion) if fnmatchcase(known, glob)) or (
        f"{tag}:{name}",
    )
