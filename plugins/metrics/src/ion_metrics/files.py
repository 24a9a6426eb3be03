"""The numbers of all processes of a run, in one folder that they share.

Each process writes to a mapped file of its own, on which it holds a lock for as long as it lives.
The system keeps what was written when the process is killed, so counters never go back; gauges of
a process without a lock are left out. Files of processes that are gone are put together now and
then, so that a worker that ends again and again does not fill the folder.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import time
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from ion_metrics.ledger import SCRATCH, Numbers, Series
from ion_metrics.names import BY_NAME, Kind

MOST_GONE = 4
"""Files of processes that are gone, until they are put together."""

LOCK = "metrics.lock"
VALUES, JOURNAL, HALF = ".values", ".journal", ".half"
"""Endings: the numbers, what they mean, and a journal that is not complete yet."""


class Shelf:
    """The files of this process.

    Args:
        folder: the folder of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"metrics-{os.getpid()}-{time.time_ns()}"
        self._map: mmap.mmap | None = None
        self._view: memoryview[float] | None = None
        self._held = self._journal = -1

    def open(self, capacity: int) -> memoryview[float]:
        """Room for so many numbers, all 0.

        Raises:
            OSError: there is no room, or no right to write.
        """
        values = self._folder / (self._name + VALUES)
        self._held = os.open(values, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        # Written, not only made longer: a disk that fills up later would mean SIGBUS.
        os.write(self._held, bytes(capacity * 8))
        self._map = mmap.mmap(self._held, capacity * 8)
        self._view = memoryview(self._map).cast("d")
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._journal = os.open(values.with_suffix(JOURNAL), flags, 0o600)
        return self._view

    def note(self, series: Series) -> None:
        """Say what the next numbers mean."""
        with suppress(OSError):  # the disk is full: what is not named is not told
            os.write(self._journal, _line(series))

    def close(self) -> None:
        """Let go of the files, and leave them where they are."""
        if self._view is not None and self._map is not None:
            self._view.release()
            self._map.close()
        for each in (self._journal, self._held):
            if each >= 0:
                os.close(each)


@attrs.frozen
class Kept:
    """What one file says.

    Attributes:
        values: the file of the numbers.
        lives: whether its process does.
        numbers: the numbers.
        instead_of: names of files that it has taken the place of.
    """

    values: Path
    lives: bool
    numbers: Numbers
    instead_of: tuple[str, ...] = ()


def total(folder: Path) -> Numbers:
    """The numbers of all processes together."""
    with _locked(folder, fcntl.LOCK_SH):
        return added(_all(folder))


def put_together(folder: Path) -> None:
    """Make one file of those of processes that are gone, where there are many."""
    with _locked(folder, fcntl.LOCK_EX):
        gone = [each for each in _all(folder) if not each.lives]
        if len(gone) > MOST_GONE:
            _write(folder, added(gone), tuple(each.values.name for each in gone))
            for each in gone:
                _remove(each.values)


def added(kept: Iterable[Kept]) -> Numbers:
    """The sum: of gauges, of what lives alone."""
    found: dict[Series, tuple[float, ...]] = {}
    for each in kept:
        for series, numbers in each.numbers.items():
            if not each.lives and BY_NAME[series[0]].kind is Kind.GAUGE:
                continue
            before = found.get(series)
            both = zip(before, numbers, strict=True) if before is not None else ()
            found[series] = tuple(a + b for a, b in both) if before is not None else numbers
    return found


def _all(folder: Path) -> list[Kept]:
    found = [kept for file in folder.glob(f"*{JOURNAL}") if (kept := _read(file)) is not None]
    # The end of a process may come between writing one file and removing those before it.
    replaced = {name for each in found for name in each.instead_of}
    return [each for each in found if each.values.name not in replaced]


def _read(journal: Path) -> Kept | None:
    values = journal.with_suffix(VALUES)
    try:
        lines = journal.read_bytes().split(b"\n")[:-1]  # what follows the last is not complete
        with values.open("rb") as file:
            lives = not _takes_lock(file.fileno())
            cells = array("d", file.read())
    except OSError:
        return None
    numbers: dict[Series, tuple[float, ...]] = {}
    instead_of: tuple[str, ...] = ()
    place = SCRATCH
    for line in lines:
        name, labels = json.loads(line)
        if name not in BY_NAME:
            instead_of = tuple(labels)
            continue
        width = BY_NAME[name].width
        numbers[name, tuple(labels)] = tuple(cells[place : place + width])
        place += width
    return Kept(values, lives, numbers, instead_of)


def _takes_lock(file: int) -> bool:
    """Whether a file is free; a lock that is had is let go of when the file is closed."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(folder: Path, numbers: Numbers, instead_of: tuple[str, ...]) -> None:
    name = f"metrics-past-{time.time_ns()}"
    cells = array("d", bytes(8 * SCRATCH))
    lines = [_line(("", instead_of))]
    for series, own in numbers.items():
        cells.extend(own)
        lines.append(_line(series))
    (folder / (name + VALUES)).write_bytes(cells.tobytes())
    half = folder / (name + HALF)
    half.write_bytes(b"".join(lines))
    half.rename(folder / (name + JOURNAL))


def _remove(values: Path) -> None:
    for file in (values.with_suffix(JOURNAL), values):
        file.unlink(missing_ok=True)


def _line(series: Series) -> bytes:
    return json.dumps([series[0], list(series[1])], ensure_ascii=False).encode() + b"\n"


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[None]:
    """Hold the folder: alone to put files together, with others to read."""
    held = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, how)
        yield
    finally:
        os.close(held)
