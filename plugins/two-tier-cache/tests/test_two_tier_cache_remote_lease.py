"""Of many processes one makes an answer, and none is kept waiting by one that died."""

from __future__ import annotations

import asyncio
import time

import pytest

from ion_framework.testing import VirtualClock
from ion_framework.testing.network.redis_server import RedisServer

pytestmark = pytest.mark.outage

NO_SCRIPTS = ("--rename-command", "EVAL", "")
WITH_AND_WITHOUT_SCRIPTS = pytest.mark.parametrize(
    "arguments", [(), NO_SCRIPTS], ids=["scripts", "no scripts"]
)


def key(digest):
    """Name of the lease of a digest."""
    return f"ion:2.1:l:{digest}"


async def test_one_of_many_gets_the_lease(redis_server, open_tier, digest):
    """Of 100 who ask, in four tiers and at once, exactly one gets the lease."""
    tiers = [await open_tier(redis_server.url) for _ in range(4)]
    for opened in tiers:
        await opened.tier.get(digest(1), ())

    taken = await asyncio.gather(
        *(opened.tier.acquire(digest(1)) for opened in tiers for _ in range(25))
    )

    assert sum(lease is not None for lease in taken) == 1
    for opened in tiers:
        assert (await opened.tier.get(digest(1), ())).leased
    denied = sum(opened.tier.stats().counts.leases_denied for opened in tiers)
    assert denied == 99
    assert 4000 < redis_server.command("PTTL", key(digest(1))) <= 5000


@WITH_AND_WITHOUT_SCRIPTS
async def test_a_released_lease_is_free(arguments, open_tier, digest, until):
    """A lease that was given back can be taken by another, with scripts and without."""
    async with RedisServer(arguments=arguments) as server:
        one, other = (
            await open_tier(server.url),
            await open_tier(server.url),
        )
        lease = await one.tier.acquire(digest(1))
        assert await other.tier.acquire(digest(1)) is None

        await lease.release()
        await lease.release()

        await until(lambda: server.command("EXISTS", key(digest(1))) == 0)
        assert (await other.tier.acquire(digest(1))) is not None
        assert lease.lost is False
        assert one.tier.stats().scripts is (not arguments)
        assert one.log.events("warning") == (["redis_refuses_scripts"] if arguments else [])
        await asyncio.gather(one.tier.close(), other.tier.close())


@WITH_AND_WITHOUT_SCRIPTS
async def test_a_lease_is_renewed_while_it_is_held(arguments, open_tier, digest, until):
    """Work that takes three times as long as a lease lasts keeps it to the end."""
    async with RedisServer(arguments=arguments) as server:
        one = await open_tier(server.url, lease_s=1.0)
        other = await open_tier(server.url, lease_s=1.0)
        lease = await one.tier.acquire(digest(1))

        for _ in range(15):
            await asyncio.sleep(0.2)
            assert await other.tier.acquire(digest(1)) is None
        assert lease.lost is False
        assert one.tier.stats().counts.leases_renewed >= 3

        await lease.release()
        await until(lambda: server.command("EXISTS", key(digest(1))) == 0)
        await asyncio.gather(one.tier.close(), other.tier.close())


async def test_a_foreign_key_is_no_refusal_of_scripts(redis_server, open_tier, digest, until):
    """An error of one lease's key leaves scripts in use for all others."""
    opened = await open_tier(redis_server.url, lease_s=0.6)
    lease = await opened.tier.acquire(digest(1))
    redis_server.command("DEL", key(digest(1)))
    redis_server.command("RPUSH", key(digest(1)), "not a lease")

    await until(lambda: lease.lost)
    other = await opened.tier.acquire(digest(2))
    await other.release()

    await until(lambda: redis_server.command("EXISTS", key(digest(2))) == 0)
    assert opened.tier.stats().scripts is True
    assert "redis_refuses_scripts" not in opened.log.events("warning")


async def test_scripts_are_tried_again_after_a_minute(redis_server, open_tier, digest, until):
    """Scripts that were refused are used again when a minute later they are allowed."""
    clock = VirtualClock(time.time())
    opened = await open_tier(redis_server.url, clock=clock)
    redis_server.command("ACL", "SETUSER", "default", "-eval")

    async def take_and_release():
        lease = await opened.tier.acquire(digest(1))
        await lease.release()
        await until(lambda: redis_server.command("EXISTS", key(digest(1))) == 0)

    await take_and_release()
    assert opened.tier.stats().scripts is False
    redis_server.command("ACL", "SETUSER", "default", "+eval")
    await take_and_release()
    assert opened.tier.stats().scripts is False
    clock.advance(61)
    await take_and_release()

    await until(lambda: opened.tier.stats().scripts)
    assert opened.log.events("warning", "info")[-1] == "redis_takes_scripts"
    assert opened.log.events("warning") == ["redis_refuses_scripts"]


async def test_a_dead_holder_frees_the_lease(redis_server, open_tier, digest):
    """A lease whose holder is gone without a word ends by itself."""
    one = await open_tier(redis_server.url, lease_s=0.5)
    other = await open_tier(redis_server.url, lease_s=0.5)
    assert await one.tier.acquire(digest(1)) is not None

    await one.tier._parts.keeper.close()  # as a process that was killed: it renews no longer
    assert await other.tier.acquire(digest(1)) is None
    await asyncio.sleep(0.7)

    assert await other.tier.acquire(digest(1)) is not None


@WITH_AND_WITHOUT_SCRIPTS
async def test_a_lost_lease_is_not_taken_from_its_new_holder(arguments, open_tier, digest, until):
    """Who lost a lease learns it, and releasing it leaves the new holder's alone."""
    async with RedisServer(arguments=arguments) as server:
        opened = await open_tier(server.url, lease_s=0.6)
        lease = await opened.tier.acquire(digest(1))
        server.command("SET", key(digest(1)), "somebody else")

        await until(lambda: lease.lost)
        await lease.release()
        await asyncio.sleep(0.2)

        assert server.command("GET", key(digest(1))) == b"somebody else"
        assert opened.tier.stats().counts.leases_lost == 1
        assert opened.tier.stats().leases_held == 0
        await opened.tier.close()


async def test_a_lease_is_not_renewed_for_ever(redis_server, open_tier, digest, until):
    """A lease that nobody releases is lost after its longest time."""
    opened = await open_tier(redis_server.url, lease_s=0.3, longest_lease_s=0.5)
    lease = await opened.tier.acquire(digest(1))

    await until(lambda: lease.lost)

    await until(lambda: redis_server.command("EXISTS", key(digest(1))) == 0)


async def test_closing_frees_leases(redis_server, open_tier, digest):
    """A tier that is closed in order leaves no lease behind for others to wait for."""
    one, other = (
        await open_tier(redis_server.url),
        await open_tier(redis_server.url),
    )
    lease = await one.tier.acquire(digest(1))

    await one.tier.close()

    assert redis_server.command("EXISTS", key(digest(1))) == 0
    await lease.release()
    assert await other.tier.acquire(digest(1)) is not None


async def test_an_outage_longer_than_a_lease_loses_it(redis_server, open_tier, digest, until):
    """When Redis is away for longer than a lease lasts, its holder learns that it is not alone."""
    opened = await open_tier(redis_server.url, lease_s=0.5)
    lease = await opened.tier.acquire(digest(1))

    redis_server.kill()

    await until(lambda: lease.lost)


async def test_storing_gives_the_lease_back_after_the_entry(
    redis_server, open_tier, make_entry, digest
):
    """Whoever sees the lease gone sees the entry, and a stored entry needs no release."""
    one, other = (
        await open_tier(redis_server.url),
        await open_tier(redis_server.url),
    )
    for number in range(50):
        found = await one.tier.get(digest(number), make_entry().tags)
        lease = await one.tier.acquire(digest(number))
        assert one.tier.put(digest(number), make_entry(), found.tokens, lease)

        seen = await other.tier.get(digest(number), make_entry().tags)
        for _ in range(10_000):
            if not seen.leased:
                break
            seen = await other.tier.get(digest(number), make_entry().tags)

        assert (seen.leased, seen.entry is not None) == (False, True)
        await lease.release()
    assert one.tier.stats().leases_held == 0


async def test_what_is_not_stored_gives_the_lease_back_as_well(
    redis_server, open_tier, make_entry, digest, until
):
    """An entry that is refused does not keep its lease."""
    opened = await open_tier(redis_server.url)
    found = await opened.tier.get(digest(1), make_entry().tags)
    lease = await opened.tier.acquire(digest(1))

    assert not opened.tier.put(digest(1), make_entry(fresh_s=1e9), found.tokens, lease)

    await until(lambda: redis_server.command("EXISTS", key(digest(1))) == 0)


async def test_without_redis_a_lease_binds_nobody(open_tier, digest):
    """Where Redis is away everybody gets a lease of his own, and can release it."""
    opened = await open_tier("redis://127.0.0.1:1")

    leases = [await opened.tier.acquire(digest(1)) for _ in range(10)]

    assert all(lease.is_local for lease in leases)
    for lease in leases:
        await lease.release()
    assert opened.tier.stats().leases_held == 0
