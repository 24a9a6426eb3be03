"""A persona's lorebook in the card format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ion_framework.cards.json_text import read_object, write_text
from ion_framework.domain.lorebook import Lorebook
from ion_framework.errors import CardError, ManifestError
from ion_framework.manifest.files import MAX_FILE_BYTES, package_text
from ion_framework.manifest.lorebook import KEYS, PATTERNS, SLASHED, book_table
from ion_framework.manifest.model import PersonaTable
from ion_framework.structuring import structure

_NAMES = ("lorebook.json", *(f"lorebook-{number}.json" for number in range(2, 10)))


def book_of(lorebook: Lorebook) -> dict[str, Any]:
    """A lorebook in the card format, made of what ION knows of it."""
    book: dict[str, Any] = {"extensions": {}}
    if lorebook.scan_depth is not None:
        book["scan_depth"] = lorebook.scan_depth
    if lorebook.token_budget is not None:
        book["token_budget"] = lorebook.token_budget
    book["recursive_scanning"] = lorebook.recursive_scanning
    book["entries"] = [
        {
            "keys": list(entry.keys),
            "content": entry.content,
            "extensions": {
                **({"match_whole_words": True} if entry.whole_words else {}),
                **({"ion": {KEYS: PATTERNS}} if entry.use_regex else {}),
                **({"ion": {KEYS: SLASHED}} if entry.slashed_keys else {}),
            },
            "enabled": entry.enabled,
            "insertion_order": entry.insertion_order,
            "case_sensitive": entry.case_sensitive,
            "use_regex": entry.use_regex or entry.slashed_keys,
            "constant": entry.constant,
            "selective": entry.selective,
            "secondary_keys": list(entry.secondary_keys),
            "position": entry.position.value,
            **({} if entry.priority is None else {"priority": entry.priority}),
            **({"name": entry.name} if entry.name else {}),
        }
        for entry in lorebook.entries
    ]
    return book


def book_in(folder: Path | None, lorebook: Lorebook) -> dict[str, Any]:
    """A persona's lorebook in the card format: as its files have it, where they say the same.

    Args:
        folder: the package's folder, None without one.
        lorebook: the lorebook.
    """
    parts = [_read(folder.resolve(), name) for name in _NAMES] if folder else []
    found = [part for part in parts if part is not None]
    if found:
        book = {**found[0], "entries": [entry for part in found for entry in part["entries"]]}
        if says(book, lorebook):
            return book
    return book_of(lorebook)


def says(book: Mapping[str, Any], lorebook: Lorebook) -> bool:
    """Whether a lorebook in the card format is this one."""
    table = {"description": "-", "prompts": {"system": "-"}, "lorebook": book_table(book)}
    try:
        return structure(table, PersonaTable, "", "").lorebook == lorebook
    except ManifestError:
        return False


def book_files(book: Mapping[str, Any], place: str) -> dict[str, str]:
    """The files of a package that hold a lorebook, each within the bounds of its files.

    Args:
        book: the lorebook in the card format.
        place: the card's name, for errors.

    Raises:
        CardError: it is larger than a package's files may be.
    """
    entries, files = list(book["entries"]), {}
    for name in _NAMES:
        taken, size = [], len(_text({**book, "entries": []}).encode())
        while (
            entries and size + (more := len(write_text(entries[0]).encode()) + 2) < MAX_FILE_BYTES
        ):
            taken.append(entries.pop(0))
            size += more
        files[name] = _text({**book, "entries": taken})
        if not entries:
            return files
    raise CardError(f"{place}: character_book: is larger than a persona's files may be")


def _text(book: Mapping[str, Any]) -> str:
    return write_text({"spec": "lorebook_v3", "data": book}) + "\n"


def _read(root: Path, name: str) -> dict[str, Any] | None:
    try:
        book = read_object(package_text(root, name).encode(), name).get("data")
    except (OSError, ValueError, CardError):
        return None
    fits = isinstance(book, dict) and isinstance(book.get("entries"), list)
    return book if fits else None
