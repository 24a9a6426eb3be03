"""Every process hears of an invalidation, or knows that it does not."""

from __future__ import annotations

import asyncio
import time

import pytest

from ion_framework.testing.network.redis_server import RedisServer
from ion_framework.testing.network.tcp_proxy import TcpProxy
from ion_framework.testing.network.toxics import Latency, Timeout

pytestmark = pytest.mark.outage

NO_TRACKING = ("--rename-command", "CLIENT", "")


async def listening(*opened, until, hearing="tracking"):
    """Wait until tiers hear."""
    for one in opened:
        await until(lambda one=one: one.tier.stats().coherence == hearing)


@pytest.mark.parametrize(
    ("arguments", "hearing"),
    [((), "tracking"), (NO_TRACKING, "pubsub")],
    ids=["tracking", "pubsub"],
)
async def test_an_invalidation_is_heard_of_once(arguments, hearing, open_tier, until):
    """All tiers hear of a tag exactly once, by tracking or, where that is refused, by pub/sub."""
    async with RedisServer(arguments=arguments) as server:
        one, other = await open_tier(server.url), await open_tier(server.url)
        stranger = await open_tier(server.url, namespace="other")
        await listening(one, other, stranger, until=until, hearing=hearing)
        assert one.tier.coherent

        await one.tier.invalidate("persona:lúa *")
        await one.tier.clear()
        await until(lambda: len(one.heard) == len(other.heard) == 2)
        await asyncio.sleep(0.1)

        assert one.heard == other.heard == ["persona:lúa *", None]
        assert stranger.heard == []
        await asyncio.gather(one.tier.close(), other.tier.close(), stranger.tier.close())


async def test_storing_and_looking_up_is_no_news(
    redis_server, open_tier, make_entry, digest, until
):
    """Neither new entries nor the first look-up of a tag is taken for an invalidation."""
    one, other = await open_tier(redis_server.url), await open_tier(redis_server.url)
    await listening(one, other, until=until)

    await one.store(digest(1), make_entry())
    lease = await one.tier.acquire(digest(2))
    await lease.release()
    await asyncio.sleep(0.1)

    assert one.heard == other.heard == []


async def test_a_flush_by_somebody_is_heard_of(redis_server, open_tier, until):
    """When somebody flushes the database, everything counts as invalidated."""
    opened = await open_tier(redis_server.url)
    await listening(opened, until=until)

    redis_server.command("FLUSHDB")

    await until(lambda: opened.heard == [None])
    assert opened.tier.coherent


async def test_invalidations_are_heard_of_at_once(redis_server, open_tier, until):
    """Of 200 invalidations the other process hears each, mostly within milliseconds."""
    arrived = {}
    one = await open_tier(redis_server.url)
    other = await open_tier(
        redis_server.url, on_invalidate=lambda tag: arrived.setdefault(tag, time.monotonic())
    )
    await listening(one, other, until=until)
    sent = {}
    for number in range(200):
        sent[f"tag:{number}"] = time.monotonic()
        await one.tier.invalidate(f"tag:{number}")

    await until(lambda: len(arrived) == 200)
    delays = sorted(arrived[tag] - begun for tag, begun in sent.items())
    assert delays[198] < 0.5


async def test_a_lost_connection_is_noticed_and_mended(redis_server, open_tier, until):
    """When Redis ends, everything counts as invalidated; when it is back, the tier hears again."""
    opened = await open_tier(redis_server.url)
    await listening(opened, until=until)

    redis_server.kill()
    await until(lambda: not opened.tier.coherent)
    assert opened.heard == [None]
    await asyncio.to_thread(redis_server.start)

    await listening(opened, until=until)
    await opened.tier.invalidate("tag")
    await until(lambda: not opened.tier.stats().owed)
    await until(lambda: opened.heard == [None, "tag"])
    lines = [event for event in opened.log.events("info", "warning") if "coherence" in event]
    assert lines == ["redis_coherence", "redis_coherence_lost", "redis_coherence"]


async def test_who_never_hears_says_so_once(redis_server, open_tier, until):
    """A user who may not subscribe is logged once, by kind, however often it is tried."""
    redis_server.command(
        "ACL", "SETUSER", "deaf", "on", ">pw", "~*", "+@all", "-subscribe", "resetchannels"
    )
    opened = await open_tier(redis_server.url.replace("redis://", "redis://deaf:pw@"))

    await until(lambda: opened.log.events("warning"))
    await asyncio.sleep(1.0)

    assert opened.log.lines == [("warning", "redis_coherence_missing", {"trouble": "permission"})]
    assert not opened.tier.coherent
    assert opened.heard == []


async def test_every_change_of_hearing_is_counted(redis_server, open_tier, until):
    """The epoch is raised when the tier begins to hear, when it ceases to, and never lowered."""
    opened = await open_tier(redis_server.url)
    before = opened.tier.hearing_epoch
    await listening(opened, until=until)
    heard = opened.tier.hearing_epoch
    redis_server.command("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: opened.tier.stats().counts.listening_lost)
    await listening(opened, until=until)
    mended = opened.tier.hearing_epoch
    await opened.tier.invalidate("tag")

    assert (before, heard, mended) == (0, 1, 3)
    assert opened.tier.hearing_epoch == mended
    await opened.tier.close()
    closed = opened.tier.hearing_epoch
    assert closed > mended
    await opened.tier.open()
    await listening(opened, until=until)
    assert opened.tier.hearing_epoch > closed


@pytest.mark.parametrize("cut", ["frozen", "black hole"])
async def test_silence_is_noticed_within_five_seconds(cut, open_tier, until):
    """A peer that says nothing any more is given up within 5 s, though the connection stands."""
    async with RedisServer() as server, TcpProxy("127.0.0.1", server.port) as proxy:
        opened = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=0.1)
        await listening(opened, until=until)
        begun = time.monotonic()
        if cut == "frozen":
            server.freeze()
        else:
            await proxy.add(Timeout())

        await until(lambda: not opened.tier.coherent, 10.0)

        assert time.monotonic() - begun < 5.0
        assert opened.heard == [None]
        await opened.tier.close()


async def test_a_quiet_connection_is_kept(redis_server, open_tier, until):
    """Without any invalidation the connection is asked, answers, and stays."""
    opened = await open_tier(redis_server.url)
    await listening(opened, until=until)

    await asyncio.sleep(3.2)

    assert opened.tier.stats().counts.listening_lost == 0
    assert opened.heard == []
    assert b"cmd=ping" in redis_server.command("CLIENT", "LIST")


async def test_a_reply_that_was_overtaken_is_not_believed(
    redis_server, open_tier, make_entry, digest, until
):
    """A look-up whose reply arrives after the news of an invalidation finds nothing."""
    async with TcpProxy("127.0.0.1", redis_server.port) as proxy:
        slow = await open_tier(f"redis://{proxy.host}:{proxy.port}", timeout_s=2.0)
        quick = await open_tier(redis_server.url)
        entry = make_entry()
        await listening(slow, quick, until=until)
        await slow.store(digest(1), entry)

        # The proxy delays all connections alike, so the news is told by hand while a reply is out.
        await proxy.add(Latency(0.2))
        asking = asyncio.create_task(slow.tier.get(digest(1), entry.tags))
        await asyncio.sleep(0.05)
        slow.tier._hear("tenant:a")

        assert (await asking).entry is None
        assert slow.heard == ["tenant:a"]
        assert (await slow.tier.get(digest(1), entry.tags)).entry == entry
        await asyncio.gather(slow.tier.close(), quick.tier.close())


async def test_an_end_that_takes_long_does_not_deafen_who_opened_again(
    redis_server, open_tier, make_entry, digest, until
):
    """A tier that is opened while it is still being closed hears, also when the end has come."""
    opened = await open_tier(redis_server.url)
    tier = opened.tier
    await listening(opened, until=until)
    found = await tier.get(digest(1), make_entry().tags)
    redis_server.command("CLIENT", "PAUSE", "60000", "WRITE")
    assert tier.put(digest(1), make_entry(), found.tokens)

    closing = asyncio.create_task(tier.close())
    await asyncio.sleep(0)
    assert not tier.coherent
    await tier.open()
    await until(lambda: tier.coherent)
    epoch = tier.hearing_epoch
    redis_server.command("CLIENT", "UNPAUSE")
    await closing

    assert tier.coherent
    assert tier.hearing_epoch == epoch
    assert tier.stats().coherence == "tracking"
