"""Putting the files of a package where they belong: all of them, or none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ion_framework.scaffolding.errors import OccupiedError, ScaffoldingError

_MAY_BE_THERE = frozenset({".git"})
"""What a folder may hold and still count as empty: somebody began with ``git init``."""


def check_vacant(folder: Path) -> None:
    """See that a package may go into a folder.

    Raises:
        OccupiedError: it is a file, or a folder with something in it.
        ScaffoldingError: it cannot be looked at.
    """
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise OccupiedError(f"{folder} is a file; name another folder with --into")
        found = sorted(path.name for path in folder.iterdir() if path.name not in _MAY_BE_THERE)
    except OSError as error:
        raise ScaffoldingError(f"{folder} cannot be read: {error.strerror}") from error
    if found:
        listed = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")  # noqa: PLR2004  a few tell which folder it is
        raise OccupiedError(
            f"{folder} is not empty (it holds {listed}); nothing was written. Name another folder "
            "with --into, or move what is there"
        )


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files into a folder that is empty or not there yet.

    Args:
        files: texts by path inside the folder.
        folder: the folder.

    Raises:
        OccupiedError: something is there; it stays as it is.
        ScaffoldingError: a file cannot be written; those written before are taken away again.
    """
    check_vacant(folder)
    made: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            _make_folders(path.parent, made)
            with path.open("x", encoding="utf-8", newline="\n") as stream:
                made.append(path)
                stream.write(text)
    except OSError as error:
        _take_away(made)
        where = error.filename or folder
        raise ScaffoldingError(f"{where} cannot be written: {error.strerror}") from error


def _make_folders(folder: Path, made: list[Path]) -> None:
    if folder.is_dir():
        return
    _make_folders(folder.parent, made)
    folder.mkdir()
    made.append(folder)


def _take_away(made: list[Path]) -> None:
    for path in reversed(made):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
