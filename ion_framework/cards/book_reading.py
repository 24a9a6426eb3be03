"""How the lorebook of a card is read: which keys are patterns, and what of it is not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ion_framework.cards.card import Card
from ion_framework.cards.remarks import Kind, Remark, listed
from ion_framework.domain.lore_decorators import unused_names
from ion_framework.domain.lore_matching import is_pattern, patterns_available
from ion_framework.domain.lorebook import LoreEntry
from ion_framework.manifest.lorebook import (
    KEYS,
    SLASHED,
    book_table,
    extensions_of,
    is_of_sillytavern,
    is_slashed_entry,
)

_Entry = Mapping[str, Any]


def marked_book(card: Card) -> Mapping[str, Any] | None:
    """The lorebook of a card, None without one.

    V2 does not know ``use_regex``; programs that write it into a V2 card mean keys between slashes.
    Such entries are marked so under ``extensions.ion``, because a lorebook does not tell of which
    version its card was.
    """
    book = card.book
    if book is None or card.version > 2:  # noqa: PLR2004  the version's name
        return book
    return {**book, "entries": [_marked(entry) for entry in book["entries"]]}


def _marked(entry: _Entry) -> _Entry:
    if not entry.get("use_regex") or is_slashed_entry(entry):
        return entry
    extensions = entry.get("extensions")
    others = extensions if isinstance(extensions, Mapping) else {}
    ours = others.get("ion")
    kept = dict(ours) if isinstance(ours, Mapping) else {}
    if not isinstance(extensions, Mapping | None):
        kept["not_ours"] = extensions
    if not isinstance(ours, Mapping | None):
        kept["not_ours"] = ours
    return {**entry, "extensions": {**others, "ion": {**kept, KEYS: SLASHED}}}


def book_remarks(book: Mapping[str, Any] | None) -> tuple[Remark, ...]:
    """What is to be said about a lorebook.

    Args:
        book: the lorebook, as `marked_book` gives it.
    """
    if book is None:
        return ()
    entries = book["entries"]
    return (*_kinds(entries), *_unusable(book), *_unused(entries))


def _kinds(entries: Iterable[_Entry]) -> Iterator[Remark]:
    """Which kinds of keys there are."""
    found: dict[Kind, list[_Entry]] = {}
    for entry in entries:
        kind = _kind(entry)
        if kind is not None:
            found.setdefault(kind, []).append(entry)
    for kind, each in found.items():
        values: dict[str, object] = {"count": len(each)}
        if kind is not Kind.SPECIFIED:
            values["patterns"] = sum(len(entry.patterns) for entry in _read(each))
        yield Remark(kind, values)


def _kind(entry: _Entry) -> Kind | None:
    if is_slashed_entry(entry):
        asked = entry.get("use_regex") or any(made.patterns for made in _read([entry]))
        kind = Kind.SILLYTAVERN if is_of_sillytavern(entry) else Kind.BARE_PATTERNS
        return kind if asked else None
    return Kind.SPECIFIED if entry.get("use_regex") else None


def _read(entries: Iterable[_Entry]) -> Iterator[LoreEntry]:
    """Entries with what decides about their keys."""
    for table in book_table({"entries": list(entries)})["entries"]:
        yield LoreEntry(
            "",
            keys=tuple(table["keys"]),
            secondary_keys=tuple(table["secondary_keys"]),
            use_regex=bool(table.get("use_regex")),
            slashed_keys=bool(table.get("slashed_keys")),
        )


def _unusable(book: Mapping[str, Any]) -> Iterator[Remark]:
    if not patterns_available():
        return
    patterns = (text for entry in _read(book["entries"]) for text in entry.patterns if text)
    looked_at = islice(dict.fromkeys(patterns), _LOOKED_AT)
    wrong = [text for text in looked_at if not is_pattern(text)]
    if wrong:
        yield Remark(Kind.UNUSABLE, {"names": listed(wrong)})


_LOOKED_AT = 1000
"""Patterns that are tried out; more would keep the import of a large book waiting."""


def _unused(entries: Iterable[_Entry]) -> Iterator[Remark]:
    names = [name for entry in entries for name in _unused_fields(entry)]
    if names:
        yield Remark(Kind.UNUSED, {"names": listed(names)})
    told = [name for entry in entries for name in unused_names(entry.get("content") or "")]
    if told:
        yield Remark(Kind.DECORATORS, {"names": listed(f"@@{name}" for name in told)})


def _unused_fields(entry: _Entry) -> Iterator[str]:
    """Fields of SillyTavern that say something, and that ION has nothing for."""
    if not is_of_sillytavern(entry):
        return
    extensions = extensions_of(entry)
    for name in _UNUSED:
        if extensions.get(name):
            yield name
    chance = extensions.get("probability")
    sure = 100
    if extensions.get("useProbability") and chance is not None and chance != sure:
        yield "probability"
    if extensions.get("position") not in (None, 0, 1):
        yield "position"


_UNUSED = (
    "selectiveLogic",
    "exclude_recursion",
    "prevent_recursion",
    "delay_until_recursion",
    "scan_depth",
    "group",
    "sticky",
    "cooldown",
    "delay",
    "vectorized",
    "triggers",
    "ignore_budget",
)
"""Fields that say nothing where they are 0, false, empty or null."""
