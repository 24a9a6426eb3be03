"""Writing a recording: a line at a time, each whole in the file before the next begins."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from ion_framework.jsonable import to_json
from ion_framework.recording.documents import LOST, line_of
from ion_framework.recording.model import Header, RecordedTurn, RecordingError

MODE = 0o600
"""Only the owner reads and writes it: what people wrote stands in it."""


class RecordingWriter:
    """A recording that is being written. Whatever ends the process, at most its last line is torn.

    Attributes:
        turns: turns that it holds so far.
        lost: turns that are missing.
        processes: processes of the host that is recorded.

    Args:
        file: the file; it must not be there yet.
        replace: whether one that is there is replaced.
    """

    def __init__(self, file: Path, *, replace: bool = False) -> None:
        self.file = file
        self.turns = 0
        self.lost = 0
        self.processes = 1
        self._replace = replace
        self._begun = self._is_file = False
        self._descriptor = -1

    def __enter__(self) -> Self:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        flags |= 0 if self._replace else os.O_EXCL
        try:
            self._descriptor = os.open(self.file, flags, MODE)
            self._is_file = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
            if self._is_file:
                self.file.chmod(MODE)  # one that was there may have been open to others
        except FileExistsError:
            raise RecordingError(
                f"{self.file}: is there already; name another file, or add --overwrite"
            ) from None
        except OSError as error:
            raise self._unwritable(error) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as failure:
            if error is None and failure.errno not in _NOT_A_DISK:
                raise self._unwritable(failure) from None
        finally:
            os.close(self._descriptor)
            if not (self._begun or self._replace):
                self.file.unlink(missing_ok=True)  # nothing came of it, not even a header

    def begin(self, header: Header) -> None:
        """Write the header.

        Raises:
            RecordingError: it cannot be written.
        """
        self.line(line_of(header))
        self.processes = header.processes

    def add(self, turn: RecordedTurn) -> None:
        """Write a turn.

        Raises:
            RecordingError: it cannot be written.
        """
        self.line(line_of(turn))
        self.turns += 1

    def lose(self, count: int) -> None:
        """Write that so many turns are missing here.

        Raises:
            RecordingError: it cannot be written.
        """
        self.line(to_json({LOST: count}))
        self.lost += count

    def line(self, text: str) -> None:
        """Write a line that is JSON already, in one piece.

        Raises:
            RecordingError: it cannot be written.
        """
        rest = memoryview(text.encode() + b"\n")
        try:
            if self._is_file and self._replace and not self._begun:
                os.ftruncate(self._descriptor, 0)  # as late as there is something to put into it
            self._begun = True
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> RecordingError:
        return RecordingError(f"{self.file}: cannot be written: {error.strerror}")


_NOT_A_DISK = frozenset({errno.EINVAL, errno.ENOTSUP})
"""What is no file on a disk (a pipe, a device) cannot be synchronised."""
