"""Labels whose words come from elsewhere, kept few."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

OTHER = "other"
MOST_WORDS = 200
"""Different words that one label may have; later ones count as ``other``."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_WORD = re.compile(r"[\w./@:+{}-]{1,120}")


class Vocabulary:
    """The words that each label has had so far.

    Attributes:
        installed: gives the names that may be the value of a label (``persona``, ``plugin``), or
            None where that is not known yet; a label without an entry takes any word.
    """

    def __init__(self) -> None:
        self._words: dict[str, set[str]] = {}
        self.installed: dict[str, Callable[[], Collection[str]]] = {}

    def word(self, label: str, value: str) -> str:
        """A value of a label, ``other`` where it is not fit to be one, or one too many.

        Args:
            label: name of the label.
            value: what it is to be; empty stays empty.
        """
        known = self._words.setdefault(label, set())
        if not value or value in known:
            return value
        allowed = self.installed.get(label)
        fits = _WORD.fullmatch(value) and (allowed is None or value in allowed())
        if not fits or len(known) >= MOST_WORDS:
            return OTHER
        known.add(value)
        return value


def method_word(method: str) -> str:
    """An HTTP method; what is none of the usual ones is the caller's own invention."""
    return method if method in METHODS else OTHER


def status_word(status: int) -> str:
    """An HTTP status."""
    return str(status) if 100 <= status <= 599 else OTHER  # noqa: PLR2004  the range of HTTP
