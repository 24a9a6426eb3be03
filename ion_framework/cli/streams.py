"""The standard streams of the process: there even where they are closed, and watched.

Who writes to standard output cannot tell whether an `OSError` came from there or from elsewhere,
and click turns a broken pipe into an exit code of its own. So the stream itself remembers that a
write failed, and the end of the process says what that means.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

_Buffer = Any
"""What gives access to its bytes; Python has had a name for this type since 3.12."""

_INPUT, _OUTPUT, _ERROR = 0, 1, 2


class StandardOutput(io.RawIOBase):
    """The bytes of standard output, wherever its file descriptor is at the moment."""

    def __init__(self) -> None:
        self._descriptor = _OUTPUT
        self._abandoned = False
        self.failure: OSError | None = None
        """Why the last write that failed did; None where none has."""

    def writable(self) -> bool:
        """It is for writing."""
        return True

    def fileno(self) -> int:
        """The file descriptor that leads to standard output now."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a person watches."""
        return os.isatty(self._descriptor)

    def write(self, data: _Buffer, /) -> int | None:
        """Write bytes; returns how many were taken, None where none can be without waiting.

        Raises:
            OSError: they cannot be written; also kept as ``failure``.
        """
        if self._abandoned:
            return memoryview(data).nbytes
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:
            return None
        except OSError as error:
            self.failure = error
            raise

    def abandon(self) -> None:
        """Let go of what is still to be written: the interpreter flushes once more at its end."""
        self._abandoned = True

    @contextmanager
    def reserved(self) -> Iterator[None]:
        """Have file descriptor 1 be standard error, for everybody but this stream."""
        if self._descriptor != _OUTPUT:
            yield
            return
        own = os.dup(_OUTPUT)
        self._lead_astray(own)
        try:
            yield
        finally:
            self._lead_back(own)
            os.close(own)

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Undo `reserved` for a while: line editing at a prompt insists on file descriptor 1."""
        own = self._descriptor
        if own == _OUTPUT:
            yield
            return
        self._lead_back(own)
        try:
            yield
        finally:
            self._lead_astray(own)

    def _lead_astray(self, own: int) -> None:
        os.dup2(_ERROR, _OUTPUT)
        self._descriptor = own

    def _lead_back(self, own: int) -> None:
        os.dup2(own, _OUTPUT)
        self._descriptor = _OUTPUT


def prepare() -> StandardOutput:
    """Have all three streams open, and standard output watched."""
    _open_closed()
    output = StandardOutput()
    sys.stdout = _watched(sys.stdout, output)
    for stream in (sys.stdout, sys.stderr):
        _never_fail_to_encode(stream)
    return output


def raw_of(stream: IO[str]) -> StandardOutput | None:
    """The watched standard output below a stream, None where it is something else."""
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    return raw if isinstance(raw, StandardOutput) else None


def _open_closed() -> None:
    # In this order: a file that is opened gets the lowest descriptor that is free.
    for descriptor in (_INPUT, _OUTPUT, _ERROR):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    # Python has None for a stream that was closed when it began, whatever its types say.
    sys.stdin = sys.stdin or os.fdopen(_INPUT, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or os.fdopen(_OUTPUT, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(_ERROR, "w", encoding="utf-8", closefd=False)


def _watched(stream: IO[str], raw: StandardOutput) -> io.TextIOWrapper | IO[str]:
    """The same stream over a raw one of ours; a console of Windows stays as it is."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    unbuffered = isinstance(stream.buffer, io.RawIOBase)  # python -u
    before = stream.buffer if unbuffered else getattr(stream.buffer, "raw", None)
    if type(before) is not io.FileIO:
        return stream
    stream.flush()
    return io.TextIOWrapper(
        raw if unbuffered else io.BufferedWriter(raw),  # type: ignore[type-var]  # python -u does so
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=unbuffered,
    )


def _never_fail_to_encode(stream: IO[str]) -> None:
    # A locale that has no Korean must not turn an answer into a traceback.
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
