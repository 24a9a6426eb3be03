"""Settings, secrets, keys and their time: what surrounds the store."""

from __future__ import annotations

import asyncio
import re
import stat
import subprocess
import sys

import pytest
from ion_store_redis.durability import Confirmation, Facts
from ion_store_redis.settings import StoreSettings

from ion_framework import Ion, hookimpl
from ion_framework.conversations.store import ConversationStore, StoreError
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import NullStore, RedisServer, lone_source, make_plugin
from ion_framework.testing.builders import standard_parts
from ion_framework.testing.contracts.store.values import (
    ANN,
    make_conversation,
    make_feedback,
)

LOGS_ALWAYS = {"appendonly": "yes", "appendfsync": "always"}


def ion_with(environ, **settings):
    """An `Ion` with the plugin."""
    source = lone_source("store-redis", *standard_parts("store"))
    return Ion(Settings(plugin={"store-redis": settings}), source=source, environ=environ)


def test_the_caches_redis_is_not_the_stores():
    """ION_REDIS_URL alone leaves the store idle: a cache may forget, a store may not."""
    record = ion_with({"ION_REDIS_URL": "redis://h"}).host.record("store-redis")

    assert record.status is Status.IDLE
    assert "ION_STORE_REDIS_URL" in record.reason


@pytest.mark.parametrize(
    ("url", "settings", "reason"),
    [
        ("http://:s3cret@h", {}, "url: the Redis URL must begin with"),
        ("redis://:s3cret@h:port", {}, "url: the Redis URL: a host or its port"),
        ("redis://:s3cret@h", {"namespace": "a b"}, "namespace: must be 1 to 64"),
        ("redis+cluster://:s3cret@h", {"fsync": True}, "a Cluster cannot be asked"),
        ("redis+cluster://:s3cret@h", {"replicas": 1}, "a Cluster cannot be asked"),
    ],
)
def test_a_setting_that_cannot_be_used_is_explained(url, settings, reason):
    """A wrong setting makes the plugin FAILED, and the reason says what is valid and no secret."""
    ion = ion_with({"ION_STORE_REDIS_URL": url}, **settings)
    ion.activate()
    record = ion.host.record("store-redis")

    assert record.status is Status.FAILED
    assert reason in record.reason
    assert "s3cret" not in record.reason


class AlwaysThere:
    """A store that needs no configuration."""

    @hookimpl
    def ion_provide_store(self):
        """One that keeps nothing."""
        return NullStore()


def test_it_goes_before_the_store_that_is_always_there():
    """With store-sqlite active beside it, the store that was configured is the first."""
    other = make_plugin("store-sqlite", AlwaysThere(), "store")
    source = lone_source("store-redis", other, *standard_parts("store"))
    ion = Ion(Settings(), source=source, environ={"ION_STORE_REDIS_URL": "redis://127.0.0.1:1/0"})
    ion.activate()

    assert ["RedisStore", "NullStore"] == [type(one).__name__ for one in ion.provisions.stores]


async def test_a_server_that_is_away_at_the_start_stays_the_store():
    """The plugin is active without its server, so that no other store takes its place."""
    environ = {"ION_STORE_REDIS_URL": "redis://:s3cret@127.0.0.1:1"}
    async with ion_with(environ, retry_s=0) as ion:
        assert ion.host.record("store-redis").status is Status.ACTIVE
        (store,) = ion.provisions.stores
        assert isinstance(store, ConversationStore)
        with pytest.raises(StoreError) as caught:
            await store.ping()

    assert "s3cret" not in str(caught.value)


async def test_a_password_is_told_to_nobody(opened, log):
    """Neither error, repr nor log holds a password, and a wrong one is called so."""
    async with RedisServer(password="right") as server:
        url = server.url.replace("right", "wr0ng-s3cret")
        async with opened(url, retry_s=0) as store:
            with pytest.raises(StoreError, match="does not accept the user and password") as caught:
                await store.get(ANN, "c1")
            told = f"{caught.value!r} {store!r} {log.text} {StoreSettings(url=url)}"

    assert "store_redis_away" in log.text
    assert "wr0ng" not in told


async def test_conversations_go_by_themselves(redis_server, opened):
    """What nobody asked for past its time and keep_s is dropped by Redis, and off every list."""
    short = {"last_activity": 5.0, "expires_at": 5.0}
    async with opened(redis_server.url, keep_s=1.0) as store:
        await store.create(make_conversation("short", **short))
        await store.create(make_conversation("long"))
        await asyncio.sleep(1.2)

        assert await store.get(ANN, "short") is None
        page = await store.list(ANN, None, limit=9, now=0.0)
        assert (1, ["long"]) == (page.total, [one.id for one in page.conversations])
        await store.create(make_conversation("short"))


async def test_every_key_is_the_stores_and_has_its_end(redis_server, opened, talk):
    """Keys carry the namespace and no name of anybody; those of conversations end by themselves."""
    async with opened(redis_server.url, namespace="home") as store:
        await store.create(make_conversation("secret-id", user_id="secret-user"))
        assert await talk(store, "secret-id", request_id="secret-r", idempotency_key="secret-k")
        await store.add_feedback(make_feedback(request_id="secret-r"))
    keys = redis_server.command("SCAN", "0", "COUNT", "1000")[1]

    assert len(keys) > 10
    for key in keys:
        assert re.fullmatch(rb"home:store:1:(owners|i:\w{32}|\{\w{32}\}(:\w+){1,2})", key)
        lasting = key.endswith((b"owners", b"}:f", b"}:z"))
        assert (redis_server.command("TTL", key) > 0) is not lasting


async def test_a_shared_redis_is_respected(redis_server, opened, talk, tmp_path):
    """Clearing up touches no foreign key and never asks for all keys at once."""
    for n in range(100):
        redis_server.command("SET", f"foreign:{n}", "1")
    async with opened(redis_server.url) as store:
        for n in range(5):
            await store.create(make_conversation(f"c{n}"))
            assert await talk(store, f"c{n}")
        await store.backup(tmp_path / "backup")
        assert await store.restore(tmp_path / "backup") == 5
        assert await store.delete_user(ANN, "user-1") == 5
        assert await store.expire(9e12) == 0
    used = redis_server.command("INFO", "commandstats")

    assert redis_server.command("DBSIZE") == 105
    for command in (b"keys", b"flushdb", b"flushall"):
        assert b"cmdstat_%b:" % command not in used


async def test_feedback_is_bounded(redis_server, opened):
    """The oldest feedback of an owner goes where there is more than is to be kept."""
    async with opened(redis_server.url, max_feedback=3) as store:
        for n in range(6):
            await store.add_feedback(make_feedback(f"f{n}", at=float(n)))

        assert [one.id async for one in store.feedback(ANN)] == ["f3", "f4", "f5"]


async def test_a_backup_is_for_its_owner_alone(redis_server, opened, tmp_path):
    """The file of a backup can be read by nobody else on the machine."""
    file = tmp_path / "backup"
    async with opened(redis_server.url) as store:
        await store.backup(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("version", "config", "command", "refused"),
    [
        ((7, 2), {}, ("WAITAOF", "1", "2", "800"), False),
        ((8, 0), {"appendonly": "no"}, ("WAITAOF", "1", "2", "800"), False),
        ((6, 2), LOGS_ALWAYS, ("WAIT", "2", "800"), False),
        ((7, 0), {"appendonly": "yes", "appendfsync": "everysec"}, (), True),
        ((6, 2), {}, (), True),
    ],
)
def test_the_disk_is_asked_for_where_that_is_possible(version, config, command, refused):
    """Which command confirms a write follows from the server's version and settings."""
    settings = StoreSettings(url="redis://h", fsync=True, replicas=2)
    wanted = Confirmation.wanted(settings, Facts(version, config))

    assert (command, refused) == (wanted.command, bool(wanted.refusal))


@pytest.mark.parametrize(("answer", "met"), [([1, 2], True), ([0, 2], False), ([1, 1], False)])
def test_a_confirmation_counts_disks_and_replicas(answer, met):
    """Fewer disks or replicas than were asked for are no confirmation."""
    assert Confirmation(("WAITAOF",), (1, 2)).is_met_by(answer) is met


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "does not tell"),
        ({"appendonly": "no"}, "appendonly is no"),
        ({"appendonly": "yes", "appendfsync": "no"}, "appendfsync is no"),
        (
            {**LOGS_ALWAYS, "maxmemory": "1000", "maxmemory-policy": "allkeys-lru"},
            "maxmemory-policy is allkeys-lru",
        ),
        (LOGS_ALWAYS, ""),
    ],
)
def test_what_may_be_lost_is_told(config, words):
    """A server that may lose conversations is warned of, and what to set is named."""
    warnings = " ".join(Facts((7, 2), config).warnings())

    assert words in warnings
    assert bool(words) is bool(warnings)


def test_the_library_is_imported_by_nobody_who_lists():
    """Listing plugins loads nothing of redis-py."""
    code = "import sys, ion_framework.cli; print('redis' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == "False"
