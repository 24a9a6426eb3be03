"""World Info files of SillyTavern (``entries`` by number) as lorebooks in the card format.

The fields become those that SillyTavern itself writes into a card, its own ones under
``extensions``; so such a file is read as the lorebook of a SillyTavern card is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_world_info(book: object) -> bool:
    """Whether an object is World Info: a lorebook has a list of entries, this a table of them."""
    return isinstance(book, Mapping) and isinstance(book.get("entries"), Mapping)


def book_of_world_info(info: Mapping[str, Any]) -> dict[str, Any]:
    """A lorebook in the card format; what in it is wrong stays wrong, and is found there.

    Args:
        info: the World Info.
    """
    return {**info, "entries": [_entry(entry) for entry in info["entries"].values()]}


def _entry(entry: object) -> object:
    if not isinstance(entry, Mapping):
        return entry
    made = {ours: entry[theirs] for theirs, ours in _FIELDS.items() if theirs in entry}
    extensions = {ours: entry[theirs] for theirs, ours in _EXTENSIONS.items() if theirs in entry}
    # What marks an entry as SillyTavern's, with or without the fields that its versions differ in.
    extensions.setdefault("display_index", entry.get("uid"))
    return {
        **made,
        "enabled": not entry.get("disable"),
        "position": "before_char" if entry.get("position") == 0 else "after_char",
        "use_regex": True,
        "extensions": extensions,
    }


_FIELDS = {
    "key": "keys",
    "keysecondary": "secondary_keys",
    "content": "content",
    "comment": "comment",
    "constant": "constant",
    "selective": "selective",
    "order": "insertion_order",
}
_EXTENSIONS = {
    "caseSensitive": "case_sensitive",
    "matchWholeWords": "match_whole_words",
    "displayIndex": "display_index",
    "position": "position",
    "selectiveLogic": "selectiveLogic",
    "probability": "probability",
    "useProbability": "useProbability",
    "excludeRecursion": "exclude_recursion",
    "preventRecursion": "prevent_recursion",
    "delayUntilRecursion": "delay_until_recursion",
    "scanDepth": "scan_depth",
    "depth": "depth",
    "role": "role",
    "group": "group",
    "sticky": "sticky",
    "cooldown": "cooldown",
    "delay": "delay",
}
"""Names in World Info, and in a card that SillyTavern writes."""
