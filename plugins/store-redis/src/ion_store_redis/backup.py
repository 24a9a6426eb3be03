"""Everything in one file, and back.

The file is lines of JSON: a head, a line for each conversation with its turns and for each
feedback, and an end that counts them and has the SHA-256 of all that stands before it. Each
conversation is as it was at one moment, but not all of them at the same: Redis has no snapshot that
a client could read from.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, Any

import attrs

from ion_framework.conversations.model import Conversation, Feedback, StoredTurn
from ion_store_redis import scripts
from ion_store_redis.conversations import Conversations, member
from ion_store_redis.documents import digest, read, written
from ion_store_redis.feedback import Feedbacks
from ion_store_redis.troubles import BackupFileError

FORMAT = {"format": "ion-store-redis", "version": 1}
KINDS = ("conversation", "feedback")


@attrs.frozen
class Backup:
    """Writes and reads the file.

    Attributes:
        conversations: the conversations.
        feedback: the feedback.
    """

    conversations: Conversations
    feedback: Feedbacks

    async def write(self, file: Path) -> None:
        """Write everything; the file is there when it is complete, and only for its owner to read.

        Raises:
            BackupFileError: it cannot be written.
        """
        handle, name = await _filed(tempfile.mkstemp, "", f".{file.name}.", file.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as output:
                await self._write(output)
            await _filed(temporary.replace, file)
        finally:
            await asyncio.to_thread(temporary.unlink, missing_ok=True)

    async def read(self, file: Path) -> int:
        """Replace everything by what a file holds; tells how many conversations it were.

        What is not in the file is deleted last, so that nothing that is in it and was there is ever
        gone; where it was interrupted, it is to be done again.

        Raises:
            ValueError: the file is no backup, or a damaged one.
        """
        counts = await asyncio.to_thread(check, file)
        before = await self.conversations.owners()
        for own in before:
            await self.feedback.clear(own)
        kept: set[tuple[str, str]] = set()
        lines = await asyncio.to_thread(_lines, file)
        while line := await asyncio.to_thread(next, lines, b""):
            value = _row(line)
            if value is not None and value[0] == "conversation":
                kept.add(await self._keep(value[1], value[2]))
            elif value is not None:
                feedback = read(value[2], Feedback)
                own = self.conversations.keys.of(feedback.owner)
                await self.feedback.put(own, feedback, value[1])
        await self._delete_others(kept)
        return counts["conversation"]

    async def whole(self) -> AsyncIterator[tuple[Conversation, list[tuple[str, StoredTurn]]]]:
        """Every conversation with its turns, each turn with its token."""
        conversations = self.conversations
        for own in await conversations.owners():
            for name in await conversations.link.command("ZRANGE", own.by_activity, 0, -1):
                conversation, turns = await conversations.whole(own, name.decode())
                if conversation is not None:
                    yield conversation, turns

    async def _write(self, output: IO[bytes]) -> None:
        counts: Counter[str] = Counter()
        sums = hashlib.sha256()

        async def write(value: object) -> None:
            data = _line(value)
            sums.update(data)
            await _filed(output.write, data)

        await write(FORMAT)
        async for conversation, turns in self.whole():
            kept = [[token, written(turn)] for token, turn in turns]
            await write(["conversation", written(conversation), kept])
            counts["conversation"] += 1
        async for _, user, feedback in self.feedback.raw(await self.conversations.owners()):
            await write(["feedback", user, written(feedback)])
            counts["feedback"] += 1
        await _filed(output.write, _end(counts, sums))
        await _filed(output.flush)
        await _filed(os.fsync, output.fileno())

    async def _keep(self, document: str, turns: list[tuple[str, str]]) -> tuple[str, str]:
        """Keep a conversation in place of what there is; gives where it is."""
        conversation = read(document, Conversation)
        own = self.conversations.keys.of(conversation.owner)
        link, keys = self.conversations.link, self.conversations.keys
        requests, values = [], list[object]()
        for token, text in turns:
            turn = read(text, StoredTurn)
            requests.append(own.request(turn.request_id))
            name = "" if turn.idempotency_key is None else digest(turn.idempotency_key)
            values += [turn.number, name, token + text]
        head = self.conversations.values(conversation)
        await link.command("SADD", keys.owners, own.owner)
        await link.command("SET", keys.id(conversation.id), own.owner, "PX", head[6])
        all_keys = (*own.all_of(member(conversation)), *requests)
        await link.run(scripts.RESTORE, all_keys, *head, *values)
        return own.owner, member(conversation)

    async def _delete_others(self, kept: set[tuple[str, str]]) -> None:
        for own in await self.conversations.owners():
            for name in await self.conversations.link.command("ZRANGE", own.by_activity, 0, -1):
                if (own.owner, name.decode()) not in kept:
                    await self.conversations.drop(own, name.decode())


def check(file: Path) -> Counter[str]:
    """Read a whole file and count its lines by kind.

    Raises:
        ValueError: it is no backup, or a damaged one; says what is wrong.
    """
    counts: Counter[str] = Counter()
    sums = hashlib.sha256()
    lines = _lines(file)
    line = next(lines, b"")
    if line != _line(FORMAT):
        raise ValueError(f"{file.name} is no backup of ion-store-redis of this version")
    for following in lines:
        sums.update(line)
        line = following
        row = _row(line)
        if row is not None:
            counts[row[0]] += 1
    # The last line is compared whole: it vouches for the others, and nothing for it.
    if line != _end(counts, sums):
        raise ValueError(f"{file.name} is damaged: its end, or its checksum, is not what it was")
    return counts


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            yield from opened
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read: {error.strerror}") from None


def _line(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()


def _end(counts: Counter[str], sums: Any) -> bytes:
    return _line({"end": {kind: counts[kind] for kind in KINDS}, "sha256": sums.hexdigest()})


def _row(line: bytes) -> list[Any] | None:
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, list) and value and value[0] in KINDS else None


async def _filed(call: Any, *arguments: object) -> Any:
    """Do something with a file in a thread.

    Raises:
        BackupFileError: it did not work.
    """
    try:
        return await asyncio.to_thread(call, *arguments)
    except OSError as error:
        raise BackupFileError(f"the backup cannot be written: {error.strerror}") from None
