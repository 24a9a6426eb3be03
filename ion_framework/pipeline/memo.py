"""Remembering analyses by text, within bounds."""

from __future__ import annotations

from collections import OrderedDict

from ion_framework.domain.resonance import Resonance

ENTRIES = 2048
LONGEST_TEXT = 2000
"""Longer texts are analysed anew: they hardly ever come twice, and would fill the memory."""


class AnalysisMemo:
    """The last analyses by text, least recently used out first."""

    def __init__(self, entries: int = ENTRIES) -> None:
        self._entries = entries
        self._known: OrderedDict[str, Resonance] = OrderedDict()

    def get(self, text: str) -> Resonance | None:
        """The analysis of a text, None where it is not known."""
        found = self._known.get(text)
        if found is not None:
            self._known.move_to_end(text)
        return found

    def put(self, text: str, resonance: Resonance) -> None:
        """Remember an analysis."""
        if len(text) > LONGEST_TEXT:
            return
        self._known[text] = resonance
        self._known.move_to_end(text)
        if len(self._known) > self._entries:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
