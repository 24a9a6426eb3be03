"""``extensions.ion`` of a card as others write it, without ION's own record of the persona.

::

    {"persona_id": "lua", "version": "1.2.0",
     "resonance": {"tones": {"calm": 0.9}, "paces": {…}, "intents": {…}},
     "routing": {"examples": […], "counter_examples": […]},
     "cache": {"scope": "principal", "ttl": 600}}

Affinities, the policy of the cache and, where the card states none, the version are taken where
they fit. Everything in it is kept and exported again; ION's own record then stands inside of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any

from ion_framework.cards.block import is_own
from ion_framework.cards.remarks import Kind, Remark, listed
from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.persona import CacheScope

_OWN = "own"
"""Key of ION's own record in a block of others, followed by a number where that is taken."""

_AFFINITIES: tuple[tuple[str, str, type[StrEnum]], ...] = (
    ("tones", "tone", Tone),
    ("paces", "pace", Pace),
    ("intents", "intent", Intent),
)
_LONGEST_TTL_S = 86400


def is_foreign(block: Mapping[str, Any]) -> bool:
    """Whether somebody else has written a block, or written in it before ION did."""
    return bool(block) and not is_own(block)


def own_part(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """ION's own record: the block itself, or what stands in one of others; empty without one."""
    if is_own(block):
        return block
    return next((value for value in block.values() if is_own(value)), {})


def with_own(block: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A block of others with ION's own record in it, in place of an earlier one."""
    there = next((key for key, value in block.items() if is_own(value)), None)
    names = (_OWN, *(f"{_OWN}_{number}" for number in range(len(block))))
    name = there or next(name for name in names if name not in block)
    return {**block, name: own}


def read_foreign(block: Mapping[str, Any]) -> dict[str, Any]:
    """What of a persona's table a block of others says in a way that ION can use."""
    found = {path: value for path, value, fits in _said(block) if fits}
    affinities = {
        kind: {path[2]: value for path, value in found.items() if path[:2] == ("resonance", name)}
        for name, kind, _ in _AFFINITIES
    }
    cache = {
        "ttl_s" if path[1] == "ttl" else path[1]: int(value) if path[1] != "scope" else value
        for path, value in found.items()
        if path[0] == "cache"
    }
    table = {"affinities": {k: v for k, v in affinities.items() if v}, "cache": cache}
    return {key: value for key, value in table.items() if value}


def foreign_version(block: Mapping[str, Any]) -> str:
    """The version that a block of others states, empty where it states none."""
    version = block.get("version")
    return version if isinstance(version, str) else ""


def foreign_remarks(block: Mapping[str, Any]) -> Iterator[Remark]:
    """What is to be said of a block of others that ION has not written in yet."""
    if not is_foreign(block) or own_part(block):
        return
    used = ["persona_id", "version"]
    told = list(_said(block))
    taken = [".".join(path[:2]) for path, _, fits in told if fits]
    if taken:
        yield Remark(Kind.FOREIGN, {"names": listed(taken)})
    rest = [".".join(path) for path, _, fits in told if not fits]
    rest += [key for key in block if key not in (*used, "resonance", "cache")]
    rest += [key for key in ("resonance", "cache") if not isinstance(block.get(key, {}), Mapping)]
    if rest:
        yield Remark(Kind.FOREIGN_UNUSED, {"names": listed(rest)})


def brought_up(
    block: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]
) -> dict[str, Any]:
    """A block of others that says what has been changed in the package since.

    Args:
        block: the block.
        before: the persona's table as the card made it, complete.
        now: the table as it is.
    """
    changed = dict(block)
    if before["affinities"] != now["affinities"]:
        names = {name: now["affinities"][kind] for name, kind, _ in _AFFINITIES}
        changed["resonance"] = {**_table(block.get("resonance")), **names}
    if before["cache"] != now["cache"]:
        old = {key: value for key, value in _table(block.get("cache")).items() if key != "ttl"}
        changed["cache"] = {**old, **now["cache"]}
    if "version" in block and before["version"] != now["version"]:
        changed["version"] = now["version"]
    return changed


def _said(block: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, bool]]:
    """What a block says of affinities and the cache: where, what, and whether ION can use it."""
    resonance = _table(block.get("resonance"))
    for key, value in resonance.items():
        kind = next((kind for name, _, kind in _AFFINITIES if name == key), None)
        if kind is None or not isinstance(value, Mapping):
            yield ("resonance", key), value, False
            continue
        for name, weight in value.items():
            fits = name in tuple(kind) and _is_weight(weight)
            yield ("resonance", key, name), weight, fits
    cache = _table(block.get("cache"))
    for key, value in cache.items():
        check = _CACHE.get(key)
        double = key == "ttl" and "ttl_s" in cache
        yield ("cache", key), value, check is not None and check(value) and not double


def _is_weight(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1  # type: ignore[operator]  # a number, and no NaN


def _is_ttl(value: object) -> bool:
    whole = _is_number(value) and value == int(value)  # type: ignore[call-overload]  # a number
    return whole and 1 <= value <= _LONGEST_TTL_S  # type: ignore[operator]  # a number, and no NaN


def _is_number(value: object) -> bool:
    is_one = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return is_one and (isinstance(value, int) or isfinite(value))  # type: ignore[arg-type]  # one of these


def _is_scope(value: object) -> bool:
    return isinstance(value, str) and value in tuple(CacheScope)


_CACHE: Mapping[str, Callable[[object], bool]] = {
    "scope": _is_scope,
    "ttl": _is_ttl,
    "ttl_s": _is_ttl,
}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
