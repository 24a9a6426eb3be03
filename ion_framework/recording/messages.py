"""Messages to be answered for a recording: text, labelled messages, or whole requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ion_framework.domain.blank import is_blank
from ion_framework.errors import IonError
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.recording.documents import read_line, structure
from ion_framework.recording.model import RecordingError

MEMBERS = (
    "text",
    "persona",
    "key",
    "language",
    "history",
    "summary",
    "notes",
    "user_id",
    "session_id",
    "prompt_mode",
    "parameters",
    "use_cache",
    "deadline_s",
)
"""What a request of a ``.jsonl`` file may hold; all but ``text`` may be left out."""


def read_messages(file: Path) -> tuple[TurnRequest, ...]:
    """The requests of a file: ``.jsonl``, ``.tsv`` with a column ``text``, else a message a line.

    Raises:
        RecordingError: it cannot be read; names the line.
    """
    try:
        with file.open("rb") as stream:
            return requests_of(stream, str(file))
    except OSError as error:
        raise RecordingError(f"{file}: cannot be read: {error.strerror}") from None


def requests_of(stream: BinaryIO, name: str) -> tuple[TurnRequest, ...]:
    """The requests of a stream.

    Args:
        stream: the stream.
        name: its name; how it ends says what is in it.

    Raises:
        RecordingError: a line cannot be read, or there is no message at all.
    """
    read = _READERS.get(Path(name).suffix.lower(), _of_text)
    found = tuple(read(_lines(stream, name), name))
    if not found:
        raise RecordingError(f"{name}: holds no message")
    return found


def _lines(stream: BinaryIO, name: str) -> Iterator[tuple[int, str]]:
    """Every line that says something, with its number."""
    for number, raw in enumerate(stream, 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise RecordingError(
                f"{name}: line {number}: is not UTF-8 at byte {error.start}"
            ) from None
        line = line.rstrip("\r\n")
        if not is_blank(line):
            yield number, line


def _of_text(lines: Iterator[tuple[int, str]], _: str) -> Iterator[TurnRequest]:
    for _number, line in lines:
        yield TurnRequest(text=line)


def _of_table(lines: Iterator[tuple[int, str]], name: str) -> Iterator[TurnRequest]:
    first = next(lines, None)
    columns = first[1].split("\t") if first else []
    if "text" not in columns:
        raise RecordingError(f"{name}: line 1: the header names no column 'text'")
    place = columns.index("text")
    for number, line in lines:
        cells = line.split("\t")
        if len(cells) <= place or is_blank(cells[place]):
            raise RecordingError(f"{name}: line {number}: the column 'text' is empty")
        yield TurnRequest(text=cells[place])


def _of_requests(lines: Iterator[tuple[int, str]], name: str) -> Iterator[TurnRequest]:
    for number, line in lines:
        try:
            yield _request(read_line(line))
        except (ValueError, RecursionError, IonError) as error:
            raise RecordingError(f"{name}: line {number}: {error}") from None


def _request(document: dict[str, Any]) -> TurnRequest:
    unknown = sorted(document.keys() - set(MEMBERS))
    if unknown:
        raise ValueError(f"unknown member {unknown[0]!r}; known are: {', '.join(MEMBERS)}")
    if not isinstance(document.get("text"), str) or is_blank(document["text"]):
        raise ValueError("the member 'text' has to be a message")
    made: TurnRequest = structure(document, TurnRequest)
    return made


_READERS: dict[str, Callable[[Iterator[tuple[int, str]], str], Iterator[TurnRequest]]] = {
    ".tsv": _of_table,
    ".jsonl": _of_requests,
}
