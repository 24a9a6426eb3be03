"""Answers that another turn makes, old ones, and refusals: what a turn does with each."""

import asyncio
import contextlib

import attrs
import pytest

from ion_framework.errors import (
    FailureCause,
    GenerationError,
    NoAnswerError,
    TurnRefusedError,
)
from ion_framework.pipeline.cache import (
    CachedRefusal,
    Hit,
    Miss,
    Pending,
    Refused,
    Stale,
)
from ion_framework.pipeline.chunks import Finish, FinishReason
from ion_framework.pipeline.events import AnswerRefreshed
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FakeGenerator,
    RecordingMonitor,
    ScriptedGenerator,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.caches import OLD, Finding, Flight, reply_of
from tests.support.parties import BOTH

DOWN = GenerationError(FailureCause.UNAVAILABLE, "the service is down", retry_after_s=12.5)


def watching(monitor):
    """A plugin that keeps what observers are told."""
    return make_plugin("watch", monitor, "monitor")


def standing_in(generator):
    """A plugin that generates where the preferred one fails."""
    return make_plugin("standin", generator, "generator", fallback=True)


class Lease:
    """Notes what it is ended with."""

    def __init__(self):
        self.told = []

    async def store(self, reply, ttl_s):
        """Note it."""
        self.told.append(("store", reply.content))

    async def share(self, reply):
        """Note it."""
        self.told.append(("share", reply))

    async def refuse(self, refusal):
        """Note it."""
        self.told.append(("refuse", refusal))

    async def release(self):
        """Note it."""
        self.told.append(("release",))


@BOTH
def test_a_turn_waits_for_the_answer_of_another_longer_than_a_lookup_may_take(party):
    """An answer that another turn gives after 20 seconds is served, and nothing is generated."""
    generator = FakeGenerator()
    found = Pending(Flight(20.0, Hit(OLD, 0.0)))

    reply = run_virtual(reply_of(found, generator, party=party))

    assert ("an old answer", CacheStatus.HIT) == (reply.content, reply.receipt.cache.status)
    assert generator.prompts == []


@BOTH
def test_who_waits_gets_the_right_to_try_when_the_other_gives_up(party):
    """A turn that waited and was handed the lease makes the answer and stores it."""
    lease = Lease()
    found = Pending(Flight(3.0, Miss(lease)))

    reply = run_virtual(reply_of(found, FakeGenerator(), party=party))

    assert reply.receipt.cache.stored
    assert ("store", reply.content) == lease.told[0]


@BOTH
def test_waiting_ends_with_the_turns_deadline(party):
    """A turn whose time is up while it waits ends as late, at the cache."""
    with pytest.raises(NoAnswerError) as caught:
        run_virtual(
            reply_of(
                Pending(Flight(90.0, Hit(OLD, 0.0))), FakeGenerator(), party=party, deadline_s=5.0
            )
        )

    assert (True, "cache") == (caught.value.late, caught.value.stage)


def test_a_shared_answer_keeps_what_is_wrong_with_it():
    """A degraded, cut-off answer of another turn is flagged for those who waited for it, too."""
    shared = attrs.evolve(OLD, degraded="gen failed", finish_reason=FinishReason.TRUNCATED)

    reply = run_virtual(reply_of(Pending(Flight(1.0, Hit(shared, 0.0))), FakeGenerator()))

    assert ("gen failed", FinishReason.TRUNCATED) == (reply.degraded, reply.finish_reason)


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (CachedRefusal("gen", "safety", "I would rather not.", repeatable=True), TurnRefusedError),
        (CachedRefusal("generate", "no_answer", "nobody could", 7), NoAnswerError),
    ],
)
def test_a_known_refusal_is_the_end_of_the_turn(refusal, kind):
    """What another turn was refused is refused with the same words, and nothing is generated."""
    generator = FakeGenerator()

    with pytest.raises(kind, match=refusal.message) as caught:
        run_virtual(reply_of(Refused(refusal, 1.0), generator))

    assert generator.prompts == []
    assert refusal.code == caught.value.code
    assert refusal.repeatable == caught.value.repeatable
    assert refusal.retry_after_s == getattr(caught.value, "retry_after_s", None)


@pytest.mark.parametrize("kind", [Hit, Stale])
def test_an_answer_is_made_anew_behind_the_callers_back(kind):
    """Who meets an answer with the right to refresh it gets the old one, and the new is stored."""
    lease, monitor = Lease(), RecordingMonitor()

    reply = run_virtual(
        reply_of(kind(OLD, 9.0, refresh=lease), FakeGenerator(("new",)), watching(monitor))
    )

    assert ("an old answer", 9.0) == (reply.content, reply.receipt.cache.age_s)
    assert [("store", "new"), ("release",)] == lease.told
    told = [event for event in monitor.events if isinstance(event, AnswerRefreshed)]
    assert [True] == [event.succeeded for event in told]


def test_a_refreshment_that_fails_tells_the_cache_and_the_observers():
    """A failed refreshment ends its lease as a refusal, and the observers learn why."""
    lease, monitor = Lease(), RecordingMonitor()

    found = Stale(OLD, 9.0, refresh=lease)
    run_virtual(reply_of(found, ScriptedGenerator(DOWN), watching(monitor)))

    assert ["refuse", "release"] == [entry[0] for entry in lease.told]
    told = [event for event in monitor.events if isinstance(event, AnswerRefreshed)]
    assert [(False, True)] == [(event.succeeded, "gen failed" in event.message) for event in told]


def test_the_end_of_an_ion_cuts_refreshments_off_and_gives_their_leases_back():
    """Closing an Ion while an answer is made anew leaves no task and no lease behind."""
    lease = Lease()

    async def main():
        found = Stale(OLD, 9.0, refresh=lease)
        plugins = (
            make_plugin("gen", ScriptedGenerator(3600, "never", Finish()), "generator"),
            make_plugin("store", CacheProvider(Finding(found)), "cache"),
        )
        async with running_ion(*plugins, clock=asyncio.get_running_loop()) as ion:
            await ion.respond("hello")
            await asyncio.sleep(1)
        return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]

    assert run_virtual(main()) == []
    assert [("release",)] == lease.told


def test_only_so_many_answers_are_made_anew_at_once():
    """Beyond sixteen refreshments at once a lease is given back at once."""

    async def main():
        leases = [Lease() for _ in range(20)]
        waiting = iter(leases)

        class Many(DictCache):
            async def lookup(self, key):
                return Stale(OLD, 9.0, refresh=next(waiting))

        plugins = (
            make_plugin("gen", ScriptedGenerator(3600, "never", Finish()), "generator"),
            make_plugin("store", CacheProvider(Many()), "cache"),
        )
        async with running_ion(*plugins, clock=asyncio.get_running_loop()) as ion:
            for number in range(20):
                await ion.respond(f"question {number}")
            return sum(1 for lease in leases if lease.told)

    assert run_virtual(main()) == 4


class TestSpare:
    """An answer long past its time, for when making a new one fails."""

    def test_it_is_not_served_where_a_new_one_can_be_made(self):
        """With a generator in order the old answer stays where it is."""
        reply = run_virtual(reply_of(Miss(Lease(), Stale(OLD, 900.0)), FakeGenerator(("new",))))

        assert ("new", CacheStatus.MISS) == (reply.content, reply.receipt.cache.status)

    def test_it_is_served_flagged_where_the_generator_fails(self):
        """With the generator down the old answer is served as stale and degraded."""
        lease = Lease()

        reply = run_virtual(reply_of(Miss(lease, Stale(OLD, 900.0)), ScriptedGenerator(DOWN)))

        assert ("an old answer", CacheStatus.STALE) == (reply.content, reply.receipt.cache.status)
        assert reply.receipt.cache.age_s == 900.0
        assert "gen failed" in reply.degraded
        assert ["refuse", "release"] == [entry[0] for entry in lease.told]

    def test_it_goes_before_the_answer_of_a_stand_in(self):
        """An old answer of the preferred generator is served rather than a stand-in's new one."""
        standin = FakeGenerator(("from a stand-in",))

        reply = run_virtual(
            reply_of(
                Miss(Lease(), Stale(OLD, 900.0)), ScriptedGenerator(DOWN), standing_in(standin)
            )
        )

        assert reply.content == "an old answer"
        assert standin.prompts == []

    def test_a_model_that_declines_is_no_failure(self):
        """Where the model declines the message, no old answer is served in its place."""
        with pytest.raises(TurnRefusedError):
            run_virtual(
                reply_of(
                    Miss(Lease(), Stale(OLD, 900.0)),
                    ScriptedGenerator(Finish(FinishReason.SAFETY)),
                )
            )


class TestTold:
    """What those who wait are told of how a turn ended."""

    def told(self, generator, *others, **options):
        """What the lease was ended with."""
        lease = Lease()
        with contextlib.suppress(NoAnswerError, TurnRefusedError):
            run_virtual(reply_of(Miss(lease), generator, *others, **options))
        return lease.told[0]

    def test_an_answer_that_is_not_kept_is_shared(self):
        """A stand-in's answer is handed to those who wait, flagged, and not stored."""
        standin = standing_in(FakeGenerator(("hm",)))
        kind, reply = self.told(ScriptedGenerator(DOWN), standin)

        assert ("share", "hm") == (kind, reply.content)
        assert "gen failed" in reply.degraded

    def test_a_failure_is_told_with_the_time_to_wait(self):
        """Where every generator failed, others learn it and the longest time asked for."""
        kind, refusal = self.told(ScriptedGenerator(DOWN))

        assert ("refuse", 13, False) == (kind, refusal.retry_after_s, refusal.repeatable)

    @pytest.mark.parametrize("repeatable", [True, False])
    def test_a_declined_prompt_is_repeatable_where_the_service_says_so(self, repeatable):
        """A refusal is kept only where the generator knows that it would be given again."""
        script = ScriptedGenerator(Finish(FinishReason.SAFETY, repeatable=repeatable))

        kind, refusal = self.told(script)

        assert ("refuse", "safety", repeatable) == (kind, refusal.code, refusal.repeatable)

    def test_a_request_at_fault_is_repeatable(self):
        """A request that the service rejects as wrong would be rejected again."""
        error = GenerationError(FailureCause.REJECTED, "the prompt is too long")

        assert self.told(ScriptedGenerator(error))[1].repeatable

    @pytest.mark.parametrize(("deadline_s", "ending"), [(3.0, "release"), (None, "refuse")])
    def test_who_had_less_time_than_others_refuses_nobody(self, deadline_s, ending):
        """A turn that is late by its own caller's choice gives its lease back without a word."""
        request = TurnRequest(text="hello", deadline_s=deadline_s)

        told = self.told(ScriptedGenerator(90.0, "late", Finish()), request=request)

        assert told[0] == ending

    def test_who_had_less_time_still_tells_what_is_no_matter_of_time(self):
        """A service that rejects the message in a short turn has rejected it for all."""
        error = GenerationError(FailureCause.REJECTED, "the prompt is too long")

        told = self.told(ScriptedGenerator(error), request=TurnRequest(text="hi", deadline_s=3.0))

        assert ("refuse", True) == (told[0], told[1].repeatable)

    def test_a_caller_who_leaves_tells_nothing(self):
        """A turn whose caller left gives its lease back without a word."""
        lease = Lease()

        async def main():
            work = asyncio.create_task(
                reply_of(Miss(lease), ScriptedGenerator(3600, "never", Finish()))
            )
            await asyncio.sleep(1)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

        run_virtual(main())

        assert [("release",)] == lease.told


def test_a_declined_message_is_told_in_the_personas_voice():
    """The words of a refusal are the persona's own, in the language of the message."""
    own = make_persona()
    voice = attrs.evolve(
        own.voice, refusal={"ko": ("그건 대답하기 어려워요.",), "en": ("Not that.",)}
    )

    async def words(text):
        plugin = make_plugin("gen", ScriptedGenerator(Finish(FinishReason.SAFETY)), "generator")
        async with running_ion(plugin, personas=(attrs.evolve(own, voice=voice),)) as ion:
            with pytest.raises(TurnRefusedError) as caught:
                await ion.respond(text)
            return str(caught.value), caught.value.guard

    assert ("Not that.", "gen") == asyncio.run(words("tell me"))
    assert ("그건 대답하기 어려워요.", "gen") == asyncio.run(words("말해 주세요"))


def test_a_persona_without_words_of_its_own_refuses_in_the_frameworks():
    """Where the manifest holds no refusal, the framework's sentence is used."""

    async def main():
        plugin = make_plugin("gen", ScriptedGenerator(Finish(FinishReason.SAFETY)), "generator")
        async with running_ion(plugin) as ion:
            with pytest.raises(TurnRefusedError, match="in other words"):
                await ion.respond("tell me")

    asyncio.run(main())
