"""Where commands write: JSON, text and tables, on a terminal or in a pipe.

Plugins are third parties that may print. While they can run, ``sys.stdout`` and file descriptor 1
are standard error, and only an `Output` writes to standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from typing import IO, TYPE_CHECKING

import click

from ion_framework.cli.streams import raw_of
from ion_framework.cli.tables import Table, aligned, cell, fitted

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {
    "good": "green",
    "bad": "red",
    "notice": "yellow",
    "quiet": "dim",
    "mark": "bold underline",
}


class Output:
    """Standard output as it was when the command began."""

    def __init__(self) -> None:
        self._stream: IO[str] = sys.stdout
        self._raw = raw_of(self._stream)

    @property
    def terminal(self) -> bool:
        """Whether a person watches."""
        return self._stream.isatty()

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Keep everybody else from standard output: what they print goes to standard error."""
        with redirect_stdout(sys.stderr), self._raw.reserved() if self._raw else nullcontext():
            yield

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Give standard output back for as long as a prompt needs it."""
        with redirect_stdout(self._stream), self._raw.given_back() if self._raw else nullcontext():
            yield

    def json(self, value: object) -> None:
        """A whole document: indented on a terminal, on one line in a pipe. UTF-8 in any locale."""
        from ion_framework.jsonable import to_json  # tables need none of it

        self._bytes(to_json(value, indent=2 if self.terminal else None) + "\n")

    def json_line(self, value: object) -> None:
        """One of many objects, on a line of its own."""
        from ion_framework.jsonable import to_json  # tables need none of it

        self._bytes(to_json(value) + "\n")

    def line(self, text: str = "", mood: str = "") -> None:
        """A line of text."""
        if mood and self.terminal:
            from rich.text import Text

            self._console().print(Text(printable(text), style=_STYLES[mood]), soft_wrap=True)
        else:
            self.piece(text + "\n")

    def piece(self, text: str) -> None:
        """Part of a line, at once."""
        self._stream.write(printable(text) if self.terminal else text)
        self._stream.flush()

    def table(self, table: Table) -> None:
        """A table: drawn on a terminal, aligned in a pipe."""
        if self.terminal:
            self._draw(table)
        else:
            self.piece("\n".join(aligned(table)) + "\n")

    def marked(self, text: str, spans: list[tuple[int, int]]) -> None:
        """A text with passages marked: by style on a terminal, by brackets in a pipe."""
        if not self.terminal:
            self.line(_bracketed(text, spans))
            return
        from rich.text import Text

        shown = Text(_same_length(text))
        for start, end in spans:
            shown.stylize(_STYLES["mark"], start, end)
        self._console().print(shown, soft_wrap=True)

    def _bytes(self, text: str) -> None:
        binary = getattr(self._stream, "buffer", None)
        if binary is None:
            self.piece(text)
            return
        self._stream.flush()
        rest = memoryview(text.encode())
        while rest:  # unbuffered (python -u), one write may take less than all
            rest = rest[binary.write(rest) :]
        binary.flush()

    def _console(self) -> Console:
        from rich.console import Console  # costs 60 ms, and only on a terminal

        return Console(file=self._stream)

    def _draw(self, table: Table) -> None:
        from rich.box import SIMPLE_HEAD
        from rich.table import Table as Drawn
        from rich.text import Text

        console = self._console()
        drawn = Drawn(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        gaps = _GAP * (len(table.columns) - 1)
        # Left to itself, rich breaks words before it gives a column of sentences less room.
        for column, width in zip(table.columns, fitted(table, console.width - gaps), strict=True):
            drawn.add_column(column, overflow="fold", width=width)
        for row in table.rows:
            cells = map(cell, row)
            drawn.add_row(*(Text(printable(c.text), style=_STYLES.get(c.mood, "")) for c in cells))
        console.print(drawn)


_GAP = 3
"""Characters that rich puts between two columns."""


def note(text: str) -> None:
    """A remark for people, on standard error."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """A text without the characters by which whoever wrote it could steer the terminal."""
    return "".join(c for c in text if c in "\n\t" or not _steers(c))


def _same_length(text: str) -> str:
    """As `printable`, with a replacement for each character, so that positions stay."""
    return "".join(c if c in "\n\t" or not _steers(c) else "\ufffd" for c in text)


def _steers(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f" or character in _DIRECTION


_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reverse the direction of writing, and so what a line seems to say."""


def _bracketed(text: str, spans: list[tuple[int, int]]) -> str:
    pieces, position = [], 0
    for start, end in spans:
        pieces += [text[position:start], "[", text[start:end], "]"]
        position = end
    return "".join((*pieces, text[position:]))
