"""Texts in files of a package: read within bounds, from inside the package only."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from ion_framework.manifest.model import MANIFEST_NAME

MAX_FILE_BYTES = 256 * 1024
"""Size up to which a manifest, or a text file that it names, is read."""

MAX_TEXT_BYTES = 1024 * 1024
"""Size of all texts together that a persona takes from files, each counted as often as named."""


def read_text(file: Path) -> str:
    """The text of a file, line ends made uniform.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, or not UTF-8.
    """
    with file.open("rb") as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"larger than {MAX_FILE_BYTES} bytes")
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start}") from None


def unreadable(error: OSError | ValueError, name: object) -> str:
    """Why a file that a manifest names cannot be read, and what to do about it.

    Args:
        error: what came of reading it.
        name: the file, as the manifest names it.
    """
    if isinstance(error, FileNotFoundError):
        return f"there is no file {name!r} in the package: put it there, or correct its path"
    if isinstance(error, OSError):
        return f"the file {name!r} cannot be read: {error.strerror or type(error).__name__}"
    return str(error)


def inline_files(table: object, folder: Path, path: str) -> tuple[str, ...]:
    """Put the text of a file in the place of every ``{ file = "…" }`` of a table, in place.

    Args:
        table: the table.
        folder: the package's folder.
        path: key path of the table, for problems.

    Returns:
        what is wrong, one sentence each.
    """
    inlining = _Inlining(folder)
    inlining.walk(table, path)
    return tuple(inlining.problems)


class _Inlining:
    """One pass over a persona's table."""

    def __init__(self, folder: Path) -> None:
        self.problems: list[str] = []
        self._folder = folder
        self._texts: dict[str, str] = {}
        self._bytes = 0

    @cached_property
    def _root(self) -> Path:
        return self._folder.resolve()

    def walk(self, value: object, path: str) -> None:
        entries = (
            value.items()
            if isinstance(value, dict)
            else enumerate(value if isinstance(value, list) else ())
        )
        for key, item in list(entries):
            where = f"{path}.{key}"
            if isinstance(item, dict) and set(item) == {"file"}:
                value[key] = self._text(item["file"], where)  # type: ignore[index]  # entries came from a dict or a list
            else:
                self.walk(item, where)

    def _text(self, name: object, where: str) -> str:
        """The text of a file, empty where there is a problem with it."""
        if self._bytes > MAX_TEXT_BYTES:
            return ""  # said once already
        place = f"{self._folder / MANIFEST_NAME}: {where}.file"
        try:
            text = self._read(name)
        except (OSError, ValueError) as error:
            self.problems.append(f"{place}: {unreadable(error, name)}")
            return ""
        self._bytes += len(text.encode())
        if self._bytes > MAX_TEXT_BYTES:
            self.problems.append(
                f"{place}: with this one the persona's texts from files are larger than "
                f"{MAX_TEXT_BYTES} bytes together; shorten them, or name fewer files"
            )
        return text

    def _read(self, name: object) -> str:
        if not isinstance(name, str):
            raise ValueError(f"must be a path inside the package, is {name!r}")  # noqa: TRY004  one kind of error for all that is wrong with a path
        if name not in self._texts:
            self._texts[name] = package_text(self._root, name)
        return self._texts[name]


def package_text(root: Path, name: str) -> str:
    """The text of a file of a package, read through no link.

    Args:
        root: the package's folder, links resolved.
        name: path of the file inside it.

    Raises:
        OSError: it cannot be read.
        ValueError: it lies outside, behind a link, is too large or not UTF-8.
    """
    file = root / name
    if root not in file.resolve().parents:
        raise ValueError(f"{name!r} lies outside the package")
    step = root
    for part in file.relative_to(root).parts:
        step /= part
        if step.is_symlink():
            raise ValueError(f"{name!r} goes through a link; put the text itself there")
    return read_text(file)
