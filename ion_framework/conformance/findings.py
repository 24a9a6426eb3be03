"""Findings and grades: the words of the kit."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs

from ion_framework.domain.language import Language


class Level(StrEnum):
    """How bad a finding is.

    ``error``    something does not work
    ``warning``  it works, and somebody will suffer from it
    ``note``     something that whoever reads the report should know; costs no grade
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Grade(StrEnum):
    """What a plugin has reached, in rising order.

    ``none``    it does not work
    ``bronze``  it is valid, comes to life and does what it is there for
    ``silver``  both languages, documented, true about what it does, sane in routing
    ``gold``    everything, under strain and in bad company as well, with tests and a licence
    """

    NONE = "none"
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"

    @property
    def place(self) -> int:
        """0 for none, 3 for gold."""
        return list(Grade).index(self)

    def reaches(self, wanted: Grade) -> bool:
        """Whether this grade is at least another."""
        return self.place >= wanted.place


@attrs.frozen
class Finding:
    """One thing that the kit found.

    Attributes:
        code: which one; a key of `ion_framework.conformance.catalogue.CATALOGUE`.
        level: how bad it is.
        where: the place: a file, a key, a hook.
        message: what was found, in English.
        fix: what to do, in English.
        blocks: the lowest grade that cannot be reached with it, None for a note.
        values: what the sentences were filled with, for other languages.
    """

    code: str
    level: Level
    where: str
    message: str
    fix: str
    blocks: Grade | None = None
    values: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def told(self, language: Language) -> tuple[str, str]:
        """Message and fix in a language."""
        from ion_framework.conformance.catalogue import sentences  # it makes findings itself

        return sentences(self.code, language, self.values)
