"""A persona's lorebook as a manifest gives it: a table, files in the card format, or both.

Tables are read strictly, as everything in a manifest. A file is a lorebook as character cards have
it (``{"spec": "lorebook_v3", "data": {…}}``, or the inner object alone); as its specification
demands, fields that are unknown are left alone and optional ones may be missing or null. World Info
of SillyTavern is taken as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

from ion_framework.domain.dialogue import sendable
from ion_framework.domain.lore_matching import EXTRA, patterns_available
from ion_framework.domain.lorebook import MAX_ENTRIES, MAX_KEYS, Lorebook, LorePosition
from ion_framework.errors import ManifestError
from ion_framework.manifest.world_info import book_of_world_info, is_world_info


def lorebook_table(value: object, file: str) -> object:
    """The one table that says what the key ``persona.lorebook`` does.

    Args:
        value: a table, the text of a file, or a list of these.
        file: name of the manifest, for errors.

    Raises:
        ManifestError: a file holds no lorebook.
    """
    if isinstance(value, dict):
        return value
    books = [_table(item, file) for item in (value if isinstance(value, list) else [value])]
    if not books:
        return {}
    entries = [entry for book in books for entry in book.get("entries", ())]
    return {**books[0], "entries": entries}


def _table(value: object, file: str) -> dict[str, Any]:
    place = f"{file}: persona.lorebook"
    if isinstance(value, dict):
        return value
    if not isinstance(value, str):
        raise ManifestError(f'{place}: must be a table, {{ file = "…" }} or a list of these')
    try:
        book = json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"{place}: its file is not valid JSON: {error}") from None
    if isinstance(book, dict) and "entries" not in book and isinstance(book.get("data"), dict):
        book = book["data"]
    if is_world_info(book):
        book = book_of_world_info(book)
    problems = tuple(book_problems(book))
    if problems:
        raise ManifestError(*(f"{place}: {problem}" for problem in problems))
    return book_table(book)


def book_problems(book: object) -> Iterator[str]:
    """What keeps an object from being a lorebook in the card format."""
    if not isinstance(book, Mapping):
        yield "a lorebook must be an object"
        return
    entries = book.get("entries")
    if not isinstance(entries, list):
        yield "a lorebook must have a list of entries"
        return
    for name, kinds, words in _BOOK:
        yield from _wrong(book, name, kinds, words, "")
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            yield f"entries.{index}: must be an object"
            continue
        for name, kinds, words in _ENTRY:
            yield from _wrong(entry, name, kinds, words, f"entries.{index}.")
        for name in ("keys", "secondary_keys"):
            given = entry.get(name)
            if isinstance(given, list) and not all(isinstance(item, str) for item in given):
                yield f"entries.{index}.{name}: must be a list of strings"


_NUMBER = (int, float, Decimal)
_BOOK: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("scan_depth", _NUMBER, "a number"),
    ("token_budget", _NUMBER, "a number"),
    ("recursive_scanning", (bool,), "true or false"),
)
_ENTRY: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("content", (str,), "a string"),
    ("keys", (list, str), "a list of strings"),
    ("secondary_keys", (list, str), "a list of strings"),
    ("insertion_order", _NUMBER, "a number"),
    ("priority", _NUMBER, "a number"),
    *(
        (name, (bool,), "true or false")
        for name in ("enabled", "constant", "selective", "case_sensitive", "use_regex")
    ),
)


def _wrong(
    table: Mapping[str, object], name: str, kinds: tuple[type, ...], words: str, at: str
) -> Iterator[str]:
    value = table.get(name)
    if value is None:
        return
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    if not fits or (isinstance(value, float | Decimal) and not isfinite(value)):
        yield f"{at}{name}: must be {words}"


def book_table(book: Mapping[str, Any]) -> dict[str, Any]:
    """The table of a manifest that says what a lorebook in the card format does.

    Args:
        book: the lorebook, without problems.
    """
    table: dict[str, Any] = {
        name: int(min(book[name], _MOST))
        for name in ("scan_depth", "token_budget")
        if book.get(name) is not None and book[name] >= 0
    }
    if book.get("recursive_scanning"):
        table["recursive_scanning"] = True
    table["entries"] = [_entry(entry) for entry in book["entries"]]
    return table


_MOST = 1_000_000
"""Messages and tokens beyond which a number says no more than that there is no limit."""


_FARTHEST = 10**15
"""Where orders and priorities end: a number beyond it says no more than first or last."""


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    table = {
        name: entry[name]
        for name in (*(name for name, _, _ in _ENTRY),)
        if entry.get(name) is not None and not name.endswith("keys")
    }
    for name in ("keys", "secondary_keys"):
        given = entry.get(name) or []
        keys = given.split(",") if isinstance(given, str) else given
        table[name] = [sendable(key) for key in keys]
    for name in ("insertion_order", "priority"):
        if name in table:
            table[name] = max(-_FARTHEST, min(table[name], _FARTHEST))
    table["content"] = sendable(table.get("content", ""))
    if entry.get("position") in tuple(LorePosition):
        table["position"] = entry["position"]
    called = (entry.get("name"), entry.get("comment"))
    table["name"] = sendable(next((n for n in called if isinstance(n, str) and n), ""))
    extensions = extensions_of(entry)
    if extensions.get("match_whole_words") is True:
        table["whole_words"] = True
    if is_slashed_entry(entry):
        table |= {"use_regex": False, "slashed_keys": True}
        if extensions.get("case_sensitive") is True:
            table["case_sensitive"] = True
    return table


def extensions_of(table: Mapping[str, Any]) -> Mapping[str, Any]:
    """What other programs have written beside the fields of a book or an entry."""
    extensions = table.get("extensions")
    return extensions if isinstance(extensions, Mapping) else {}


def is_slashed_entry(entry: Mapping[str, Any]) -> bool:
    """Whether of an entry's keys only those between slashes are patterns, as SillyTavern has it."""
    ours = extensions_of(entry).get("ion")
    said = ours.get(KEYS) if isinstance(ours, Mapping) else None
    if said in (SLASHED, PATTERNS):
        return bool(said == SLASHED)
    return entry.get("use_regex") is not False and is_of_sillytavern(entry)


def is_of_sillytavern(entry: Mapping[str, Any]) -> bool:
    """Whether SillyTavern has written an entry; told by its own fields of ``extensions``."""
    return not _MARKS.isdisjoint(extensions_of(entry))


KEYS, SLASHED, PATTERNS = "keys", "slashed", "patterns"
"""What ``extensions.ion`` of an entry may say: that only keys between slashes are patterns, or that
``use_regex`` means what the specification says, whoever has written the entry anew since."""

_MARKS = frozenset(
    {
        "automation_id",
        "delay_until_recursion",
        "display_index",
        "exclude_recursion",
        "group_override",
        "prevent_recursion",
        "use_group_scoring",
    }
)
"""Fields that only SillyTavern writes."""


def lorebook_problems(book: Lorebook) -> Iterator[str]:
    """What keeps a lorebook from being used; each sentence begins with the key."""
    place = "persona.lorebook"
    if len(book.entries) > MAX_ENTRIES:
        yield f"{place}.entries: has {len(book.entries)} entries; at most {MAX_ENTRIES} are used"
    keys = sum(len(entry.keys) + len(entry.secondary_keys) for entry in book.entries)
    if keys > MAX_KEYS:
        yield f"{place}.entries: have {keys} keys together; at most {MAX_KEYS} are searched for"
    for index, entry in enumerate(book.entries):
        if entry.use_regex and entry.slashed_keys:
            yield (
                f"{place}.entries.{index}: use_regex makes every key a pattern and slashed_keys "
                "only those between slashes; choose one"
            )
    if book.needs_patterns and not patterns_available():
        yield (
            f"{place}: has keys that are regular expressions (use_regex), for which RE2 has to be "
            f"installed: pip install '{EXTRA}'"
        )
