"""Everything at once: exports, backups while the store serves, and restores."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from ion_framework.conversations.model import Conversation, Feedback, StoredTurn
from ion_framework.conversations.store import ConversationStore
from ion_framework.testing.contracts.store.base import StoreTests
from ion_framework.testing.contracts.store.values import (
    ANN,
    BOB,
    NOON,
    after,
    begun,
    full_conversation,
    make_conversation,
    make_feedback,
    make_stored_turn,
    talk,
)

FILLED = 4
"""Conversations that `fill` makes."""

MANY = 20

Content = tuple[dict[str, tuple[Conversation, tuple[StoredTurn, ...]]], list[Feedback]]


async def content(store: ConversationStore) -> Content:
    """Everything that a store holds."""
    pairs = [pair async for pair in store.everything()]
    held = {pair[0].id: pair for pair in pairs}
    assert len(held) == len(pairs)
    return held, [item async for item in store.feedback()]


async def fill(store: ConversationStore) -> None:
    """Some conversations of two owners, with and without turns, and feedback."""
    for n, owner in enumerate((ANN, BOB, ANN)):
        await store.create(make_conversation(f"c{n}", owner=owner))
        await talk(store, f"c{n}", n, owner=owner, user_message=f"질문 {n} 🙂")
        await store.add_feedback(make_feedback(f"f{n}", owner=owner))
    await store.create(full_conversation())


class CopyTests(StoreTests):
    """`everything`, `backup` and `restore`."""

    async def test_everything_is_told(self) -> None:
        """An export has every conversation of every owner with all its turns in order."""
        async with self.stored() as store:
            await fill(store)
            held, _ = await content(store)
            assert {"c0", "c1", "c2", "full"} == set(held)
            for conversation, turns in held.values():
                assert conversation == await store.get(conversation.owner, conversation.id)
                assert turns == await store.turns(conversation.owner, conversation.id, 99)

    async def test_a_backup_brings_everything_back(self, tmp_path: Path) -> None:
        """After a restore the store holds what it held at the backup, and nothing else."""
        file = tmp_path / "backup"
        async with self.stored() as store:
            await fill(store)
            before = await content(store)
            await store.backup(file)
            await store.create(make_conversation("newer"))
            await talk(store, "c1", owner=BOB)
            await store.delete(ANN, "c2")
            await store.add_feedback(make_feedback("newer"))
            assert await store.restore(file) == FILLED
            assert await content(store) == before

    async def test_a_restored_store_goes_on(self, tmp_path: Path) -> None:
        """After a restore turns are made as before; a right from before it is worth nothing."""
        file = tmp_path / "backup"
        async with self.stored() as store, self.stored() as other:
            await store.create(make_conversation())
            await talk(store)
            await store.backup(file)
            old = await begun(other)
            await store.restore(file)
            turn = make_stored_turn(2)
            assert not await other.append(after(old.conversation, turn), turn, old.token)
            counts = [(await talk(each)).turn_count for each in (other, store)]
            assert [2, 3] == counts

    async def test_a_backup_of_an_empty_store(self, tmp_path: Path) -> None:
        """A store that holds nothing has a backup, and restoring it empties the store."""
        file = tmp_path / "backup"
        async with self.stored() as store:
            await store.backup(file)
            await fill(store)
            assert await store.restore(file) == 0
            assert await content(store) == ({}, [])

    async def test_a_backup_while_the_store_serves(self, tmp_path: Path) -> None:
        """A backup beside turns in the making is of one moment: counts and turns agree."""
        file = tmp_path / "backup"
        names = [f"c{n}" for n in range(5)]
        async with self.stored() as store:
            for name in names:
                await store.create(make_conversation(name))
                await talk(store, name, MANY)
            stop = asyncio.Event()

            async def chat(name: str) -> None:
                while not stop.is_set():
                    await talk(store, name)

            chats = [asyncio.create_task(chat(name)) for name in names]
            await store.backup(file)
            stop.set()
            await asyncio.gather(*chats)
            assert await store.restore(file) == len(names)
            for conversation, turns in (await content(store))[0].values():
                numbers = [turn.number for turn in turns]
                assert list(range(1, conversation.turn_count + 1)) == numbers
                assert conversation.turn_count >= MANY

    async def test_a_backup_replaces_an_older_one(self, tmp_path: Path) -> None:
        """A second backup into one file takes the place of the first; nothing else stays."""
        file = tmp_path / "backup"
        async with self.stored() as store:
            await store.backup(file)
            await fill(store)
            await store.backup(file)
            assert await store.restore(file) == FILLED
        assert [file] == list(tmp_path.iterdir())  # noqa: ASYNC240  a folder of two files

    async def test_a_backup_that_cannot_be_written(self, tmp_path: Path) -> None:
        """A backup into a folder that is not there raises and leaves no file."""
        file = tmp_path / "missing" / "backup"
        async with self.stored() as store:
            with pytest.raises((OSError, ValueError)):
                await store.backup(file)
            await store.ping()
        assert not file.parent.exists()

    async def test_a_damaged_backup_changes_nothing(self, tmp_path: Path) -> None:
        """A backup that is cut off, changed in any byte or something else altogether is refused."""
        file, damaged = tmp_path / "backup", tmp_path / "damaged"
        async with self.stored() as store:
            await fill(store)
            await store.backup(file)
            await store.create(make_conversation("newer"))
            before = await content(store)
            for data in self._damage(file.read_bytes()):
                damaged.write_bytes(data)
                with pytest.raises(ValueError, match=r"\w"):
                    await store.restore(damaged)
                assert await content(store) == before
            with pytest.raises((OSError, ValueError)):
                await store.restore(tmp_path / "missing")
            assert await content(store) == before

    def _damage(self, data: bytes) -> list[bytes]:
        chance = random.Random(7)  # noqa: S311  the same in every run
        places = [0, len(data) - 1, *(chance.randrange(len(data)) for _ in range(12))]
        flipped = [
            data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
            for place in places
        ]
        cut = [data[: int(len(data) * share)] for share in (0.0, 0.3, 0.5, 0.99)]
        return [*flipped, *cut, data[:-1], data + b"\0", b"nothing of the kind\n" * 500]

    async def test_an_export_may_be_left_early(self) -> None:
        """Whoever leaves an export early leaves nothing locked."""
        async with self.stored() as store:
            await fill(store)
            async for _ in store.everything():
                break
            await store.create(make_conversation("later"))
            page = await store.list(ANN, None, limit=9, now=NOON)
            assert page.total == FILLED
