"""Tables as values, and as plain aligned text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import attrs


@attrs.frozen
class Cell:
    """One cell.

    Attributes:
        text: what it says.
        mood: ``good``, ``bad``, ``notice`` or ``quiet``, for terminals with colours; empty for
            ordinary text. Never says anything that the text does not.
    """

    text: str
    mood: str = ""


@attrs.frozen
class Table:
    """A table.

    Attributes:
        columns: headings.
        rows: one cell or text per column.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]


def cell(value: Cell | str) -> Cell:
    """A cell from a cell or a text."""
    return value if isinstance(value, Cell) else Cell(value)


def aligned(table: Table) -> list[str]:
    """The table as lines of text in columns, two spaces between them, nothing cut, no frame."""
    texts = [[_one_line(cell(value).text) for value in row] for row in table.rows]
    widths = [
        max(width(text) for text in column) for column in zip(table.columns, *texts, strict=True)
    ]
    return [_line(row, widths) for row in (table.columns, *texts)]


def longest_words(table: Table) -> list[int]:
    """The width of the longest word in each column."""
    texts = [[cell(value).text for value in row] for row in (table.columns, *table.rows)]
    return [
        max((width(word) for text in column for word in text.split()), default=0)
        for column in zip(*texts, strict=True)
    ]


def width(text: str) -> int:
    """Columns that a text takes on a terminal; Korean syllables take two."""
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text + " " * (space - width(text)) for text, space in zip(texts, widths, strict=True))
    return "  ".join(padded).rstrip()
