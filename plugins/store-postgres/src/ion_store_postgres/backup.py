"""Everything in one file: written from one snapshot, read back in one transaction.

The file is lines of JSON: a head, the rows of each table, and an end that counts them and has the
SHA-256 of all that stands before it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ion_store_postgres.troubles import BackupFileError

FORMAT = {"format": "ion-store-postgres", "version": 1}

TABLES: Mapping[str, Mapping[str, Any]] = {
    "conversations": {
        "id": str,
        "tenant": str,
        "principal": str,
        "user_id": str,
        "last_activity": float,
        "expires_at": float,
        "closed": bool,
        "turn_count": int,
        "version": int,
        "document": str,
    },
    "turns": {
        "conversation": str,
        "number": int,
        "request": str,
        "idempotency": str | None,
        "token": str,
        "document": str,
    },
    "feedback": {
        "tenant": str,
        "principal": str,
        "id": str,
        "user_id": str | None,
        "request": str,
        "at": float,
        "document": str,
    },
}
"""Columns that are kept, by table, in the order in which a restore needs the tables."""

BATCH = 500
"""Rows that are held in memory."""


async def back_up(connection: Any, file: Path) -> None:
    """Write everything; the file is there when it is complete, and only for its owner to read.

    Raises:
        BackupFileError: the file cannot be written.
    """
    handle, name = await _filed(tempfile.mkstemp, "", f".{file.name}.", file.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as output:
            await _write(connection, _Output(output))
        await _filed(temporary.replace, file)
        await _filed(_sync_folder, file.parent)
    finally:
        await asyncio.to_thread(temporary.unlink, missing_ok=True)


async def restore(connection: Any, file: Path) -> int:
    """Replace everything by what a file holds; tells how many conversations it were.

    Raises:
        ValueError: the file is no backup, or a damaged one.
    """
    counts = await asyncio.to_thread(check, file)
    async with connection.transaction():
        await _unhurried(connection)
        # Readers go on and see what was there before, until all of it is replaced.
        await connection.execute("LOCK TABLE conversations, turns, feedback IN EXCLUSIVE MODE")
        for table in reversed(tuple(TABLES)):
            await connection.execute(f"DELETE FROM {table}")  # noqa: S608  our own words only
        for table, columns in TABLES.items():
            writer = ("writer",) if table == "conversations" else ()
            await connection.copy_records_to_table(
                table,
                records=_rows(file, table, ("restore",) * len(writer)),
                columns=[*columns, *writer],
                timeout=None,
            )
    return counts["conversations"]


def check(file: Path) -> Counter[str]:
    """Read a whole file and count its rows by table.

    Raises:
        ValueError: it is no backup, or a damaged one; says what is wrong.
    """
    counts: Counter[str] = Counter()
    digest = hashlib.sha256()
    with _opened(file) as lines:
        line = next(lines, b"")
        if line != _line(FORMAT):
            raise ValueError(f"{file.name} is no backup of ion-store-postgres of this version")
        for following in lines:
            digest.update(line)
            line = following
            row = _row(line)
            if row is not None:
                counts[row[0]] += 1
    # The last line is compared whole: it vouches for the others, and nothing for it.
    if line != _end(counts, digest):
        raise ValueError(f"{file.name} is damaged: its end, or its checksum, is not what it was")
    return counts


class _Output:
    """A file to which lines are written, and their digest."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self._digest = hashlib.sha256()

    async def write(self, *values: object) -> None:
        """Write values, each on a line."""
        data = b"".join(map(_line, values))
        self._digest.update(data)
        await _filed(self._output.write, data)

    async def end(self, counts: Counter[str]) -> None:
        """Write the end, and wait for the disk."""
        await _filed(self._output.write, _end(counts, self._digest))
        await _filed(self._output.flush)
        await _filed(os.fsync, self._output.fileno())


async def _write(connection: Any, output: _Output) -> None:
    counts: Counter[str] = Counter()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await _unhurried(connection)
        await output.write(FORMAT)
        for table, columns in TABLES.items():
            select = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608  our own words only
            cursor = await connection.cursor(select)
            while rows := await cursor.fetch(BATCH):
                counts[table] += len(rows)
                await output.write(*([table, *row.values()] for row in rows))
    await output.end(counts)


async def _unhurried(connection: Any) -> None:
    """Take the bounds off this transaction: it lasts as long as there are rows."""
    await connection.execute("SET LOCAL statement_timeout = 0")
    await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


async def _rows(
    file: Path, table: str, more: tuple[object, ...]
) -> AsyncIterator[tuple[object, ...]]:
    with _opened(file) as lines:
        while batch := await asyncio.to_thread(lambda: [*islice(lines, BATCH)]):
            for line in batch:
                row = _row(line)
                if row is not None and row[0] == table:
                    yield (*row[1:], *more)


class _opened:  # noqa: N801  used as a function is
    """The lines of a file.

    Raises:
        ValueError: it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        try:
            self._file = file.open("rb")
        except OSError as error:
            raise ValueError(f"{file.name} cannot be read: {error.strerror}") from None

    def __enter__(self) -> Iterator[bytes]:
        return iter(self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()


def _end(counts: Counter[str], digest: Any) -> bytes:
    rows = {table: counts[table] for table in TABLES}
    return _line({"end": rows, "sha256": digest.hexdigest()})


def _row(line: bytes) -> list[Any] | None:
    """The row on a line, None where there is none that its table could take."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, list) or not value or value[0] not in TABLES:
        return None
    kinds = tuple(TABLES[value[0]].values())
    fits = len(value) == len(kinds) + 1 and all(
        isinstance(item, kind) for item, kind in zip(value[1:], kinds, strict=True)
    )
    return value if fits else None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _filed(call: Any, *arguments: object) -> Any:
    """Do something with a file in a thread.

    Raises:
        BackupFileError: it did not work.
    """
    try:
        return await asyncio.to_thread(call, *arguments)
    except OSError as error:
        raise BackupFileError(f"the backup cannot be written: {error.strerror}") from None
