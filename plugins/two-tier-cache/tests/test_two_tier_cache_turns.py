"""Whole turns through the cache: replayed, waited for, renewed, saved by an old answer."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier

from ion_framework import hookimpl
from ion_framework.domain.persona import CachePolicy, CacheScope
from ion_framework.errors import FailureCause, GenerationError, NoAnswerError, TurnRefusedError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk
from ion_framework.pipeline.events import AnswerRefreshed
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.settings.model import PluginSettings, Settings
from ion_framework.testing import (
    CacheProvider,
    RecordingMonitor,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)

SHARED = CachePolicy(scope=CacheScope.SHARED, ttl_s=600)
RULES = FreshnessRules(jitter=0.0, early_refresh_beta=0.0)
CROWDED = Settings(plugins=PluginSettings(bulkhead=1000))
"""A plugin that is not one of ours, as this one seems here, has 64 places unless told otherwise."""

DOWN = GenerationError(FailureCause.UNAVAILABLE, "down")


class Upstream:
    """A generator that takes its time and can be told to fail."""

    model = "upstream-1"

    def __init__(self, work_s=1.0):
        self.calls = 0
        self.fails = None
        self.reason = FinishReason.STOP
        self._work_s = work_s

    @hookimpl
    async def ion_generate(self):
        """The number of the call, in two pieces."""
        self.calls += 1
        number = self.calls
        await asyncio.sleep(self._work_s)
        if self.fails is not None:
            raise self.fails
        if self.reason is FinishReason.STOP:
            yield TextChunk("answer ")
            yield TextChunk(str(number))
        yield Finish(self.reason, repeatable=True)


def in_virtual_time(scenario):
    """Run a scenario with an `Ion`, its upstream and its monitor, on a clock that jumps."""

    async def main():
        loop = asyncio.get_running_loop()
        upstream, monitor = Upstream(), RecordingMonitor()
        memory = MemoryTier(max_entries=1000, max_bytes=1 << 20, clock=loop)
        cache = TwoTierCache(memory, loop, rules=RULES)
        async with running_ion(
            make_plugin("gen", upstream, "generator"),
            make_plugin("store", CacheProvider(cache), "cache"),
            make_plugin("watch", monitor, "monitor"),
            personas=(make_persona(cache=SHARED),),
            settings=CROWDED,
            clock=loop,
        ) as ion:
            await scenario(ion, upstream, monitor)

    run_virtual(main())


def outcome(reply):
    """Status, age in whole seconds, and text of a reply."""
    cache = reply.receipt.cache
    return cache.status.value, None if cache.age_s is None else round(cache.age_s), reply.content


def test_a_thousand_turns_make_one_call():
    """A thousand turns that ask the same at once call the upstream once and get its answer."""

    async def scenario(ion, upstream, _):
        replies = await asyncio.gather(*(ion.respond("hello") for _ in range(1000)))
        assert upstream.calls == 1
        assert {reply.content for reply in replies} == {"answer 1"}
        statuses = [reply.receipt.cache.status for reply in replies]
        assert (statuses.count(CacheStatus.MISS), statuses.count(CacheStatus.HIT)) == (1, 999)

    in_virtual_time(scenario)


def test_a_thousand_turns_with_a_dead_upstream_make_two_calls():
    """When the upstream fails, two calls are made for a thousand turns, and each gets an error."""

    async def scenario(ion, upstream, _):
        upstream.fails = DOWN
        told = await asyncio.gather(
            *(ion.respond("hello") for _ in range(1000)), return_exceptions=True
        )
        assert upstream.calls == 2
        assert {type(error) for error in told} == {NoAnswerError}

    in_virtual_time(scenario)


def test_a_leader_whose_caller_leaves_costs_one_call_more():
    """When the first of a thousand callers leaves, another makes the answer for all."""

    async def scenario(ion, upstream, _):
        tasks = [asyncio.create_task(ion.respond("hello")) for _ in range(1000)]
        await asyncio.sleep(0.5)
        tasks[0].cancel()
        replies = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(replies[0], asyncio.CancelledError)
        assert {reply.content for reply in replies[1:]} == {"answer 2"}
        assert upstream.calls == 2

    in_virtual_time(scenario)


def test_a_caller_with_less_time_leaves_earlier():
    """A turn that waits ends at its own deadline, and those beside it are answered."""

    async def scenario(ion, upstream, _):
        patient = [asyncio.create_task(ion.respond("hello")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(NoAnswerError) as told:
            await ion.respond(TurnRequest(text="hello", deadline_s=0.5))
        assert told.value.late
        assert {reply.content for reply in await asyncio.gather(*patient)} == {"answer 1"}
        assert upstream.calls == 1

    in_virtual_time(scenario)


def test_leaders_with_too_little_time_leave_the_answer_to_the_next():
    """When the short time of two leaders is up, the next who waits makes the answer for all."""

    async def scenario(ion, upstream, _):
        upstream._work_s = 4.0
        hurried = []
        for deadline_s in (2.0, 3.0):
            request = TurnRequest(text="hello", deadline_s=deadline_s)
            hurried.append(asyncio.create_task(ion.respond(request)))
            await asyncio.sleep(0.1)
        patient = [asyncio.create_task(ion.respond("hello")) for _ in range(5)]
        errors = await asyncio.gather(*hurried, return_exceptions=True)
        assert [error.late for error in errors] == [True, True]
        replies = await asyncio.gather(*patient)
        assert {reply.content for reply in replies} == {"answer 3"}
        assert [reply.receipt.cache.stored for reply in replies].count(True) == 1
        assert upstream.calls == 3

    in_virtual_time(scenario)


def test_a_hit_streams_like_the_first_answer():
    """A stored answer comes as a stream, with the same text, and without the upstream."""

    async def scenario(ion, upstream, _):
        texts = []
        for _ in range(2):
            deltas = [
                event.text async for event in ion.stream("hello") if isinstance(event, ReplyDelta)
            ]
            texts.append("".join(deltas))
        assert (texts, upstream.calls) == (["answer 1"] * 2, 1)
        assert outcome(await ion.respond("hello")) == ("hit", 0, "answer 1")

    in_virtual_time(scenario)


def test_an_old_answer_is_served_and_renewed_once_behind_the_callers():
    """In the stale window callers get the old answer at once, and the next ones the new one."""

    async def scenario(ion, upstream, monitor):
        await ion.respond("hello")
        await asyncio.sleep(610)
        began = asyncio.get_running_loop().time()
        replies = await asyncio.gather(*(ion.respond("hello") for _ in range(50)))
        assert asyncio.get_running_loop().time() == began
        assert {outcome(reply) for reply in replies} == {("stale", 610, "answer 1")}
        await asyncio.sleep(2)
        assert outcome(await ion.respond("hello")) == ("hit", 1, "answer 2")
        assert upstream.calls == 2
        refreshed = [event for event in monitor.events if isinstance(event, AnswerRefreshed)]
        assert [event.succeeded for event in refreshed] == [True]

    in_virtual_time(scenario)


def test_with_the_upstream_down_for_a_minute_every_warm_key_is_answered():
    """Entries past their time are served as stale, flagged, while the upstream is down."""

    async def scenario(ion, upstream, _):
        for number in range(50):
            await ion.respond(f"question {number}")
        upstream.fails = DOWN
        await asyncio.sleep(700)
        replies = []
        for second in range(60):
            replies += await asyncio.gather(
                *(ion.respond(f"question {number}") for number in range(50))
            )
            await asyncio.sleep(second % 2)
        assert len(replies) == 3000
        assert {reply.receipt.cache.status for reply in replies} == {CacheStatus.STALE}
        assert upstream.calls - 50 < 50 * 10
        upstream.fails = None
        await asyncio.sleep(30)
        again = await asyncio.gather(*(ion.respond(f"question {number}") for number in range(50)))
        assert {reply.receipt.cache.status for reply in again} == {CacheStatus.MISS}

    in_virtual_time(scenario)


def test_what_the_model_blocks_is_asked_once():
    """A prompt that the model refuses is refused to everybody, by one call for half a minute."""

    async def scenario(ion, upstream, _):
        upstream.reason = FinishReason.SAFETY
        told = await asyncio.gather(
            *(ion.respond("hello") for _ in range(20)), return_exceptions=True
        )
        with pytest.raises(TurnRefusedError):
            await ion.respond("hello")
        assert {type(error) for error in told} == {TurnRefusedError}
        assert upstream.calls == 1
        await asyncio.sleep(31)
        with pytest.raises(TurnRefusedError):
            await ion.respond("hello")
        assert upstream.calls == 2

    in_virtual_time(scenario)


def test_principals_share_nothing_unless_the_persona_says_so():
    """Two principals get two answers from a persona of its own scope, and wait for no other's."""

    async def main():
        loop = asyncio.get_running_loop()
        upstream = Upstream()
        memory = MemoryTier(max_entries=1000, max_bytes=1 << 20, clock=loop)
        async with running_ion(
            make_plugin("gen", upstream, "generator"),
            make_plugin("store", CacheProvider(TwoTierCache(memory, loop)), "cache"),
            clock=loop,
        ) as ion:
            requests = [TurnRequest(text="hello", principal=name) for name in ("ann", "bob") * 5]
            return upstream, await asyncio.gather(*map(ion.respond, requests))

    upstream, replies = run_virtual(main())

    assert upstream.calls == 2
    assert len({reply.content for reply in replies[::2]}) == 1
    assert {reply.content for reply in replies[::2]}.isdisjoint(
        {reply.content for reply in replies[1::2]}
    )


@pytest.mark.parametrize("change", ["persona", "prompt"])
def test_a_new_version_reaches_no_old_answer(change):
    """After the persona or its prompt changes, what was stored before is out of reach, unharmed."""

    async def main():
        loop = asyncio.get_running_loop()
        memory = MemoryTier(max_entries=1000, max_bytes=1 << 20, clock=loop)
        cache, upstream = TwoTierCache(memory, loop), Upstream()
        old = make_persona(cache=SHARED)
        system = attrs.evolve(
            old.prompts,
            system=dict.fromkeys(old.prompts.system, "Be {{persona_name}}, briefly."),
        )
        new = (
            attrs.evolve(old, version="2.0")
            if change == "persona"
            else attrs.evolve(old, prompts=system)
        )
        statuses = []
        for persona in (old, new, old):
            async with running_ion(
                make_plugin("gen", upstream, "generator"),
                make_plugin("store", CacheProvider(cache), "cache"),
                personas=(persona,),
                clock=loop,
            ) as ion:
                statuses.append((await ion.respond("hello")).receipt.cache.status.value)
        return statuses, cache.stats().tiers["memory"]["dropped"]

    assert run_virtual(main()) == (["miss", "miss", "hit"], 0)


def test_a_turn_without_time_to_wait_gets_the_old_answer():
    """With an upstream that hangs, whoever waits for another turn gets the old answer in time."""

    async def scenario(ion, upstream, _):
        await ion.respond("hello")
        await asyncio.sleep(700)
        upstream._work_s = 10_000.0
        leader = asyncio.create_task(ion.respond(TurnRequest(text="hello", deadline_s=30.0)))
        await asyncio.sleep(0.1)
        begun = asyncio.get_running_loop().time()
        reply = await ion.respond(TurnRequest(text="hello", deadline_s=5.0))
        assert asyncio.get_running_loop().time() - begun < 5.0
        assert outcome(reply) == ("stale", 705, "answer 1")
        assert reply.degraded
        await leader

    in_virtual_time(scenario)


def test_more_old_answers_than_can_be_made_anew_at_once_cost_no_leases():
    """Of forty old answers asked for again and again, sixteen are made anew, the others put off."""

    async def scenario(ion, upstream, _):
        for number in range(40):
            await ion.respond(f"question {number}")
        await asyncio.sleep(620)
        upstream._work_s, before = 5.0, upstream.calls
        for _ in range(20):
            await asyncio.gather(*(ion.respond(f"question {number}") for number in range(40)))
        flights = ion.cache.stats().tiers["flights"]
        assert upstream.calls - before == 16
        assert flights["leaders"] == 80
        assert (flights["refreshes"], flights["refreshes_put_off"]) == (0, 24)
        await asyncio.sleep(6)
        assert ion.cache.stats().tiers["flights"]["refreshes"] == 16

    in_virtual_time(scenario)
