"""One question of a batch of look-ups neither breaks nor deceives another one."""

from __future__ import annotations

import asyncio

import structlog
from ion_two_tier_cache.envelope import seal
from ion_two_tier_cache.keys import Keys
from ion_two_tier_cache.redis_context import RedisContext
from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble
from ion_two_tier_cache.redis_invalidation import Invalidations
from ion_two_tier_cache.redis_lookup import Lookups
from ion_two_tier_cache.redis_settings import RedisSettings
from ion_two_tier_cache.redis_tokens import Tokens
from ion_two_tier_cache.write_behind import WriteBehind

from ion_framework.clock import SystemClock

UNENCODABLE = ("bad\ud800",)
"""Tags that UTF-8 cannot encode."""


async def test_a_tag_that_utf_8_does_not_have_breaks_no_look_up(
    redis_server, open_tier, make_entry, digest
):
    """Look-ups beside one by a tag that UTF-8 does not have are answered, and so is that one."""
    opened = await open_tier(redis_server.url)
    entry = make_entry()
    await opened.store(digest(1), entry)
    await opened.store(digest(2), entry)

    found = await asyncio.gather(
        opened.tier.get(digest(1), entry.tags),
        opened.tier.get(digest(2), UNENCODABLE),
        opened.tier.get(digest(3), UNENCODABLE),
    )

    assert [one.entry for one in found] == [entry, entry, None]
    assert opened.tier.stats().counts.batches == 3
    assert opened.tier.stats().counts.hostile == 0


async def test_what_is_owed_reaches_nobody_who_asks_by_other_tags(
    redis_server, open_tier, make_entry, digest
):
    """An entry with a tag that is owed is found by neither of two tags asked for at once."""
    opened = await open_tier(redis_server.url)
    entry = make_entry(tags=("b",))
    await opened.store(digest(1), entry)
    await opened.tier.get(digest(1), ("a",))  # so that no token has to be made
    redis_server.command("ACL", "SETUSER", "default", "-set")
    assert await opened.tier.tell("b") is False

    one, other = await asyncio.gather(
        opened.tier.get(digest(1), ("a",)), opened.tier.get(digest(1), ("b",))
    )

    assert opened.tier.stats().owed == 1
    assert one.tokens.known
    assert (one.entry, other.entry) == (None, None)
    redis_server.command("ACL", "SETUSER", "default", "+set")


class Link:
    """Takes the place of Redis: has some values, is told nothing, and can be held up once."""

    answering = True

    def __init__(self, values):
        self.values = values
        self.reads = 0
        self.between = None

    async def read(self, names, *, waited_s=0.0):
        """The values of some names; what stands in `between` happens before the second time."""
        self.reads += 1
        if self.reads == 2:
            await self.between()
        return [self.values.get(name) for name in names]

    async def write(self, commands, *, waited_s=0.0):
        """Write some commands."""
        raise RedisTroubleError(Trouble.TIMEOUT)


def looked_up_through(link, entries, make_entry, digest):
    """Look-ups through a link that knows three tags and holds an entry of each number and tag."""
    keys = Keys("ion")
    settings = RedisSettings("redis://nobody")
    context = RedisContext(settings, SystemClock(), structlog.get_logger(), lambda: 0.5, keys)
    link.values |= {keys.token(tag): b"1" for tag in (None, "a", "b", "c")}
    for number, tag in entries.items():
        envelope = seal(digest(number), make_entry(tags=(tag,)), Tokens(("1", "1")))
        link.values[keys.entry(digest(number))] = envelope
    invalidations = Invalidations(context, link)
    writer = WriteBehind(link, most=1, most_bytes=1)
    return Lookups(context, link, writer, invalidations), invalidations, context.counts


async def test_what_comes_to_be_owed_within_a_batch_is_left_out(make_entry, digest):
    """A tag that comes to be owed while a batch asks again is no longer believed by that batch."""
    link, entries = Link({}), {1: "b", 2: "c"}
    lookups, invalidations, _ = looked_up_through(link, entries, make_entry, digest)
    link.between = lambda: invalidations.tell("b")

    found = await asyncio.gather(
        lookups.get(digest(1), ("a",)),
        lookups.get(digest(1), ("b",)),
        lookups.get(digest(2), ("a",)),
    )

    assert link.reads == 2
    assert [one.entry is not None for one in found] == [False, False, True]
    assert found[0].tokens.known
    await lookups.close()
    await invalidations.close()


async def test_what_is_heard_of_within_a_batch_is_left_out(make_entry, digest):
    """An invalidation that is heard of before the reply comes leaves its entries out of it."""
    link, entries = Link({}), {1: "a", 2: "b"}
    lookups, _, counts = looked_up_through(link, entries, make_entry, digest)

    async def hear():
        lookups.hear("a")

    link.reads, link.between = 1, hear
    found = await lookups.find_many([(digest(1), ("a",)), (digest(2), ("b",))], 0.0)

    assert set(found.entries) == {digest(2)}
    assert found.of(digest(1), ("a",)).tokens.known
    assert (counts.hits, counts.misses) == (1, 1)
    await lookups.close()


async def test_a_look_up_by_a_tag_that_is_owed_is_a_failure(make_entry, digest):
    """Of look-ups that travel together those by a tag that is owed count as failures, no misses."""
    link, entries = Link({}), {1: "a", 2: "b"}
    lookups, invalidations, counts = looked_up_through(link, entries, make_entry, digest)
    await invalidations.tell("b")

    found = await lookups.find_many(
        [(digest(1), ("a",)), (digest(2), ("b",)), (digest(3), ("a",))], 0.0
    )

    assert set(found.entries) == {digest(1)}
    assert (counts.hits, counts.misses, counts.failures) == (1, 1, 1)
    await lookups.close()
    await invalidations.close()
