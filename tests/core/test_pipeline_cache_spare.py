"""The old answer that a turn falls back on where it has no time left to wait for a new one."""

import attrs
import pytest

from ion_framework.pipeline.cache import Hit, Pending, Stale
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.testing import FakeGenerator, run_virtual
from tests.support.caches import OLD, Flight, reply_of
from tests.support.parties import BOTH


@BOTH
def test_an_old_answer_is_served_where_the_time_to_wait_is_up(party):
    """A turn whose time is nearly up while it waits gets the old answer, flagged as degraded."""
    generator = FakeGenerator()
    found = Pending(Flight(90.0, Hit(OLD, 0.0)), Stale(OLD, 700.0))

    reply = run_virtual(reply_of(found, generator, party=party, deadline_s=5.0))

    cache = reply.receipt.cache
    assert ("an old answer", CacheStatus.STALE) == (reply.content, cache.status)
    assert "before another turn had made the same answer" in reply.degraded
    assert cache.reason == reply.degraded
    assert cache.age_s == pytest.approx(704.75, abs=0.1)
    assert generator.prompts == []


@BOTH
def test_an_old_answer_is_not_served_where_a_new_one_comes_in_time(party):
    """The answer that was waited for goes before the old one for the case of need."""
    fresh = attrs.evolve(OLD, content="a new answer")
    found = Pending(Flight(4.0, Hit(fresh, 0.0)), Stale(OLD, 700.0))

    reply = run_virtual(reply_of(found, FakeGenerator(), party=party, deadline_s=5.0))

    assert ("a new answer", "") == (reply.content, reply.degraded)


@pytest.mark.parametrize("spare", ["old", Hit(OLD, 0.0), Stale("old", 1.0)], ids=repr)
def test_an_old_answer_of_another_kind_is_a_failure_of_the_cache(spare):
    """A cache that offers something else for the case of need is named, and the turn goes on."""
    reply = run_virtual(reply_of(Pending(Flight(1.0, Hit(OLD, 0.0)), spare), FakeGenerator()))

    assert reply.receipt.cache.status is CacheStatus.BYPASS
    assert "nothing that can be served" in reply.receipt.cache.reason


@BOTH
def test_a_cache_that_fails_while_there_is_time_is_gone_on_without(party):
    """Where waiting fails early the answer is made without the cache, not the old one served."""
    found = Pending(Flight(1.0, OSError()), Stale(OLD, 700.0))

    reply = run_virtual(reply_of(found, FakeGenerator(), party=party, deadline_s=5.0))

    assert (reply.receipt.cache.status, reply.degraded) == (CacheStatus.BYPASS, "")
    assert reply.content != OLD.content
