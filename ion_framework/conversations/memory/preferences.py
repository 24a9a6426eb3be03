"""What users say of how they want to be answered, by the rules of ``words.toml``."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.conversations.memory.words import words

ADDRESS = "address"
"""The kind of the name by which the user wants to be called."""


def preferences_of(message: str, known: Mapping[str, str]) -> dict[str, str]:
    """The user's wishes after a message; one wish of each kind, the latest.

    Args:
        message: what the user wrote.
        known: the wishes before.
    """
    said = [
        (match.start(), wish.kind, wish.value)
        for wish in words().wishes
        for match in wish.pattern.finditer(message)
    ]
    for pattern in words().addresses:
        said += [(match.start(1), ADDRESS, match[1]) for match in pattern.finditer(message)]
    return {**known, **{kind: value for _, kind, value in sorted(said)}}
