"""Turns whose message came before go straight to the cache, where all before it is pure."""

import asyncio

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.domain.persona import CachePolicy, CacheScope
from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.markers import hookimpl, is_pure, pure
from ion_framework.pipeline.receipt import CacheStatus, Outcome
from ion_framework.pipeline.remembered import KEPT_S, LONGEST_TEXT
from ion_framework.pipeline.reply import ReplyDelta, ReplyDone
from ion_framework.pipeline.turn import TurnContext, TurnRequest
from ion_framework.pipeline.verdict import Refusal
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FixedAnalyzer,
    VirtualClock,
    make_manifest,
    make_persona,
    make_plugin,
    make_resonance,
    running_ion,
)

QUESTION = "How do I read a query plan?"
PERSONA = make_persona(cache=CachePolicy(CacheScope.SHARED))
WHOLE = ["guard", "context", "analyze", "route", "prompt", "cache", "finish"]
SHORT = ["recall", "cache", "finish"]


def _counting(hook, answer, *, is_pure):
    """A plugin object with one hook that counts its calls."""

    class Counting:
        calls = 0

    def implementation(self, turn):
        self.calls += 1
        return answer(turn)

    implementation.__name__ = hook
    marked = hookimpl(implementation)
    setattr(Counting, hook, pure(marked) if is_pure else marked)
    return Counting()


def _allow(_turn):
    return None


def _replies(*requests, plugins=(), persona=PERSONA, cache=None, between=None, **options):
    """The reply to each request in turn."""

    async def main():
        store = make_plugin("store", CacheProvider(cache or DictCache()), "cache")
        async with running_ion(store, *plugins, personas=(persona,), **options) as ion:
            found = []
            for request in requests:
                found.append(await ion.respond(request))
                if between is not None:
                    await between(ion)
            return found

    return asyncio.run(main())


def _stages(reply):
    return [stage.stage for stage in reply.receipt.stages]


def test_a_pure_guard_is_asked_once_for_a_message_that_comes_again():
    """What it allowed before is allowed without asking it."""
    guard = _counting("ion_guard", _allow, is_pure=True)
    replies = _replies(*[QUESTION] * 3, plugins=(make_plugin("g", guard, "guard"),))

    assert 1 == guard.calls
    assert [False, True, True] == [SHORT == _stages(reply) for reply in replies]


def test_a_guard_without_the_mark_is_asked_at_every_turn():
    """Nobody is left out who has not said that it may be."""
    guard = _counting("ion_guard", _allow, is_pure=False)
    replies = _replies(*[QUESTION] * 3, plugins=(make_plugin("g", guard, "guard"),))

    assert 3 == guard.calls
    assert WHOLE == _stages(replies[-1])


@pytest.mark.parametrize("hook", ["ion_gather_context", "ion_render_prompt"])
def test_everybody_before_the_cache_counts(hook):
    """One implementation of any stage that is not pure has the whole turn run."""
    plain = _counting(hook, _allow, is_pure=False)
    replies = _replies(*[QUESTION] * 2, plugins=(make_plugin("p", plain, "extension"),))

    assert 2 == plain.calls
    assert WHOLE == _stages(replies[-1])


def test_a_remembered_turn_says_the_same_with_a_receipt_of_its_own():
    """All but the receipt is the very same, and of the receipt all that is no time and no id."""
    guard = _counting("ion_guard", _allow, is_pure=True)
    first, second, third = _replies(*[QUESTION] * 3, plugins=(make_plugin("g", guard, "guard"),))

    for one in (second, third):
        assert CacheStatus.HIT is one.receipt.cache.status
        assert first.content == one.content
        assert (first.resonance, first.decision) == (one.resonance, one.decision)
        assert first.receipt.scores == one.receipt.scores
        assert first.receipt.evidence == one.receipt.evidence
        assert first.receipt.cache.key == one.receipt.cache.key
    assert 3 == len({reply.receipt.request_id for reply in (first, second, third)})
    assert second.resonance is third.resonance
    assert second.decision is third.decision


def test_the_receipt_of_a_remembered_turn_names_everybody_with_no_duration():
    """Who took part before is named; that nobody was asked is seen by the durations."""
    guard = _counting("ion_guard", _allow, is_pure=True)
    first, second = _replies(*[QUESTION] * 2, plugins=(make_plugin("g", guard, "guard"),))
    before = [item for item in first.receipt.plugins if item.hook != "ion_generate"]

    assert [(item.hook, item.plugin, item.outcome) for item in before] == [
        (item.hook, item.plugin, item.outcome) for item in second.receipt.plugins
    ]
    assert {0.0} == {item.duration_ms for item in second.receipt.plugins}


def test_a_refusal_is_not_remembered():
    """Who was refused is refused by the guard itself again, with its words."""
    guard = _counting("ion_guard", lambda _: Refusal("no", "not this"), is_pure=True)

    async def main():
        async with running_ion(make_plugin("g", guard, "guard")) as ion:
            for _ in range(2):
                with pytest.raises(TurnRefusedError, match="not this"):
                    await ion.respond(QUESTION)

    asyncio.run(main())

    assert 2 == guard.calls


def test_a_turn_in_which_somebody_failed_is_not_remembered():
    """Who failed is asked again, since its answer may count the next time."""

    def fail(_turn):
        raise OSError("down")

    failing = _counting("ion_gather_context", fail, is_pure=True)
    replies = _replies(*[QUESTION] * 2, plugins=(make_plugin("f", failing, "extension"),))

    assert 2 == failing.calls
    outcomes = {item.plugin: item.outcome for item in replies[-1].receipt.plugins}
    assert Outcome.FAILED is outcomes["f"]


def test_a_turn_in_which_an_analyser_passed_is_not_remembered():
    """Who had nothing to say of a message may say more the next time, and is asked."""
    passing = _counting("ion_analyze", _allow, is_pure=False)
    settings = Settings(order={"ion_analyze": ("passing", "test-analyzer")})
    analyzer = inline(make_manifest("test-analyzer", "analyzer"), lambda _: FixedAnalyzer())
    plugins = (make_plugin("passing", passing, "analyzer"), analyzer)
    replies = _replies(*[QUESTION] * 2, plugins=plugins, settings=settings)

    assert 2 == passing.calls
    assert WHOLE == _stages(replies[-1])


def test_nothing_is_remembered_for_longer_than_its_time():
    """After ten minutes a message is prepared anew."""
    clock = VirtualClock()

    async def wait(_ion):
        clock.advance(KEPT_S + 1)

    replies = _replies(*[QUESTION] * 2, between=wait, clock=clock)

    assert "recall" not in _stages(replies[-1])


def test_a_host_can_have_everything_forgotten():
    """After that a message is prepared anew."""

    async def forget(ion):
        ion.forget()

    replies = _replies(*[QUESTION] * 2, between=forget)

    assert "recall" not in _stages(replies[-1])


def test_a_reading_of_an_analyser_that_was_taken_out_meanwhile_is_not_kept():
    """What it says after its end counts for its own turn alone."""

    class Slow:
        begun = asyncio.Event()
        go = asyncio.Event()

        @hookimpl
        async def ion_analyze(self, turn):
            self.begun.set()
            await self.go.wait()
            return attrs.evolve(make_resonance(text=turn.text), source="old")

    async def main():
        slow = Slow()
        analyzer = inline(make_manifest("test-analyzer", "analyzer"), lambda _: FixedAnalyzer())
        store = make_plugin("store", CacheProvider(DictCache()), "cache")
        plugins = (store, make_plugin("slow", slow, "analyzer"), analyzer)
        settings = Settings(order={"ion_analyze": ("slow", "test-analyzer")})
        async with running_ion(*plugins, personas=(PERSONA,), settings=settings) as ion:
            first = asyncio.create_task(ion.respond(QUESTION))
            await slow.begun.wait()
            taking_out = asyncio.create_task(ion.changes.disable("slow"))
            await asyncio.sleep(0)
            slow.go.set()
            await taking_out
            return await first, await ion.respond(QUESTION)

    first, second = asyncio.run(main())

    assert "old" == first.resonance.source
    assert "old" != second.resonance.source


OTHERS = {
    "another text": {"text": "What is an index?"},
    "another user": {"user_id": "ann"},
    "another principal": {"principal": "key:1"},
    "another tenant": {"tenant": "acme"},
    "another language": {"language": Language.KOREAN},
    "a persona asked for": {"persona": "sage"},
    "a conversation": {"session_id": "s"},
    "a history": {"history": (Message(Role.USER, "before"),)},
    "a summary": {"summary": "before"},
    "notes": {"notes": ("it is late",)},
    "no cache": {"use_cache": False},
}


@pytest.mark.parametrize("changed", OTHERS.values(), ids=OTHERS)
def test_another_request_is_another_turn(changed):
    """Whatever may matter to a guard, a reading or a prompt has the whole turn run."""
    guard = _counting("ion_guard", _allow, is_pure=True)
    asked = TurnRequest(text=QUESTION)
    _, other = _replies(
        asked,
        attrs.evolve(asked, **changed),
        plugins=(make_plugin("g", guard, "guard"),),
    )

    assert 2 == guard.calls
    assert "recall" not in _stages(other)


def test_what_names_only_the_request_has_no_part_in_it():
    """The id and the deadline of a request make it no other."""
    first, second = _replies(
        TurnRequest(text=QUESTION, request_id="one"),
        TurnRequest(text=QUESTION, request_id="two", deadline_s=3.0),
    )

    assert SHORT == _stages(second)
    assert ("one", "two") == (first.receipt.request_id, second.receipt.request_id)
    assert 3000.0 == second.receipt.deadline_ms


def test_a_long_message_is_not_remembered():
    """Texts beyond the limit run whole every time, so that they do not fill the memory."""
    replies = _replies(*["x" * LONGEST_TEXT] * 2, *["x" * (LONGEST_TEXT + 1)] * 2)

    assert [SHORT, WHOLE] == [_stages(replies[1]), _stages(replies[3])]


def test_an_answer_that_is_gone_is_made_anew_from_the_remembered_prompt():
    """A miss after a remembered turn generates as any other."""
    cache = DictCache()

    async def forget(_ion):
        await cache.clear()

    _, second = _replies(*[QUESTION] * 2, cache=cache, between=forget)

    assert CacheStatus.MISS is second.receipt.cache.status
    assert ["recall", "cache", "generate", "finish"] == _stages(second)
    assert second.content


def test_a_change_of_plugins_forgets_what_was_remembered():
    """After one was taken out, the next turn runs whole with those that are left."""
    guard = _counting("ion_guard", _allow, is_pure=True)
    passing = _counting("ion_render_prompt", _allow, is_pure=True)

    async def take_out(ion):
        if any(record.name == "p" and record.status is Status.ACTIVE for record in ion.plugins):
            await ion.changes.disable("p")

    plugins = (make_plugin("g", guard, "guard"), make_plugin("p", passing, "extension"))
    replies = _replies(*[QUESTION] * 3, plugins=plugins, between=take_out)

    assert (2, 1) == (guard.calls, passing.calls)
    assert [False, False, True] == [SHORT == _stages(reply) for reply in replies]


def test_a_stream_of_a_remembered_turn_is_complete():
    """Its pieces make the answer, and its last event has the whole reply."""

    async def main():
        store = make_plugin("store", CacheProvider(DictCache()), "cache")
        async with running_ion(store, personas=(PERSONA,)) as ion:
            first = await ion.respond(QUESTION)
            return first, [event async for event in ion.stream(QUESTION)]

    first, events = asyncio.run(main())

    text = "".join(event.text for event in events if isinstance(event, ReplyDelta))
    assert first.content == text
    assert isinstance(events[-1], ReplyDone)
    assert SHORT == _stages(events[-1].reply)


def test_who_listens_to_whole_turns_is_told_of_every_stage():
    """While somebody does, nothing is remembered for him."""
    told = []

    async def main():
        store = make_plugin("store", CacheProvider(DictCache()), "cache")
        async with running_ion(store, personas=(PERSONA,)) as ion:
            await ion.respond(QUESTION)
            with ion.engine.taps.listening(told.append):
                await ion.respond(QUESTION)

    asyncio.run(main())

    assert WHOLE == [stage.stage for stage in told[0].stages]
    assert TurnContext() == told[0].turn.context


def test_the_mark_stands_on_either_side_of_hookimpl():
    """An implementation is pure whichever marker was written first; one without it is not."""

    class Marked:
        @pure
        @hookimpl
        def ion_guard(self, turn):
            """Allow."""

        @hookimpl
        @pure
        def ion_route(self, turn):
            """Pass."""

        @hookimpl
        def ion_finish(self, reply):
            """Pass."""

    one = Marked()
    assert [True, True, False] == [
        is_pure(one.ion_guard),
        is_pure(one.ion_route),
        is_pure(one.ion_finish),
    ]
