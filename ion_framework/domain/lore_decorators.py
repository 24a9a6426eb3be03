"""Decorators of lorebook entries (Character Card V3): lines ``@@name value`` in the content.

Honoured are those in `HONOURED`. Every other one is ignored, and so is one whose value is not
valid; then the first fallback under it (``@@@name value``) that can be honoured counts instead. Of
two decorators of one name the first counts. What is not honoured needs what ION does not keep
(earlier activations, the greeting or the icon in use, the size of a model's context), or is by the
specification not for chats (depths in tokens, reversed depths).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import attrs

from ion_framework.domain.frozen import frozen

LARGEST = 1_000_000
"""Largest number that a decorator's value may be."""


@attrs.frozen
class Decorated:
    """The content of an entry, taken apart.

    Attributes:
        text: the content without its decorators.
        decorators: values by name of those that count: a number, a list of texts, a text or,
            without a value, True.
    """

    text: str
    decorators: Mapping[str, object] = attrs.field(converter=frozen)

    def number(self, name: str) -> int | None:
        """The number that a decorator gives, None without it."""
        value = self.decorators.get(name)
        return value if isinstance(value, int) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts that a decorator lists, none without it."""
        value = self.decorators.get(name)
        return value if isinstance(value, tuple) else ()

    def has(self, name: str) -> bool:
        """Whether a decorator is there."""
        return name in self.decorators


def take_apart(content: str) -> Decorated:
    """Separate the decorators of an entry's content from its text."""
    kept: list[str] = []
    found: dict[str, object] = {}
    waits = False
    for line in content.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None:
            kept.append(line)
            waits = False
            continue
        marks, name, value = match[1], match[2].lower(), match[3].strip()
        if marks == "@@@" and not waits:
            continue
        read = _value(name, value)
        waits = read is None
        if read is not None:
            found.setdefault(name, read)
    if not found and len(kept) == len(content.splitlines()):
        return Decorated(content, {})
    return Decorated("\n".join(kept).strip("\n"), found)


def unused_names(content: str) -> tuple[str, ...]:
    """The names of the decorators of a content that are not in `HONOURED`, in order."""
    lines = (_LINE.fullmatch(line.strip()) for line in content.splitlines())
    names = (match[2].lower() for match in lines if match)
    return tuple(name for name in names if name not in HONOURED)


_LINE = re.compile(r"(@@@?)([A-Za-z_]+)((?:[ \t].*)?)")
"""A name of Latin letters and underscores: the head of a hunk (``@@ -1 +1 @@``) is none."""


def _value(name: str, text: str) -> object:
    """The value of a decorator, None where it cannot be honoured."""
    return HONOURED[name](text) if name in HONOURED else None


def _number(least: int) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        number = int(text) if re.fullmatch(r"-?[0-9]{1,7}", text) else None
        return number if number is not None and least <= number <= LARGEST else None

    return read


def _texts(text: str) -> tuple[str, ...] | None:
    return tuple(part.strip() for part in text.split(",") if part.strip()) or None


def _one_of(*valid: str) -> Callable[[str], str | None]:
    return lambda text: text.strip("\"'") if text.strip("\"'") in valid else None


def _flag(text: str) -> bool | None:
    return None if text else True


HONOURED: Mapping[str, Callable[[str], object]] = {
    "activate": _flag,
    "dont_activate": _flag,
    "activate_only_after": _number(0),
    "activate_only_every": _number(1),
    "depth": _number(-LARGEST),
    "role": _one_of("assistant", "system", "user"),
    "scan_depth": _number(0),
    "position": _one_of("before_desc", "after_desc"),
    "additional_keys": _texts,
    "exclude_keys": _texts,
}
"""How the value of each decorator is read that ION honours."""
