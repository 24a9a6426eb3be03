"""Reading a recording from its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, TypeVar

import attrs

from ion_framework.recording.documents import LOST, header_of, read_line, turn_of
from ion_framework.recording.model import Header, RecordedTurn, RecordingError

_Document: TypeAlias = dict[str, Any]
_Made = TypeVar("_Made")


@attrs.frozen(kw_only=True)
class Recording:
    """A recording.

    Attributes:
        file: where it is from.
        header: its first line.
        turns: its turns, in order.
        lost: turns that could not be recorded, as the host counted them.
        torn: whether its last line was cut off while it was written; that turn is left out.
    """

    file: Path
    header: Header
    turns: tuple[RecordedTurn, ...]
    lost: int = 0
    torn: bool = False


def read_recording(file: Path, limit: int | None = None) -> Recording:
    """Read a recording.

    Args:
        file: the file.
        limit: how many of its turns are read at most.

    Raises:
        RecordingError: it cannot be read, or is no recording; names the line.
    """
    try:
        with file.open("rb") as stream:
            return _Reading(file, limit).of(stream)
    except OSError as error:
        raise RecordingError(f"{file}: cannot be read: {error.strerror}") from None


class _Reading:
    """A recording while it is read.

    Args:
        file: the file.
        limit: how many turns are read at most.
    """

    def __init__(self, file: Path, limit: int | None) -> None:
        self._file = file
        self._limit = limit
        self._torn = False
        self._lost = 0

    def of(self, stream: BinaryIO) -> Recording:
        lines = self._documents(stream)
        first = next(lines, None)
        if first is None:
            raise RecordingError(f"{self._file}: is empty; a recording begins with its header")
        header = self._made(1, header_of, first[1])
        turns = tuple(self._turns(lines))
        return Recording(
            file=self._file, header=header, turns=turns, lost=self._lost, torn=self._torn
        )

    def _turns(self, lines: Iterator[tuple[int, _Document]]) -> Iterator[RecordedTurn]:
        count = 0
        for number, document in lines:
            if document.keys() == {LOST}:
                self._lost += self._made(number, _count, document)
                continue
            if self._limit is not None and count >= self._limit:
                return
            count += 1
            yield self._made(number, turn_of, document)

    def _documents(self, stream: BinaryIO) -> Iterator[tuple[int, _Document]]:
        """Every line with its number; one that was cut off at the end is left out."""
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                yield number, read_line(line)
            except (ValueError, RecursionError) as error:
                # A line is written with its end, so only one without was cut off.
                if number > 1 and not line.endswith(b"\n"):
                    self._torn = True
                    return
                raise self._wrong(number, error) from None

    def _made(self, number: int, make: Callable[[_Document], _Made], document: _Document) -> _Made:
        try:
            return make(document)
        except ValueError as error:
            raise self._wrong(number, error) from None

    def _wrong(self, number: int, error: Exception) -> RecordingError:
        return RecordingError(f"{self._file}: line {number}: {error}")


def _count(document: _Document) -> int:
    count = document[LOST]
    if not isinstance(count, int):
        raise ValueError(f'"{LOST}" must be a whole number')  # noqa: TRY004  data, not a caller's mistake
    return count
