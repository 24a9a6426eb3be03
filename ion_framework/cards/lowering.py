"""A V3 card as V2, and back: what V2 does not know is kept under ``extensions.ion.v3``.

Fields of V3 and ``use_regex`` of entries move there; decorators, which a V2 program would show to
its model as text, are taken off the contents of entries, and the contents with them kept there. A
record says by digests of which entry it is: a V2 program may remove entries and reorder them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from ion_framework.domain.lore_decorators import take_apart
from ion_framework.jsonable import to_json
from ion_framework.manifest.lorebook import KEYS, PATTERNS, extensions_of, is_slashed_entry

BLOCK = "ion"
"""The name of ION's own extensions of a card."""

V3_FIELDS = (
    "assets",
    "nickname",
    "creator_notes_multilingual",
    "source",
    "group_only_greetings",
    "creation_date",
    "modification_date",
)
"""Fields that V2 does not know."""

_KEY = "v3"


NOTICE = (
    "This character card is Character Card V3, but it is loaded as a Character Card V2. Please use "
    "a Character Card V3 compatible application to use this character card properly."
)
"""What people read who load the V2 card beside a V3 card; the words are the specification's."""


def lower(document: Mapping[str, Any], *, beside_v3: bool = False) -> dict[str, Any]:
    """A V3 document as V2.

    Args:
        document: the document.
        beside_v3: whether it stands beside the V3 card, which its notes for people then say.
    """
    data = dict(document["data"])
    kept: dict[str, Any] = {
        "spec_version": document.get("spec_version"),
        "fields": {name: data.pop(name) for name in V3_FIELDS if name in data},
    }
    if beside_v3:
        data["creator_notes"] = f"{NOTICE}\n\n{data.get('creator_notes') or ''}"
        kept["notice"] = True
    book = data.get("character_book")
    if isinstance(book, Mapping):
        records = [_lowered(entry) for entry in book["entries"]]
        data["character_book"] = {**book, "entries": [entry for entry, _ in records]}
        kept["entries"] = [record for _, record in records]
    extensions = data.get("extensions") or {}
    block = {**extensions.get(BLOCK, {}), _KEY: kept}
    data["extensions"] = {**extensions, BLOCK: block}
    return {**document, "spec": "chara_card_v2", "spec_version": "2.0", "data": data}


def lift(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A V2 document that was V3 once, as V3 again; any other one as it is."""
    kept = _kept(document)
    if kept is None:
        return document
    data = dict(document["data"])
    extensions = dict(data["extensions"])
    extensions[BLOCK] = {k: v for k, v in extensions[BLOCK].items() if k != _KEY}
    data["extensions"] = extensions
    fields = kept.get("fields")
    if isinstance(fields, Mapping):
        data |= {name: fields[name] for name in V3_FIELDS if name in fields}
    notes = data.get("creator_notes")
    if kept.get("notice") is True and isinstance(notes, str):
        data["creator_notes"] = notes.removeprefix(NOTICE).removeprefix("\n\n")
    data = _with_entries(data, kept.get("entries"))
    version = kept.get("spec_version")
    said = {"spec_version": version} if isinstance(version, str) else {}
    return {**document, "spec": "chara_card_v3", "spec_version": "3.0", **said, "data": data}


def _kept(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if document.get("spec") != "chara_card_v2":
        return None
    found: object = document
    for step in ("data", "extensions", BLOCK, _KEY):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _with_entries(data: dict[str, Any], records: object) -> dict[str, Any]:
    book = data.get("character_book")
    entries = book.get("entries") if isinstance(book, Mapping) else None
    if not isinstance(entries, list) or not isinstance(records, list):
        return data
    lifted = list(map(_lifted, entries, _records_of(entries, records)))
    return {**data, "character_book": {**book, "entries": lifted}}  # type: ignore[dict-item]  # entries are in it, so it is a mapping


def _records_of(entries: Sequence[object], records: Sequence[object]) -> list[object]:
    """The record of each entry, an empty one where it has none.

    At its own place an entry is known by its keys or its content, of which one may have been
    edited; elsewhere by both.
    """
    marks = [_marks(entry) if isinstance(entry, Mapping) else () for entry in entries]
    made_of = [_made_of(record) for record in records]
    found: dict[int, object] = {}
    elsewhere: dict[tuple[object, ...], list[object]] = {}
    for index, (record, made) in enumerate(zip(records, made_of, strict=True)):
        here = marks[index] if index < len(marks) else ()
        if any(one == other for one, other in zip(here, made, strict=False)):
            found[index] = record
        elif made:
            elsewhere.setdefault(made, []).append(record)
    for index, here in enumerate(marks):
        if index not in found and elsewhere.get(here):
            found[index] = elsewhere[here].pop(0)
    return [found.get(index, {}) for index in range(len(entries))]


_MARKED = ("keys", "content")
"""What an entry is known by."""


def _marks(entry: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(_digest(entry.get(name)) for name in _MARKED)


def _made_of(record: object) -> tuple[object, ...]:
    """The marks of the entry that a record was made of, none where it does not say."""
    told = record.get("of") if isinstance(record, Mapping) else None
    known = isinstance(told, list) and all(isinstance(item, str) for item in told)
    return tuple(told) if known and told else ()


def _digest(value: object) -> str:
    return sha256(to_json(value).encode()).hexdigest()[:16]


def _lowered(entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    lowered, record = dict(entry), {}
    if "use_regex" in lowered:
        record["use_regex"] = lowered.pop("use_regex")
        if record["use_regex"] and not is_slashed_entry(entry):
            record[PATTERNS] = True
    content = entry.get("content")
    if isinstance(content, str) and (text := take_apart(content).text) != content:
        lowered["content"], record["content"] = text, content
    return lowered, {**record, "of": list(_marks(lowered))} if record else {}


def _lifted(entry: object, record: object) -> object:
    if not isinstance(entry, Mapping) or not isinstance(record, Mapping):
        return entry
    lifted = dict(entry)
    if "use_regex" in record:
        lifted["use_regex"] = record["use_regex"]
    if record.get(PATTERNS) is True and is_slashed_entry(lifted):
        # SillyTavern has written the entry anew, and would not say so of its own keys.
        others = extensions_of(lifted)
        ours = others.get(BLOCK)
        kept = ours if isinstance(ours, Mapping) else {}
        lifted["extensions"] = {**others, BLOCK: {**kept, KEYS: PATTERNS}}
    content = record.get("content")
    # Edited in the meantime, the text counts and not the one that was kept.
    if isinstance(content, str) and take_apart(content).text == entry.get("content"):
        lifted["content"] = content
    return lifted
