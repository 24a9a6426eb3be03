"""Whether anybody else could change what a file says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def rights_problem(path: Path, *, folder: bool = False) -> str:
    """Why the rights of a file do not do; empty where they do, and on systems without such rights.

    The file has to belong to the user of this process or to root, and nobody else may write it. Of
    a folder it is enough that others cannot put another file in the place of one of its files: it
    may be writable if it is sticky, as the system's folder for temporary files is.

    Args:
        path: the file or folder.
        folder: whether it is a folder.

    Raises:
        OSError: they cannot be read.
    """
    if os.name != "posix":
        return ""
    found = path.stat()
    if folder:
        is_open = found.st_mode & _OTHERS and not found.st_mode & stat.S_ISVTX
        return (
            f"others can write its folder; take that away with: chmod go-w {path}"
            if is_open
            else ""
        )
    if found.st_uid not in (os.geteuid(), 0):
        return (
            f"it belongs to the user {found.st_uid}; change that with: chown {os.geteuid()} {path}"
        )
    return writing_problem(path)


def writing_problem(path: Path) -> str:
    """Why the mode of a file does not do; empty where nobody but its owner may write it.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be read.
    """
    if os.name == "posix" and path.stat().st_mode & _OTHERS:
        return f"others can write it; take that away with: chmod go-w {path}"
    return ""
