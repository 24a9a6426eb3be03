"""A lease that the cache gave when its caller had left already: nobody waits for it in vain."""

import asyncio
import threading
from contextlib import suppress

import pytest

from ion_framework.pipeline.cache import CachedReply, Hit, Miss, Pending, Stale
from ion_framework.pipeline.cache_calls import CacheCalls
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.threads import THREADS, Threads, in_thread
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import CacheProvider, DictCache, make_plugin, run_virtual, running_ion
from tests.support.parties import BOTH, of_party

LEASE_S = 30.0
LIMIT_S = 2.0


class Leading(DictCache):
    """One caller at a time makes the answer; a lease that is never ended runs out by itself.

    Args:
        found: what it finds, made of the lease; a miss by default.
    """

    def __init__(self, found=Miss):
        super().__init__()
        self.leases = []
        self.before_answer = None
        self._found = found

    async def lookup(self, key):
        """The lease, or what comes of the one that another has."""
        await asyncio.sleep(0.5)
        if self.leases and not self.leases[-1].ended.is_set():
            return Pending(Following(self))
        return await self.lead()

    async def lead(self):
        """What is found with a new lease, once a test has had its chance."""
        lease = Lease()
        self.leases.append(lease)
        if self.before_answer is not None:
            meanwhile, self.before_answer = self.before_answer, None
            await meanwhile()
        return self._found(lease)


class Following:
    """Waits for the lease of another."""

    def __init__(self, cache):
        self._cache = cache

    async def wait(self):
        """The right to try in its place."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEASE_S):
                await self._cache.leases[-1].ended.wait()
        return await self._cache.lead()


class Lease:
    """Notes what it is ended with."""

    def __init__(self):
        self.told = []
        self.ended = asyncio.Event()
        self.before_end = nothing

    async def _end(self, how):
        await self.before_end()
        await asyncio.sleep(0.25)
        self.told.append(how)
        self.ended.set()

    async def store(self, reply, ttl_s):
        """Note it."""
        await self._end("store")

    async def release(self):
        """Note it."""
        await self._end("release")


async def nothing():
    """Let it end as it does."""


async def raising():
    """Fail."""
    raise ConnectionError("no route to the cache")


async def hanging():
    """Come to no end."""
    await asyncio.sleep(3600)


def leaving(turn, steps, again_s=None):
    """Has a turn cancelled so many steps of the loop from now, and once more some time later."""

    async def leave():
        hurry(turn.cancel, steps)
        if again_s is not None:
            asyncio.get_running_loop().call_later(again_s, turn.cancel)

    return leave


def hurry(function, steps):
    """Call a function so many steps of the loop from now."""
    if steps == 0:
        function()
    else:
        asyncio.get_running_loop().call_soon(hurry, function, steps - 1)


async def left(cache, steps, party="third", then=None, again_s=None):
    """When an `Ion` was done whose first turn is cancelled just when the cache answers."""
    clock = asyncio.get_running_loop()
    plugin = of_party(make_plugin("lead", CacheProvider(cache), "cache"), party)
    settings = Settings(turn=TurnSettings(cache_s=LIMIT_S))
    async with running_ion(plugin, clock=clock, settings=settings) as ion:
        turn = asyncio.ensure_future(ion.respond("hello"))
        cache.before_answer = leaving(turn, steps, again_s)
        await asyncio.wait({turn})
        assert turn.cancelled()
        done = await then(ion) if then else clock.time()
        await asyncio.sleep(LIMIT_S)
        return done


@BOTH
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_a_lease_is_given_back_whenever_its_caller_leaves(steps, party):
    """Before, while and after the turn wakes up with its lease, the lease is ended once."""
    cache = Leading()

    ended_at = run_virtual(left(cache, steps, party))

    assert ["release"] == cache.leases[0].told
    assert ended_at <= 0.75


@BOTH
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_who_leaves_once_more_leaves_at_once_and_loses_no_lease(steps, party):
    """A second cancellation ends the turn, and the lease goes on being given back."""
    cache = Leading()

    ended_at = run_virtual(left(cache, steps, party, again_s=0.1))

    assert ["release"] == cache.leases[0].told
    assert ended_at < 0.61


def test_a_cancellation_does_not_wait_for_what_nobody_took():
    """Who leaves with the cache's answer is gone before its lease is given back."""
    ended_at = run_virtual(left(Leading(), 1))

    assert ended_at == pytest.approx(0.5)


@BOTH
@pytest.mark.parametrize("found", [Hit, Stale])
def test_what_cannot_be_served_gives_its_lease_back(found, party):
    """Of an entry that is none nobody makes the right to renew it anything."""
    cache = Leading(lambda lease: found("no reply", 1.0, lease))

    async def main():
        plugin = of_party(make_plugin("lead", CacheProvider(cache), "cache"), party)
        async with running_ion(plugin, clock=asyncio.get_running_loop()) as ion:
            await ion.respond("hello")
            await asyncio.sleep(LIMIT_S)

    run_virtual(main())

    assert ["release"] == cache.leases[0].told


class NotedTrace:
    """Notes what a turn would have in its receipt."""

    def __init__(self):
        self.notes = []

    def spent_ms(self):
        """No time at all."""
        return 0.0

    def note(self, *notes):
        """Note it."""
        self.notes.append(notes)


def test_a_coroutine_of_a_blocking_cache_needs_no_thread_to_release():
    """A lease is given back on the loop while all threads of its plugin are taken."""
    ended = threading.Event()
    threads = Threads()
    item = Implementation(
        hook="ion_provide_cache",
        plugin="lead",
        distribution="d",
        version="1",
        function=nothing,
        arguments=(),
        mode=CallMode.THREAD,
        threads=threads,
    )

    async def main():
        taken = [
            asyncio.ensure_future(in_thread(threads, ended.wait, (), 3600.0))
            for _ in range(THREADS)
        ]
        await asyncio.sleep(0)
        lease, trace = Lease(), NotedTrace()
        await CacheCalls(DictCache(), item, LIMIT_S).release(lease, trace)
        ended.set()
        await asyncio.wait(taken)
        return lease.told, trace.notes

    try:
        assert (["release"], []) == asyncio.run(main())
    finally:
        ended.set()


def test_who_waits_for_the_one_who_left_goes_on_at_once():
    """The next turn has the lease a moment later, and not when that has run out by itself."""
    cache = Leading()

    async def ask(ion):
        return await ion.respond("hello"), asyncio.get_running_loop().time()

    reply, done_at = run_virtual(left(cache, 1, then=ask))

    assert reply.receipt.cache.stored
    assert ["release"] == cache.leases[0].told
    assert done_at < LIMIT_S


@pytest.mark.parametrize("found", [Hit, Stale])
def test_the_right_to_renew_an_old_answer_is_given_back_too(found):
    """An answer that comes with the right to make it anew is one that others wait for."""
    kept = CachedReply("kept", Usage(), "m", "gen", 0.0)
    cache = Leading(lambda lease: found(kept, 1.0, lease))

    run_virtual(left(cache, 1))

    assert ["release"] == cache.leases[0].told


@pytest.mark.parametrize("leaves", [True, False])
def test_a_cache_that_does_not_let_itself_be_cancelled_gets_its_lease_back(leaves):
    """A look-up that comes to its end after its time, or its caller's, has nobody for its lease."""
    cache = Leading()

    async def stubborn():
        for _ in range(2):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(5)

    async def main():
        clock = asyncio.get_running_loop()
        plugin = make_plugin("lead", CacheProvider(cache), "cache")
        settings = Settings(turn=TurnSettings(cache_s=LIMIT_S))
        async with running_ion(plugin, clock=clock, settings=settings) as ion:
            cache.before_answer = stubborn
            turn = asyncio.ensure_future(ion.respond("hello"))
            if leaves:
                await asyncio.sleep(1)
                turn.cancel()
            await asyncio.wait({turn})
            await asyncio.sleep(10)

    run_virtual(main())

    assert ["release"] == cache.leases[0].told


def test_a_follower_who_leaves_when_it_is_handed_the_lease_gives_it_back():
    """The lease that came to one who waited goes on to the next where that one has left."""
    cache = Leading()

    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(
            make_plugin("lead", CacheProvider(cache), "cache"), clock=clock
        ) as ion:
            first = asyncio.ensure_future(ion.respond("hello"))
            cache.before_answer = leaving(first, 1)
            second = asyncio.ensure_future(ion.respond("hello"))
            await asyncio.sleep(0.6)
            cache.before_answer = leaving(second, 1)
            await asyncio.wait({first, second})
            return second.cancelled(), await ion.respond("hello"), clock.time()

    cancelled, reply, done_at = run_virtual(main())

    assert cancelled
    assert reply.receipt.cache.stored
    assert [["release"], ["release"]] == [lease.told for lease in cache.leases[:2]]
    assert done_at < LEASE_S / 10


@pytest.mark.parametrize(
    "found",
    [
        lambda _: "a hit, honestly",
        lambda _: Miss("a lease, honestly"),
        lambda lease: failing(lease, raising),
        lambda lease: failing(lease, hanging),
    ],
    ids=["another type", "no lease", "raises", "hangs"],
)
def test_whatever_else_comes_to_nobody_does_no_harm(found):
    """Who has left is cancelled, and nothing else, whatever there is in place of a good lease."""
    cache = Leading(found)

    ended_at = run_virtual(left(cache, 1))

    assert [] == cache.leases[0].told
    assert ended_at == pytest.approx(0.5)


def failing(lease, how):
    """A miss with a lease that does not end as it should."""
    lease.before_end = how
    return Miss(lease)
