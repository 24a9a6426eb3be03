"""Settings, tables, secrets, TLS: what surrounds the store."""

from __future__ import annotations

import asyncio
import shutil
import stat
import subprocess
import sys

import pytest
from ion_store_postgres.documents import column
from ion_store_postgres.migrations import VERSION

from ion_framework import Ion, hookimpl
from ion_framework.conversations.store import ConversationStore, StoreError
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import NullStore, lone_source, make_plugin
from ion_framework.testing.builders import standard_parts
from ion_framework.testing.contracts.store.values import ANN, make_conversation
from ion_framework.testing.network.postgres_server import PostgresServer

OPENSSL = shutil.which("openssl")


def ion_with(environ, **settings):
    """An `Ion` with the plugin."""
    source = lone_source("store-postgres", *standard_parts("store"))
    return Ion(Settings(plugin={"store-postgres": settings}), source=source, environ=environ)


def test_without_a_url_it_is_idle():
    """Nothing is connected to until a URL is given, and the reason names the variable."""
    record = ion_with({}).host.record("store-postgres")

    assert record.status is Status.IDLE
    assert "ION_POSTGRES_URL" in record.reason


def test_a_url_may_come_from_a_file(tmp_path):
    """The URL is read from the file that ION_POSTGRES_URL_FILE names."""
    file = tmp_path / "url"
    file.write_text("postgresql://ion:s3cret@localhost/ion\n", "utf-8")
    record = ion_with({"ION_POSTGRES_URL_FILE": str(file)}).host.record("store-postgres")

    assert record.status is Status.READY
    assert "s3cret" not in repr(record)


@pytest.mark.parametrize(
    ("url", "settings", "reason"),
    [
        ("mysql://ion:s3cret@h/d", {}, "url: must be postgresql://"),
        ("postgresql://ion:s3cret@h:port/d", {}, "url: must be postgresql://"),
        ("postgresql://h/d", {"schema": "a b"}, "schema: must be 1 to 63"),
        ("postgresql://h/d", {"min_connections": 9, "max_connections": 2}, "min_connections: "),
    ],
)
def test_a_setting_that_cannot_be_used_is_explained(url, settings, reason):
    """A wrong setting makes the plugin FAILED, and the reason says what is valid and no secret."""
    ion = ion_with({"ION_POSTGRES_URL": url}, **settings)
    ion.activate()
    record = ion.host.record("store-postgres")

    assert record.status is Status.FAILED
    assert reason in record.reason
    assert "s3cret" not in record.reason


async def test_a_server_that_is_away_at_the_start_stays_the_store():
    """The plugin is active without its server, so that no other store takes its place."""
    url = "postgresql://ion:s3cret@127.0.0.1:1/ion"
    async with ion_with({"ION_POSTGRES_URL": url}, retry_s=0) as ion:
        assert ion.host.record("store-postgres").status is Status.ACTIVE
        (store,) = ion.provisions.stores
        assert isinstance(store, ConversationStore)
        with pytest.raises(StoreError) as caught:
            await store.ping()

    assert "s3cret" not in str(caught.value)


async def test_a_password_is_told_to_nobody(server, opened, log):
    """Neither error, repr nor log holds the URL, and a wrong password is called so."""
    url = server.url.replace(server.password, "wr0ng-s3cret")
    async with opened(url, retry_s=0) as store:
        with pytest.raises(StoreError, match="does not accept the user and password") as caught:
            await store.get(ANN, "c1")
        told = f"{caught.value!r} {store!r} {log.lines} {store.stats()}"

    assert "postgres_away" in log.events
    assert "wr0ng" not in told


async def test_hosts_that_start_at_once_make_the_tables_once(server, schema, opened):
    """Ten hosts that meet an empty database all work, and the tables have one version."""
    async with asyncio.timeout(60):
        opening = [opened(server.url) for _ in range(10)]
        stores = await asyncio.gather(*(one.__aenter__() for one in opening))
        await asyncio.gather(
            *(store.create(make_conversation(f"c{n}")) for n, store in enumerate(stores))
        )
        for one in opening:
            await one.__aexit__(None, None, None)

    assert server.sql(f"SELECT count(*) FROM {schema}.conversations") == "10"  # noqa: S608  the test's own name
    assert server.sql(f"SELECT number FROM {schema}.version") == str(VERSION)  # noqa: S608  the test's own name


async def test_tables_of_a_newer_version_are_left_alone(server, schema, opened, log):
    """Tables that a newer version made are not touched, and the error says what to do."""
    async with opened(server.url):
        await asyncio.to_thread(server.sql, f"UPDATE {schema}.version SET number = 99")  # noqa: S608  the test's own name
    async with opened(server.url) as store:
        with pytest.raises(StoreError, match=r"of version 99.*install a newer"):
            await store.ping()

    assert "postgres_away" in log.events


async def test_it_keeps_to_its_schema(server, schema, opened):
    """Nothing is made outside the schema that the settings name."""
    before = server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    async with opened(server.url) as store:
        await store.create(make_conversation())

    tables = f"SELECT count(*) FROM pg_tables WHERE schemaname = '{schema}'"  # noqa: S608  the test's own name
    assert server.sql(tables) == "4"
    assert server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == before


async def test_odd_names_are_kept_apart(server, opened):
    """Names of any length with any character are found, and are never mistaken for each other."""
    names = ["a\0b", "a\\0b", "\ud800", "x" * 5000, "x" * 4999, "", column("a\0b"), "\u202e"]
    async with opened(server.url) as store:
        for name in names:
            await store.create(make_conversation(name, user_id=name, summary=f"\0\ud800{name}"))
        for name in names:
            found = await store.get(ANN, name)
            assert found is not None
            assert (name, f"\0\ud800{name}") == (found.id, found.summary)
            assert (await store.list(ANN, name, limit=9, now=0.0)).total == 1


async def test_a_backup_is_for_its_owner_alone(server, opened, tmp_path):
    """The file of a backup can be read by nobody else on the machine."""
    file = tmp_path / "backup"
    async with opened(server.url) as store:
        await store.backup(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_commits_wait_for_the_disk(server, opened):
    """A default of asynchronous commits is overruled for the store's own."""
    server.sql("ALTER ROLE ion SET synchronous_commit = off")
    try:
        async with opened(server.url) as store:
            setting = "SELECT current_setting('synchronous_commit')"
            assert await store._pool.run(lambda connection: connection.fetchval(setting)) == "on"
    finally:
        server.sql("ALTER ROLE ion RESET synchronous_commit")


class AlwaysThere:
    """A store that needs no configuration."""

    @hookimpl
    def ion_provide_store(self):
        """One that keeps nothing."""
        return NullStore()


def test_it_goes_before_the_store_that_is_always_there():
    """With store-sqlite active beside it, the store that was configured is the first."""
    other = make_plugin("store-sqlite", AlwaysThere(), "store")
    source = lone_source("store-postgres", other, *standard_parts("store"))
    ion = Ion(Settings(), source=source, environ={"ION_POSTGRES_URL": "postgresql://127.0.0.1:1/0"})
    ion.activate()

    assert ["PostgresStore", "NullStore"] == [type(one).__name__ for one in ion.provisions.stores]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for ``localhost`` that signs itself, and its key."""
    if OPENSSL is None:
        pytest.skip("no openssl on PATH to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *(OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", certificate, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.mark.outage
async def test_certificates_are_verified(server, certificate, opened):
    """With verify-full the right authority and name connect, another name or authority do not."""
    assert server.running
    with PostgresServer(certificate=certificate) as behind_tls:
        trusted = f"?sslmode=verify-full&sslrootcert={certificate[0]}"
        here = behind_tls.url_at("localhost", behind_tls.port)
        async with opened(here + trusted) as store:
            used = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert await store._pool.run(lambda connection: connection.fetchval(used)) is True
        for url in (behind_tls.url + trusted, here + "?sslmode=verify-full"):
            async with opened(url, retry_s=0) as store:
                with pytest.raises(StoreError, match="sslrootcert"):
                    await store.ping()


def test_the_driver_is_imported_by_nobody_who_lists():
    """Listing plugins loads nothing of asyncpg."""
    code = "import sys, ion_framework.cli; print('asyncpg' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "False"
