"""What Redis could not be told of an invalidation is not forgotten."""

from __future__ import annotations

import asyncio

import pytest
import structlog
from ion_two_tier_cache.keys import Keys
from ion_two_tier_cache.redis_context import RedisContext
from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble
from ion_two_tier_cache.redis_invalidation import Invalidations
from ion_two_tier_cache.redis_settings import RedisSettings

from ion_framework.testing import VirtualClock, run_virtual

FAIL = None


class Link:
    """Takes the place of Redis: each write takes the planned time, or fails."""

    def __init__(self):
        self.plan = []
        self.tokens = []

    async def write(self, commands):
        """Write some commands."""
        takes_s = self.plan.pop(0) if self.plan else 0.0
        if takes_s is FAIL:
            raise RedisTroubleError(Trouble.TIMEOUT)
        if ":t:" in commands[0][1]:
            self.tokens.append(commands[0][2])
        await asyncio.sleep(takes_s)
        return [True] * len(commands)


def make(link):
    """What invalidates over a link."""
    settings = RedisSettings("redis://nobody")
    logger = structlog.get_logger()
    context = RedisContext(settings, VirtualClock(), logger, lambda: 0.5, Keys("ion"))
    return Invalidations(context, link)


@pytest.mark.parametrize("tag", ["persona:lua", None])
def test_an_invalidation_during_the_payment_of_an_earlier_one_is_paid_too(tag):
    """What comes to be owed while the same tag is being paid is owed still, and paid after it."""

    async def main():
        link = Link()
        invalidations = make(link)
        link.plan = [FAIL]
        assert not await invalidations.tell(tag)
        link.plan = [0.0, 0.3]
        await asyncio.sleep(0.6)
        before = len(link.tokens)
        link.plan = [FAIL]
        assert not await invalidations.tell(tag)
        await asyncio.sleep(0.3)
        between = invalidations.owed, invalidations.concerns((tag or "any",))
        await asyncio.sleep(2.0)
        await invalidations.close()
        return before, between, len(link.tokens), invalidations.owed

    before, between, tokens, owed = run_virtual(main())

    assert before == 1
    assert between == (1, True)
    assert tokens == 2
    assert owed == 0


def test_an_invalidation_that_succeeds_pays_what_was_owed():
    """Telling Redis of a tag again also settles the earlier time that failed."""

    async def main():
        link = Link()
        invalidations = make(link)
        link.plan = [FAIL]
        assert not await invalidations.tell("tag")
        assert invalidations.concerns(("tag",))
        assert await invalidations.tell("tag")
        owed = invalidations.owed
        await asyncio.sleep(2.0)
        await invalidations.close()
        return owed, len(link.tokens)

    assert run_virtual(main()) == (0, 1)
