"""How it serves: groups of writes, callers who leave, expiry, figures, long reads, restores."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing

import attrs
import pytest
from ion_store_sqlite.copying import MARK

from ion_framework.conversations.store import StoreError
from ion_framework.testing.contracts.store.values import (
    ANN,
    NOON,
    after,
    begun,
    make_conversation,
    make_feedback,
    make_stored_turn,
    talk,
)


async def test_writes_share_transactions(open_store):
    """A hundred writes at once take far fewer transactions, and one that fails, fails alone."""
    store = await open_store()
    await store.create(make_conversation("taken"))
    names = ["taken", *(f"c{n}" for n in range(99))]
    found = await asyncio.gather(
        *(store.create(make_conversation(name)) for name in names), return_exceptions=True
    )
    stats = await store.stats()

    assert isinstance(found[0], ValueError)
    assert [None] * 99 == found[1:]
    assert (100, 101) == (stats.conversations, stats.writes)
    assert stats.groups < 20


async def test_the_figures_are_true(open_store):
    """Conversations, turns and feedback are counted, and writes take time."""
    store = await open_store()
    await store.create(make_conversation())
    await talk(store, count=3)
    await store.add_feedback(make_feedback())
    stats = await store.stats()

    assert (1, 3, 1, 0) == (stats.conversations, stats.turns, stats.feedback, stats.waiting)
    assert stats.writes == 8
    assert 0 < stats.write_ms <= stats.longest_write_ms
    assert stats.bytes > 4096


async def test_a_caller_who_leaves_keeps_no_right(open_store):
    """Whoever is cancelled while a right is being given to him gives it back."""
    store = await open_store()
    await store.create(make_conversation())
    for pause in (0.0, 0.0005, 0.001, 0.005):
        leaving = asyncio.create_task(begun(store))
        await asyncio.sleep(pause)
        if leaving.cancel():
            with pytest.raises(asyncio.CancelledError):
                await leaving
        else:
            await store.abandon("c1", (await leaving).token)
        await store.ping()
        right = await begun(store)
        await store.abandon("c1", right.token)


async def test_much_that_expired_is_deleted_in_batches(open_store):
    """Expiry deletes more than one batch, and nothing whose time is not over."""
    store = await open_store()
    for n in range(120):
        await store.create(make_conversation(f"over{n}", expires_at=NOON + 1))
    await store.create(make_conversation("lasts", expires_at=NOON + 500))

    assert 120 == await store.expire(NOON + 2)
    assert 1 == (await store.stats()).conversations
    assert await store.get(ANN, "lasts")


async def test_room_is_given_back(open_store):
    """After much was deleted by expiry the file is smaller."""
    store = await open_store()
    await store.create(make_conversation())
    await talk(store, count=50, user_message="x" * 30_000)
    before = (await store.stats()).bytes
    assert 1 == await store.expire(NOON * 2)

    assert (await store.stats()).bytes < before / 10


async def test_a_long_read_holds_up_no_turn(open_store):
    """While an export is being read, turns are made."""
    store = await open_store()
    for n in range(20):
        await store.create(make_conversation(f"c{n}"))
        await talk(store, f"c{n}", 5)
    told = 0
    async for conversation, turns in store.everything():
        assert conversation.turn_count == len(turns)
        await talk(store, "c0")
        told += 1

    assert 20 == told
    assert 25 == (await talk(store, "c0", 0)).turn_count


async def test_the_database_is_not_its_own_backup(open_store, tmp_path):
    """Backing up onto the live file, or restoring from it, is refused, by any name of it."""
    store = await open_store()
    await store.create(make_conversation())
    alias = tmp_path / "alias"
    alias.symlink_to(open_store.file)
    for file in (open_store.file, alias):
        with pytest.raises(ValueError, match="the database itself"):
            await store.backup(file)
        with pytest.raises(ValueError, match="the database itself"):
            await store.restore(file)

    assert 1 == (await talk(store)).turn_count


async def test_a_backup_is_a_database_of_its_owner(open_store, tmp_path):
    """A backup opens in any SQLite, holds no rights to turns, and only its owner can read it."""
    store, file = await open_store(), tmp_path / "backup"
    await store.create(make_conversation())
    await begun(store)
    await store.backup(file)
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as copy:
        assert [("c1", None)] == copy.execute(
            "SELECT id, lease_token FROM conversations"
        ).fetchall()
        assert [("ok",)] == copy.execute("PRAGMA integrity_check").fetchall()

    assert os.name == "nt" or file.stat().st_mode & 0o777 == 0o600


async def test_a_backup_of_a_newer_version_is_refused(open_store, tmp_path):
    """A backup of a newer version, sound in itself, is refused and changes nothing."""
    import hashlib

    store, file = await open_store(), tmp_path / "backup"
    await store.create(make_conversation())
    await store.backup(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        copy.execute("PRAGMA user_version = 99")
    data = file.read_bytes().partition(MARK)[0]
    file.write_bytes(data + MARK + hashlib.sha256(data).digest())
    with pytest.raises(ValueError, match="newer"):
        await store.restore(file)

    assert await store.get(ANN, "c1")


async def test_a_restore_beside_turns(open_store, tmp_path):
    """Turns that are made while a restore runs are refused or kept whole, in every process."""
    store, other, file = await open_store(), await open_store(), tmp_path / "backup"
    names = [f"c{n}" for n in range(5)]
    for name in names:
        await store.create(make_conversation(name))
        await talk(store, name, 10)
    await store.backup(file)

    async def chat(name):
        for _ in range(30):
            right = await begun(other, name, turns=0, lease_s=0.0)
            turn = make_stored_turn(right.conversation.turn_count + 1)
            await other.append(after(right.conversation, turn), turn, right.token)

    chats = [asyncio.create_task(chat(name)) for name in names]
    for _ in range(5):
        assert len(names) == await store.restore(file)
    await asyncio.gather(*chats)
    async for conversation, turns in other.everything():
        assert list(range(1, conversation.turn_count + 1)) == [turn.number for turn in turns]
        assert 10 <= conversation.turn_count <= 40


async def test_a_turn_whose_number_is_taken_is_refused(open_store):
    """A turn with the number of another one is an error, and neither it nor its change is kept."""
    store = await open_store()
    await store.create(make_conversation())
    kept = await talk(store, count=2)
    right, wrong = await begun(store), make_stored_turn(1)
    with pytest.raises(StoreError, match="SQLITE_CONSTRAINT"):
        await store.append(attrs.evolve(kept, summary="changed"), wrong, right.token)

    assert kept == await store.get(ANN, "c1")
