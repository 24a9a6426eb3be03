"""The file of API keys: who may read it, and what happens when it cannot be read."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sqlite3
import stat
import threading

import attrs
import pytest
from ion_host_aiohttp.access import keys_work
from ion_host_aiohttp.access.api_keys import ApiKeys
from ion_host_aiohttp.access.authentication import authenticates, make_authenticator
from ion_host_aiohttp.access.caller import Credentials
from ion_host_aiohttp.access.key_file import KeyFileError
from ion_host_aiohttp.access.key_record import KeyTerms
from ion_host_aiohttp.access.key_store import KEPT_DAYS, Increment, KeyStore
from ion_host_aiohttp.access.key_table import FRESH_S
from ion_host_aiohttp.access.refusals import UnavailableError
from ion_host_aiohttp.access.usage import utc_day
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.logs import make_logger

from ion_framework.errors import SettingsError
from ion_framework.settings.model import LogSettings, Settings
from ion_framework.settings.secrets import Secrets
from ion_framework.settings.serving import AuthSettings
from ion_framework.testing import VirtualClock

POSIX = pytest.mark.skipif(os.name != "posix", reason="files have other rights there")


@pytest.fixture
def settings(tmp_path):
    """Settings with a folder of their own."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
def path(settings):
    """The file of keys, with one key in it."""
    keys_work.create(settings, KeyTerms(scopes=("read",)))
    return settings.folder() / "keys.sqlite3"


def logger(stream=None):
    """A logger."""
    return make_logger(stream or io.StringIO(), LogSettings())


class TestFile:
    """The file itself."""

    @POSIX
    def test_only_its_owner_reads_it(self, path):
        """Its folder is made with 0700 and the file with 0600, whatever the umask."""
        assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)

    def test_it_holds_no_key(self, settings, path):
        """The secret of a key stands nowhere in the file or in its log."""
        created = keys_work.create(settings, KeyTerms())
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())

        assert created.record.id.encode() in content
        assert created.key[17:60].encode() not in content

    @pytest.mark.parametrize(
        "kind", ["junk", "empty", "foreign", "newer", "folder", "nowhere", "under a file"]
    )
    async def test_what_is_no_file_of_keys_stops_the_start(self, settings, path, kind):
        """A file that cannot be read stops the start with its name, the reason and the cure."""
        spoil(path, kind)

        for start in (make_authenticator(settings, Secrets({}), logger()), _binding(settings)):
            with pytest.raises(SettingsError, match="cannot be used") as caught:
                await start
            assert str(path) in str(caught.value)
            assert "ION_KEYS_FILE" in str(caught.value)

    @POSIX
    async def test_file_that_others_can_write_stops_the_start(self, settings, path):
        """Who can write the file could let himself in, so that it is not used."""
        path.chmod(0o620)

        with pytest.raises(SettingsError, match="chmod go-w"):
            await make_authenticator(settings, Secrets({}), logger())

    def test_nobody_finds_half_a_file(self, settings):
        """While eight make the file at once, whoever looks finds none or a whole one."""
        path, ended = settings.folder() / "keys.sqlite3", threading.Event()
        path.parent.mkdir(0o700)
        looks = []

        def look():
            while not ended.is_set():
                if path.exists():
                    with KeyStore(path, reading=True) as store:
                        looks.append(len(store.records()))

        watcher = threading.Thread(target=look)
        watcher.start()
        makers = [
            threading.Thread(target=keys_work.create, args=(settings, KeyTerms())) for _ in range(8)
        ]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
        ended.set()
        watcher.join()

        assert 8 == len(keys_work.listed(settings))
        assert looks == sorted(looks)
        assert [] == [file for file in path.parent.iterdir() if file.name.startswith(".")]

    def test_creating_fails_with_the_reason(self, settings):
        """A folder that cannot be made is an error that names the file."""
        settings.folder().write_text("a file")

        with pytest.raises(KeyFileError, match=r"keys\.sqlite3"):
            keys_work.create(settings, KeyTerms())

    def test_named_file_is_used(self, settings, tmp_path):
        """auth.keys_file goes before the data folder."""
        named = tmp_path / "elsewhere" / "my keys?.db"
        settings = attrs.evolve(settings, auth=AuthSettings(keys_file=named))
        keys_work.create(settings, KeyTerms())

        assert named.exists()
        assert not settings.folder().exists()
        assert 1 == len(keys_work.listed(settings))

    def test_many_writers_lose_nothing(self, path):
        """Eight threads with connections of their own add up to what each of them added."""

        def work():
            with KeyStore(path) as store:
                for _ in range(20):
                    store.add_use({("k", "2027-01-31"): Increment(1, 2, 3.0)}, "2000-01-01")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with KeyStore(path) as store:
            (day,) = store.use()["k"].days.values()

        assert (160, 320) == (day.requests, day.tokens)

    def test_old_days_are_forgotten(self, path):
        """Use is kept for so many days, so that the file does not grow for ever."""
        with KeyStore(path) as store:
            store.add_use({("k", "2020-01-01"): Increment(1, 0, 1.0)}, "2019-01-01")
            store.add_use({("k", "2027-01-31"): Increment(1, 0, 2.0)}, "2026-01-01")

            assert ["2027-01-31"] == list(store.use()["k"].days)
        assert KEPT_DAYS > 366


class TestOutage:
    """The file becomes unreadable while the host runs."""

    @pytest.mark.parametrize("kind", ["gone", "junk", "empty", "foreign", "newer", "nowhere"])
    async def test_nobody_is_let_in(self, settings, path, kind):
        """A door whose keys cannot be read any more answers 503, and opens to nobody."""
        clock, log = VirtualClock(), io.StringIO()
        key = keys_work.create(settings, KeyTerms(scopes=("read",)), clock).key
        door = await make_authenticator(settings, Secrets({}), logger(log), clock)
        try:
            assert await door.identify(Credentials(key=key), "")
            spoil(path, kind)
            clock.advance(FRESH_S)
            for credentials in (Credentials(key=key), Credentials()):
                with pytest.raises(RequestFailed) as caught:
                    await door.identify(credentials, "")
                assert 503 == caught.value.failure.status
        finally:
            await door.close()

        lines = [json.loads(line) for line in log.getvalue().splitlines()]
        assert ["API keys cannot be read: nobody is let in"] == [line["event"] for line in lines]

    async def test_it_recovers(self, settings, path):
        """When the file is back, keys are good again and the log says so."""
        clock, log = VirtualClock(), io.StringIO()
        key = keys_work.create(settings, KeyTerms(), clock).key
        door = await make_authenticator(settings, Secrets({}), logger(log), clock)
        try:
            path.rename(path.with_name("away"))
            clock.advance(FRESH_S)
            with pytest.raises(RequestFailed):
                await door.identify(Credentials(key=key), "")
            path.with_name("away").rename(path)
            clock.advance(FRESH_S)
            assert await door.identify(Credentials(key=key), "")
        finally:
            await door.close()

        assert "can be read again" in log.getvalue()

    async def test_exchange_for_a_file_without_keys_does_not_open(self, settings, path, tmp_path):
        """A new file in which no key was ever created lets in neither old keys nor anybody."""
        clock = VirtualClock()
        key = keys_work.create(settings, KeyTerms(), clock).key
        other = Settings(data_dir=tmp_path / "other")
        keys_work.create(other, KeyTerms())
        with sqlite3.connect(other.folder() / path.name) as database:
            database.execute("DELETE FROM keys")
        database.close()
        door = await make_authenticator(settings, Secrets({}), logger(), clock)
        try:
            (other.folder() / path.name).replace(path)
            clock.advance(FRESH_S)
            for credentials in (Credentials(key=key), Credentials()):
                with pytest.raises(RequestFailed) as caught:
                    await door.identify(credentials, "")
                assert 401 == caught.value.failure.status
        finally:
            await door.close()

    async def test_reading_is_done_once_for_many(self, settings, path):
        """A thousand requests at one moment look at the file once."""
        clock = VirtualClock()
        keys = ApiKeys(path, clock, logger())
        await keys.table.load()
        clock.advance(FRESH_S)
        spoil(path, "gone")
        found = await asyncio.gather(
            *(keys.table.refresh() for _ in range(1000)), return_exceptions=True
        )
        await keys.close()

        assert all(isinstance(error, UnavailableError) for error in found)
        assert 1 == len({id(error.args[0]) for error in found})

    async def test_use_is_kept_until_it_can_be_written(self, settings, path):
        """What cannot be written waits, is written later, and is complained of once."""
        clock, log = VirtualClock(), io.StringIO()
        keys = ApiKeys(path, clock, logger(log))
        await keys.table.load()
        path.rename(path.with_name("away"))
        keys.ledger.record("k", 1, 5)
        async with asyncio.timeout(20):
            while "cannot be written" not in log.getvalue():  # noqa: ASYNC110  a thread logs it
                await asyncio.sleep(0.05)
        keys.ledger.record("k", 2, 0)
        path.with_name("away").rename(path)
        await keys.close()

        with KeyStore(path) as store:
            (day,) = store.use()["k"].days.values()
        assert (3, 5) == (day.requests, day.tokens)
        assert 1 == log.getvalue().count("cannot be written")


class TestDays:
    """Days are those of UTC."""

    def test_day_of_a_time(self):
        """The last second of a UTC day belongs to it, and the next to the next."""
        assert ("1970-01-01", "1970-01-02") == (utc_day(86399.9), utc_day(86400))


async def _binding(settings):
    return authenticates(settings)


def spoil(path, kind):
    """Make a file unreadable as one of keys."""
    if kind == "newer":
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
        # A copy, so that those who have the old one open see that another stands in its place.
        path.with_name("copy").write_bytes(path.read_bytes())
        path.with_name("copy").chmod(0o600)
        path.with_name("copy").replace(path)
        return
    path.unlink()
    if kind == "nowhere":
        path.symlink_to("nowhere")
        return
    if kind == "under a file":
        path.parent.rename(path.parent.with_name("moved"))
        path.parent.write_text("a file")
        return
    if kind == "junk":
        path.write_bytes(b"junk" * 1000)
    elif kind == "empty":
        path.touch()
    elif kind == "folder":
        path.mkdir()
    elif kind == "foreign":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE t (x)")
        database.close()
    if kind != "gone":
        path.chmod(0o700 if kind == "folder" else 0o600)
