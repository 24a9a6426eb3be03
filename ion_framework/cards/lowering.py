"""A V3 card as V2, and back: what V2 does not know is kept under ``extensions.ion.v3``.

Fields of V3 and ``use_regex`` of entries move there; decorators, which a V2 program would show to
its model as text, are taken off the contents of entries, and the contents with them kept there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ion_framework.domain.lore_decorators import take_apart

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


def lower(document: Mapping[str, Any]) -> dict[str, Any]:
    """A V3 document as V2."""
    data = dict(document["data"])
    kept: dict[str, Any] = {
        "spec_version": document.get("spec_version"),
        "fields": {name: data.pop(name) for name in V3_FIELDS if name in data},
    }
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
    whole = [*records, *({} for _ in entries[len(records) :])]
    lifted = [_lifted(entry, record) for entry, record in zip(entries, whole, strict=False)]
    return {**data, "character_book": {**book, "entries": lifted}}  # type: ignore[dict-item]  # entries are in it, so it is a mapping


def _lowered(entry: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    lowered, record = dict(entry), {}
    if "use_regex" in lowered:
        record["use_regex"] = lowered.pop("use_regex")
    content = entry.get("content")
    if isinstance(content, str) and (text := take_apart(content).text) != content:
        lowered["content"], record["content"] = text, content
    return lowered, record


def _lifted(entry: object, record: object) -> object:
    if not isinstance(entry, Mapping) or not isinstance(record, Mapping):
        return entry
    lifted = dict(entry)
    if "use_regex" in record:
        lifted["use_regex"] = record["use_regex"]
    content = record.get("content")
    # Edited in the meantime, the text counts and not the one that was kept.
    if isinstance(content, str) and take_apart(content).text == entry.get("content"):
        lifted["content"] = content
    return lifted
