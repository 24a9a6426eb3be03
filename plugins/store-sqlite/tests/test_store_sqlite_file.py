"""The file: who may read it, whose it is, its version, its bounds, and who locks it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import closing

import attrs
import pytest
from ion_store_sqlite.schema import APPLICATION_ID, MIGRATIONS, VERSION

from ion_framework import Ion
from ion_framework.conversations.store import StoreError
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing.builders import lone_source, make_persona, persona_plugin, standard_parts
from ion_framework.testing.contracts.store.values import (
    ANN,
    NOON,
    make_conversation,
    talk,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights of files are those of POSIX")


def ion_with(tmp_path, **settings):
    """An `Ion` with the plugin, its data in a folder of the test."""
    return Ion(
        Settings(data_dir=tmp_path, plugin={"store-sqlite": settings}),
        source=lone_source("store-sqlite", *standard_parts(), persona_plugin(make_persona())),
        environ={},
    )


def mode(path):
    """The rights of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


async def test_the_file_is_its_owners_alone(tmp_path):
    """Without settings the file lies in the plugin's folder, and nobody else can read either."""
    async with ion_with(tmp_path):
        file = tmp_path / "store-sqlite" / "conversations.sqlite3"

        assert (0o600, 0o700) == (mode(file), mode(file.parent))
        assert {0o600} == {mode(path) for path in file.parent.iterdir()}
    assert [file] == list(file.parent.iterdir())


async def test_a_folder_that_cannot_be_made_fails_the_plugin_alone(tmp_path):
    """Where the folder cannot be made the plugin is FAILED with the reason, and turns go on."""
    blocked = tmp_path / "a-file"
    blocked.write_text("")
    async with ion_with(tmp_path, path=str(blocked / "db")) as ion:
        record = ion.host.record("store-sqlite")

        assert Status.FAILED is record.status
        assert "cannot be made" in record.reason
        assert "ION_DATA_DIR" in record.reason
        assert () == ion.provisions.stores
        assert (await ion.respond("hello")).content


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ((f"PRAGMA application_id = {APPLICATION_ID}", "CREATE TABLE conversations (id)",
          f"PRAGMA user_version = {VERSION + 1}"), "is of version"),
        (("CREATE TABLE accounts (id)",), "another application's"),
    ],
)  # fmt: skip
async def test_a_database_that_is_not_ours_is_left_alone(open_store, statements, words):
    """A file of a newer version or of another application is refused and not changed."""
    open_store.file.parent.mkdir()
    with closing(sqlite3.connect(open_store.file, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
    with pytest.raises(StoreError, match=words):
        await open_store.make().open()
    with closing(sqlite3.connect(open_store.file)) as connection:
        assert 1 == connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]


async def test_a_file_that_is_no_database_is_refused(open_store):
    """A file of something else makes the start fail with what to do, and stays as it is."""
    open_store.file.parent.mkdir()
    open_store.file.write_text("nothing of the kind " * 100)
    with pytest.raises(StoreError, match="no SQLite database"):
        await open_store.make().open()

    assert open_store.file.read_text() == "nothing of the kind " * 100


async def test_a_store_that_failed_to_open_opens_later(open_store):
    """After a failed start the same store opens once its file can be used."""
    store = open_store.make()
    open_store.file.parent.write_text("")
    with pytest.raises(StoreError):
        await store.open()
    open_store.file.parent.unlink()
    await store.open()
    await store.ping()
    await store.close()


async def test_many_processes_may_make_the_file_at_once(open_store):
    """Ten stores that open one new file at the same time all open it."""
    stores = [open_store.make() for _ in range(10)]
    await asyncio.gather(*(store.open() for store in stores))
    await stores[0].create(make_conversation())

    assert all([await store.get(ANN, "c1") for store in stores])
    await asyncio.gather(*(store.close() for store in stores))


async def test_a_file_that_somebody_locks_is_told(open_store):
    """A write that cannot get the lock in time fails with what to do, and works afterwards."""
    store = await open_store(busy_s=0.1)
    await store.create(make_conversation())
    with closing(sqlite3.connect(open_store.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked by another process.*busy_s"):
            await talk(store)
        assert await store.get(ANN, "c1")
        other.execute("ROLLBACK")

    assert 1 == (await talk(store)).turn_count


async def test_a_start_waits_for_nobody(open_store):
    """A store opens while another process writes for long."""
    await open_store()
    with closing(sqlite3.connect(open_store.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        store = await open_store(busy_s=0.05)

        assert await store.get(ANN, "c1") is None
        other.execute("ROLLBACK")


async def test_a_file_that_was_taken_away_is_told(open_store):
    """A ping of a store whose file was removed or replaced fails with what to do."""
    store = await open_store()
    await store.ping()
    open_store.file.rename(open_store.file.with_name("moved"))
    for replace in (False, True):
        if replace:
            open_store.file.touch()
        with pytest.raises(StoreError, match="removed or replaced"):
            await store.ping()


async def test_a_full_database_refuses_and_goes_on(open_store):
    """Beyond max_bytes nothing new is kept, what is there stays, and deleting makes room."""
    store = await open_store(max_bytes=1 << 20)
    await store.create(make_conversation("keeps"))
    await store.create(make_conversation("fills"))
    with pytest.raises(StoreError, match="full"):
        await talk(store, "fills", 100, user_message="x" * 30_000)
    kept = await store.get(ANN, "fills")

    assert kept is not None
    assert kept.turn_count == len(await store.turns(ANN, "fills", 100)) > 10
    assert (await store.stats()).bytes <= 1 << 20
    await store.delete(ANN, "fills")
    assert 1 == (await talk(store, "keeps")).turn_count


async def test_a_closed_store_says_so(open_store):
    """Before its opening and after its end every call is a StoreError."""
    store = open_store.make()
    with pytest.raises(StoreError, match="not open"):
        await store.ping()
    await store.open()
    await store.close()
    with pytest.raises(StoreError, match="not open"):
        await store.list(ANN, None, limit=1, now=NOON)


async def test_deleted_words_are_overwritten(open_store):
    """What was deleted cannot be found in the file any more."""
    store = await open_store()
    await store.create(make_conversation())
    await talk(store, count=3, user_message="a-secret-nobody-else-knows" * 50)
    await store.delete(ANN, "c1")
    await store.close()

    assert b"a-secret-nobody" not in open_store.file.read_bytes()


async def test_a_database_of_the_first_version_is_brought_up(open_store):
    """A file from before the model's summary had columns is read, with its summary as it was."""
    open_store.file.parent.mkdir()
    with closing(sqlite3.connect(open_store.file, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO conversations (id, tenant, principal, user_id, pinned, created_at,"
            " last_activity, expires_at, ttl_s, turn_count, summary, memory, closing, version)"
            " VALUES ('old', ?, ?, 'u', 0, 1, 2, 3, 4, 5, 'The model. 요약', '', '', 6)",
            (ANN.tenant, ANN.principal),
        )
    store = await open_store()
    found = await store.get(ANN, "old")

    assert found is not None
    assert ("The model. 요약", "", 0) == (
        found.running_summary, found.model_summary, found.model_summary_to,
    )  # fmt: skip
    assert await store.update(attrs.evolve(found, model_summary="새 요약", model_summary_to=4))
    changed = await store.get(ANN, "old")
    assert changed is not None
    assert ("새 요약", 4) == (changed.model_summary, changed.model_summary_to)
