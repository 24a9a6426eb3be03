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


def fitted(table: Table, room: int) -> list[int | None]:
    """A width for each column so that all fit and no word is broken.

    Columns that need little get all of it; those of long texts share what is left.

    Args:
        table: the table.
        room: characters for all columns together.

    Returns:
        the widths; None for each where even the longest words do not fit.
    """
    texts = [[_one_line(cell(value).text) for value in row] for row in (table.columns, *table.rows)]
    columns = list(zip(*texts, strict=True))
    widths = [max((width(word) for text in c for word in text.split()), default=0) for c in columns]
    wanted = [max(map(width, column)) - have for column, have in zip(columns, widths, strict=True)]
    spare = room - sum(widths)
    if spare < 0:
        return [None] * len(columns)
    waiting = len(columns)
    for place in sorted(range(len(columns)), key=wanted.__getitem__):
        more = min(wanted[place], spare // waiting)
        widths[place] += more
        spare -= more
        waiting -= 1
    return list(widths)


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
