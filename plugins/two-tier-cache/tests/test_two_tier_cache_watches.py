"""What one process does while another holds the lease, and what it hears of invalidations."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.entry import Entry
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier
from ion_two_tier_cache.others_leases import MOST, OthersLeases
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.remote_lease import RemoteLease
from ion_two_tier_cache.tiers import DEAF_S, Tiers

from ion_framework.pipeline.cache import Hit, Miss, Pending
from ion_framework.testing import VirtualClock, run_virtual
from ion_framework.testing.contracts.cache import KEY, REPLY


@attrs.frozen
class Found:
    """What a look-up found."""

    entry: Entry | None
    tokens: Tokens
    leased: bool


@attrs.frozen
class Figures:
    """The figures: none."""


class SharedTier:
    """A tier that processes share, in which the test says what others do."""

    def __init__(self):
        self.coherent, self.hearing_epoch = True, 1
        self.leased = False
        self.entries = {}
        self.sweeping, self.swept = asyncio.Event(), asyncio.Event()

    async def open(self):
        """Nothing to open."""

    async def close(self):
        """Nothing to close."""

    async def get(self, digest, tags):
        """The entry, and whether somebody else makes it."""
        await asyncio.sleep(0)
        return Found(self.entries.get(digest), Tokens(("0" * 16,) * (len(tags) + 1)), self.leased)

    def put(self, digest, entry, tokens, lease=None):
        """Take it."""
        assert tokens.known
        self.entries[digest] = entry
        return True

    async def acquire(self, digest):
        """The lease, unless somebody else has it."""
        return None if self.leased else RemoteLease.local(digest)

    async def tell(self, tag):
        """Make everything invalid."""
        assert tag != ""
        self.entries.clear()
        return True

    async def sweep(self, tag):
        """Take as long as the test wants."""
        assert tag != ""
        self.sweeping.set()
        await self.swept.wait()
        return 0

    def lose(self, *, found_again):
        """Lose the connection over which invalidations are heard of."""
        self.coherent = found_again
        self.hearing_epoch += 2 if found_again else 1

    def stats(self):
        """The figures."""
        return Figures()


def make_cache(clock, shared, **options):
    """A cache with this tier behind it."""
    memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
    rules = FreshnessRules(jitter=0.0, early_refresh_beta=0.0, random=options.pop("random", zero))
    return TwoTierCache(memory, clock, rules=rules, make_remote=lambda _: shared, **options)


def zero():
    """The number 0."""
    return 0.0


def stays_s(cache, clock, key=KEY):
    """Seconds, in whole ones, that an entry is in memory from now on."""
    begun = clock.monotonic()
    while cache._memory.get(key.digest) is not None:
        clock.advance(1.0)
    return clock.monotonic() - begun


@pytest.mark.parametrize(
    ("before", "found_again", "longest_s"),
    [(True, None, 60.0), (True, True, DEAF_S - 3.0), (False, None, DEAF_S - 3.0)],
    ids=["heard", "lost and found", "never heard"],
)
async def test_memory_keeps_an_answer_as_long_as_it_was_heard_of(before, found_again, longest_s):
    """An answer of 3 s of work stays 60 s, or 5 s from its start if something was not heard."""
    clock, shared = VirtualClock(), SharedTier()
    shared.coherent = before
    cache = make_cache(clock, shared)
    led = await cache.lookup(KEY)
    clock.advance(3.0)
    if found_again is not None:
        shared.lose(found_again=found_again)
    await led.lease.store(REPLY, 600.0)

    assert stays_s(cache, clock) == longest_s
    assert shared.entries[KEY.digest].body == REPLY


async def test_what_took_too_long_to_make_unheard_is_not_kept_in_memory():
    """An answer begun over 5 s before the channel was found again is in the other tier only."""
    clock, shared = VirtualClock(), SharedTier()
    cache = make_cache(clock, shared)
    led = await cache.lookup(KEY)
    clock.advance(DEAF_S)
    shared.lose(found_again=True)
    await led.lease.store(REPLY, 600.0)

    assert len(cache._memory._slots) == 0
    assert isinstance(await cache.lookup(KEY), Hit)
    assert stays_s(cache, clock) == 60.0


async def test_a_look_up_during_which_the_channel_was_lost_is_not_kept_for_long():
    """An entry that was read while the connection was lost and found stays for 5 s at most."""
    clock, shared = VirtualClock(), SharedTier()
    cache = make_cache(clock, shared)
    shared.entries[KEY.digest] = Entry(REPLY, KEY.tags, clock.time(), 600.0, 0.0, 0.0, 0.0)
    task = asyncio.create_task(cache.lookup(KEY))
    await asyncio.sleep(0)
    shared.lose(found_again=True)

    assert isinstance(await task, Hit)
    assert stays_s(cache, clock) == DEAF_S


@pytest.mark.parametrize(("number", "stays"), [(0.0, 60.0), (0.5, 57.0), (0.999, 55.0)])
async def test_what_came_together_does_not_leave_memory_together(number, stays):
    """An entry stays for up to a tenth less than the longest residence, at random."""
    clock = VirtualClock()
    cache = make_cache(clock, SharedTier(), random=lambda: number)
    await (await cache.lookup(KEY)).lease.store(REPLY, 600.0)

    assert stays_s(cache, clock) == stays


def test_without_another_tier_an_entry_stays_for_its_life():
    """Where processes share nothing, no residence is shorter than the entry's life."""
    clock = VirtualClock()
    memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
    tiers = Tiers(memory, None, 60.0, "none", clock=clock, random=lambda: 0.5)
    tiers.promote("a", Entry(REPLY, (), clock.time(), 600.0, 0.0, 0.0, 0.0))
    clock.advance(599.0)

    assert memory.get("a") is not None


async def test_what_is_begun_while_the_other_tier_is_swept_is_kept():
    """An answer begun after all were told of an invalidation is kept, though the sweep goes on."""
    clock, shared = VirtualClock(), SharedTier()
    cache = make_cache(clock, shared)
    early = await cache.lookup(KEY)
    work = asyncio.create_task(cache.invalidate("persona:sage"))
    await shared.sweeping.wait()
    led = await cache.lookup(KEY)
    shared.swept.set()
    await work
    await early.lease.store(attrs.evolve(REPLY, content="from before"), 600.0)
    await led.lease.store(REPLY, 600.0)

    assert (await cache.lookup(KEY)).reply == REPLY
    assert cache.stats().tiers["flights"]["voided"] == 1


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_whoever_waits_goes_on_when_the_cache_is_closed(steps):
    """A watch that ends with the cache ends the waiting, even if it never made a first step."""

    async def main():
        loop, shared = asyncio.get_running_loop(), SharedTier()
        shared.leased = True
        cache = make_cache(loop, shared)
        pending = await cache.lookup(KEY)
        assert isinstance(pending, Pending)
        waiter = loop.create_task(pending.flight.wait())
        for _ in range(steps):
            await asyncio.sleep(0)
        await cache.close()
        assert isinstance(await waiter, Miss)
        return loop.time()

    assert run_virtual(main()) < 1.0


def test_a_look_up_that_meets_the_end_of_the_cache_begins_no_watch():
    """Whoever learns after the close that another process has the lease makes the answer."""

    async def main():
        shared = SharedTier()
        shared.leased = True
        cache = make_cache(asyncio.get_running_loop(), shared)
        task = asyncio.create_task(cache.lookup(KEY))
        await asyncio.sleep(0)
        await cache.close()
        assert isinstance(await task, Miss)
        assert not cache._fetching._watches

    run_virtual(main())


def test_a_lease_that_never_ends_is_waited_for_once():
    """After the longest time a waiting turn leads without the lease, and later ones at once."""

    async def main():
        loop, shared = asyncio.get_running_loop(), SharedTier()
        shared.leased = True
        cache = make_cache(loop, shared, lead_s=20.0)
        for _ in range(2):
            pending = await cache.lookup(KEY)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(pending.flight.wait(), 6.0)
            await asyncio.sleep(1.5)
        found = await (await cache.lookup(KEY)).flight.wait()
        assert isinstance(found, Miss)
        assert 20.0 <= loop.time() < 23.0
        await found.lease.release()
        again = await cache.lookup(KEY)
        assert isinstance(again, Miss)
        await again.lease.release()
        shared.leased = False
        await (await cache.lookup(KEY)).lease.release()
        shared.leased = True
        assert isinstance(await cache.lookup(KEY), Pending)
        await cache.close()

    run_virtual(main())


def test_leases_of_others_are_remembered_within_bounds():
    """The one that was noted first is forgotten where more are noted than are remembered."""
    clock = VirtualClock()
    others = OthersLeases(clock, 10.0)
    assert all(others.held(str(number)) for number in range(MOST))
    clock.advance(10.0)

    assert others.held("one more")
    assert others.held("0")
    assert not others.held("2")
    others.free("2")
    assert others.held("2")
