"""What keeps a package from being written."""

from __future__ import annotations

from ion_framework.errors import IonError


class ScaffoldingError(IonError):
    """A package cannot be written; says why and what to do."""


class AnswerError(ScaffoldingError, ValueError):
    """Something that was given cannot be used.

    Attributes:
        what: what it is: ``name``, ``description``, ``tones``, …
    """

    def __init__(self, what: str, message: str) -> None:
        super().__init__(f"{what}: {message}")
        self.what = what


class OccupiedError(ScaffoldingError):
    """There is something already where the package was to go; nothing of it was touched."""
