"""Cards in CHARX archives: zip files with ``card.json`` at their root and assets beside it.

Nothing is ever unpacked to disk: the archive stays as it is, and only ``card.json`` is read.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from ion_framework.cards.json_text import MAX_JSON_BYTES
from ion_framework.errors import CardError

CARD = "card.json"

MAX_DIRECTORY_BYTES = 2 * 1024 * 1024
"""Size of an archive's list of members: some ten thousand."""


def read_card(archive: bytes, place: str) -> tuple[bytes, frozenset[str]]:
    """The text of ``card.json`` in an archive, and the names of all members.

    Raises:
        CardError: it is no zip file, is damaged, encrypted or too large, a member's name points
            outside, or there is no card.
    """
    with _opened(archive, place) as file:
        names = [info.filename for info in file.infolist()]
        for name in names:
            if _leaves(name):
                raise CardError(f"{place}: the member {name[:80]!r} points outside the archive")
        if len(set(names)) != len(names):
            raise CardError(f"{place}: two members have the same name")
        if CARD not in names:
            raise CardError(f"{place}: there is no {CARD} at the root of the archive")
        return _member(file, CARD, place), frozenset(names)


def with_card(archive: bytes, text: bytes, place: str) -> bytes:
    """An archive with another card in it; every other member stays as it is.

    Args:
        archive: the archive, which `read_card` has read.
        text: the new ``card.json``.
        place: its name, for errors.

    Raises:
        CardError: a member cannot be read.
    """
    made = io.BytesIO()
    with _opened(archive, place) as old, zipfile.ZipFile(made, "w") as new:
        total = 0
        for info in old.infolist():
            if info.filename == CARD:
                new.writestr(info, text)
                continue
            data = _member(old, info.filename, place, MAX_MEMBERS_BYTES - total)
            total += len(data)
            new.writestr(info, data)
    return made.getvalue()


MAX_MEMBERS_BYTES = 256 * 1024 * 1024
"""Size of all members together where an archive is written anew."""


def _opened(archive: bytes, place: str) -> zipfile.ZipFile:
    _check_directory(archive, place)
    try:
        return zipfile.ZipFile(io.BytesIO(archive))
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError) as error:
        raise CardError(f"{place}: is no valid zip archive: {error}") from None


def _check_directory(archive: bytes, place: str) -> None:
    """See that the list of members, which is read as a whole, is of a sane size."""
    start = len(archive) - _END.size
    if archive[start : start + 4] != _END_MARK or archive[-2:] != b"\0\0":
        start = archive.rfind(_END_MARK, max(0, len(archive) - _END.size - _LONGEST_REMARK))
    if start < 0 or len(archive) < start + _END.size:
        raise CardError(f"{place}: is no valid zip archive: it has no list of members at its end")
    size = _END.unpack_from(archive, start)[5]
    if archive[start - _LOCATOR : start].startswith(b"PK\6\7") or size > MAX_DIRECTORY_BYTES:
        raise CardError(f"{place}: its list of members is larger than {MAX_DIRECTORY_BYTES} bytes")


_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\5\6"
_LONGEST_REMARK = 65_536
_LOCATOR = 20
"""Bytes before the end where an archive of the 64-bit form says so; no card needs one."""


def _member(file: zipfile.ZipFile, name: str, place: str, limit: int = MAX_JSON_BYTES) -> bytes:
    where = f"{place}: {name}"
    info = file.getinfo(name)
    if info.flag_bits & 1:
        raise CardError(f"{where}: is encrypted; save the card without a password")
    try:
        with file.open(info) as stream:
            data = stream.read(limit + 1)
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
        raise CardError(f"{where}: cannot be read: {error}") from None
    except (RuntimeError, ValueError, struct.error, MemoryError) as error:
        raise CardError(f"{where}: is damaged: {error}") from None
    if len(data) > limit:
        raise CardError(f"{where}: is larger than {limit} bytes once decompressed")
    return data


def _leaves(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]
