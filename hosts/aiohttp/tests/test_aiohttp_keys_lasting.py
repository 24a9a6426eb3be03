"""Keys while their file is slow, held, full or exchanged under a running host."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import time

import attrs
import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.api_keys import ApiKeys
from ion_host_aiohttp.access.authentication import make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_form import new_key
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.access.key_store import Increment, KeyStore
from ion_host_aiohttp.access.key_table import AHEAD_S, FRESH_S, READ_S, KeyTable
from ion_host_aiohttp.access.key_thread import KeyThread, Reading
from ion_host_aiohttp.access.refusals import RefusedError, UnavailableError
from ion_host_aiohttp.access.token_text import read_token
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.logs import make_logger
from joserfc.util import urlsafe_b64encode

from ion_framework.clock import SystemClock
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.testing import VirtualClock


@pytest.fixture
def settings(tmp_path):
    """Settings with a folder of their own."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def path(settings):
    """The file of keys, with one key in it."""
    keys_work.create(settings, KeyTerms(scopes=("read",)))
    return settings.folder() / "keys.sqlite3"


def logger():
    """A logger."""
    return make_logger(io.StringIO(), LogSettings())


class Slow(KeyThread):
    """A file whose disk does not answer until it is told to.

    Args:
        path: the file.
    """

    def __init__(self, path):
        super().__init__(path)
        self.reads = 0
        self.goes_on = asyncio.Event()

    async def read(self, known):
        """The keys, when the disk answers."""
        self.reads += 1
        await self.goes_on.wait()
        return await super().read(known)


async def fails(table):
    """Whether the keys cannot be had."""
    try:
        await table.refresh()
    except UnavailableError:
        return True
    return False


async def emptied(path):
    """Keys that are in memory and no longer in their file, with the clock by which they age."""
    keys = ApiKeys(path, clock := VirtualClock(), logger())
    await keys.table.load()
    path.unlink()
    path.touch(0o600)
    return keys, clock


class TestSlowDisk:
    """A disk that does not answer."""

    async def test_all_wait_for_one_reading_and_then_for_none(self, path):
        """Those who come while it hangs share one wait, and for a second nobody waits again."""
        thread, clock = Slow(path), VirtualClock()
        table = KeyTable(thread, clock, logger())
        began = time.monotonic()
        assert all(await asyncio.gather(*(fails(table) for _ in range(20))))
        waited_s = time.monotonic() - began
        assert [True] * 100 == [await fails(table) for _ in range(100)]

        assert READ_S * 0.9 < waited_s < READ_S * 10
        assert 1 == thread.reads
        thread.goes_on.set()
        assert await fails(table)
        clock.advance(FRESH_S)
        assert not await fails(table)
        await thread.close()

    async def test_nobody_waits_for_keys_that_are_read_ahead(self, path):
        """Keys that will soon be too old are read while those who come are let in by them."""
        thread, clock = Slow(path), VirtualClock()
        table = KeyTable(thread, clock, logger())
        thread.goes_on.set()
        await table.load()
        thread.goes_on.clear()
        clock.advance(AHEAD_S)
        async with asyncio.timeout(READ_S / 2):
            for _ in range(20):
                await table.refresh()
        await asyncio.sleep(0)
        begun = thread.reads
        thread.goes_on.set()
        await table.close()
        clock.advance(FRESH_S - AHEAD_S)
        async with asyncio.timeout(READ_S / 2):
            await table.refresh()
        await table.close()
        await thread.close()

        assert (2, 3) == (begun, thread.reads)

    async def test_keys_in_memory_count_while_a_reading_ahead_fails(self, path):
        """A file that cannot be read shuts nobody out before the keys in memory are too old."""
        keys, clock = await emptied(path)
        clock.advance(AHEAD_S)
        ahead = [await fails(keys.table)]
        await keys.table.close()
        ahead.append(await fails(keys.table))
        clock.advance(FRESH_S - AHEAD_S)
        too_old = await fails(keys.table)
        await keys.close()

        assert [False, False] == ahead
        assert too_old

    async def test_one_who_leaves_takes_nothing_from_the_others(self, path):
        """A request that is cut off while it waits does not end the reading of the others."""
        thread = Slow(path)
        table = KeyTable(thread, VirtualClock(), logger())
        first, second = (asyncio.create_task(table.refresh()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        thread.goes_on.set()
        await second
        await table.close()
        await thread.close()

        assert 1 == thread.reads

    async def test_empty_file_is_refused_at_once(self, path):
        """A file that is empty is no reason to wait: files of keys are never seen half made."""
        keys, clock = await emptied(path)
        clock.advance(FRESH_S)
        began = time.monotonic()
        assert await fails(keys.table)
        await keys.close()

        assert time.monotonic() - began < 0.9


class TestHeldFile:
    """A file that somebody else holds for writing."""

    async def test_nobody_waits_for_a_writer(self, settings, path):
        """While the file is held and use waits to be written, keys are read as ever."""
        clock = VirtualClock()
        keys = ApiKeys(path, clock, logger())
        await keys.table.load()
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        keys.ledger.record("k", 1, 0)
        await asyncio.sleep(0.7)
        clock.advance(FRESH_S)
        began = time.monotonic()
        assert not await fails(keys.table)
        took_s = time.monotonic() - began
        holder.execute("ROLLBACK")
        holder.close()
        await keys.close()

        assert took_s < 1.0
        assert 1 == len(keys_work.listed(settings))

    async def test_old_days_are_looked_for_once_a_day(self, path):
        """The first writing of a day forgets old days by an index, the others add and no more."""
        clock = VirtualClock()
        keys = ApiKeys(path, clock, logger())
        for _ in range(2):
            await _write(keys, path, "0001-01-01")
        with KeyStore(path) as store:
            left = store.use().get("old")
        clock.advance(86_400)
        await _write(keys, path, None)
        with KeyStore(path) as store:
            after = store.use().get("old")
        await keys.close()
        plan = _plan(path, "DELETE FROM use WHERE day < '2000-01-01'")

        assert left is not None
        assert after is None
        assert "use_day" in plan


async def _write(keys, path, old_day):
    """Have use of a key written; before that, put in an old day."""
    keys.ledger.record("k", 1, 0)
    await keys.ledger._flush()
    if old_day:
        with KeyStore(path) as store:
            store.add_use({("old", old_day): Increment(1, 0, 1.0)})


def _plan(path, statement):
    """How SQLite does something."""
    with sqlite3.connect(path) as database:
        found = str(database.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall())
    database.close()
    return found


class TestExchange:
    """A file whose content is replaced in its place."""

    @pytest.mark.parametrize("used", [False, True], ids=["at once", "after use"])
    async def test_copied_over_it_is_noticed(self, settings, path, tmp_path, used):
        """Another file with an equal number of changes, copied into the same place, counts."""
        clock = VirtualClock()
        other = attrs.evolve(settings, data_dir=tmp_path / "other")
        theirs = keys_work.create(other, KeyTerms(), clock).key
        path.unlink()
        ours = keys_work.create(settings, KeyTerms(), clock)
        door = await make_authenticator(settings, Secrets({}), logger(), clock)
        try:
            await door.identify(Credentials(key=ours.key), "")
            if used:
                keys = door._keys
                keys.ledger.record(ours.record.id, 1, 0)
                await keys.ledger._flush()
            inode = path.stat().st_ino
            path.write_bytes((other.folder() / path.name).read_bytes())
            assert inode == path.stat().st_ino
            clock.advance(FRESH_S)
            await door.identify(Credentials(key=theirs), "")
            with pytest.raises(RequestFailed):
                await door.identify(Credentials(key=ours.key), "")
        finally:
            await door.close()

    def test_each_file_has_a_name_of_its_own(self, settings, path, tmp_path):
        """Two files with the same changes are told apart by what chance wrote into them."""
        other = attrs.evolve(settings, data_dir=tmp_path / "other")
        keys_work.create(other, KeyTerms())
        with KeyStore(path) as one, KeyStore(other.folder() / path.name) as two:
            (first, number), (second, same) = one.change(), two.change()

        assert (number, len(first)) == (same, 32)
        assert first != second


class TestSameWork:
    """What a refusal tells by its time."""

    def test_unknown_ids_and_wrong_secrets_are_refused_alike(self):
        """The same comparison is made and the same reason given, whether an id exists or not."""
        key, kept = new_key()
        table = KeyTable(None, SystemClock(), logger())
        record = keys_work.KeyRecord(id=kept.id, digest=kept.digest, terms=KeyTerms(), created=0.0)
        table._reading = Reading(None, {kept.id: record})
        assert table.caller(key)
        reasons = set()
        for text, shown in ((new_key()[0], None), (_another(key), kept.id)):
            with pytest.raises(RefusedError) as caught:
                table.caller(text)
            reasons.add(str(caught.value).replace(shown or text[4:16], "ID"))

        assert reasons == {"there is no such key (id ID)"}


def _another(key):
    """A key of the same id with another secret."""
    from ion_host_aiohttp.access.key_form import checksum

    body = key[:17] + new_key()[0][17:60]
    return body + checksum(body)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_tokens_are_plain_utf_8(encoding):
    """A header or payload in another encoding, or with a mark before it, is no token."""
    good = json.dumps({"alg": "HS256", "iss": "ï"}, ensure_ascii=False)
    plain, odd = (urlsafe_b64encode(good.encode(name)).decode() for name in ("utf-8", encoding))
    assert read_token(f"{plain}.{plain}.AA").claims["iss"] == "ï"
    for text in (f"{odd}.{plain}.AA", f"{plain}.{odd}.AA"):
        with pytest.raises(RefusedError, match="not valid JSON"):
            read_token(text)
