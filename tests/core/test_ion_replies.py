"""What comes back from an `Ion`: events, receipts, timings."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.resonance import Evidence
from ion_framework.domain.routing import decide
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus, Outcome
from ion_framework.pipeline.reply import ReplyDelta, ReplyDone, ReplyStarted
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.settings.model import PluginSettings, Settings, TurnSettings
from ion_framework.testing import (
    FakeGenerator,
    VirtualClock,
    make_persona,
    make_plugin,
    make_resonance,
    run_virtual,
    running_ion,
)

LUCY = make_persona("lucy", rank=1, tone={Tone.CALM: Decimal("0.9")})
MAX = make_persona("max", rank=2, tone={Tone.CALM: Decimal("0.6"), Tone.URGENT: Decimal(1)})


def respond(request, *plugins, personas=(LUCY, MAX), **options):
    """The reply to one turn."""

    async def main():
        async with running_ion(*plugins, personas=personas, **options) as ion:
            return await ion.respond(request)

    return asyncio.run(main())


class CountingAnalyzer:
    """Counts its calls; does what a function says."""

    def __init__(self, answer=lambda text: make_resonance(text=text)):
        self.answer = answer
        self.texts = []

    @hookimpl
    def ion_analyze(self, turn):
        """Count, and answer."""
        self.texts.append(turn.text)
        return self.answer(turn.text)


def test_events_come_in_order():
    """A stream is one start, the pieces, and the whole reply at the end."""

    async def main():
        async with running_ion(personas=(LUCY, MAX)) as ion:
            return [event async for event in ion.stream(TurnRequest(text="x", request_id="r1"))]

    events = asyncio.run(main())

    assert [ReplyStarted, ReplyDelta, ReplyDelta, ReplyDone] == [type(event) for event in events]
    assert ("r1", "lucy") == (events[0].request_id, events[0].persona)
    assert events[0].decision == events[-1].reply.decision
    pieces = "".join(event.text for event in events if isinstance(event, ReplyDelta))
    assert "You said: x" == pieces == events[-1].reply.content


def test_the_first_piece_does_not_wait_for_the_last():
    """Pieces are passed on as they come."""

    class Slow:
        @hookimpl
        async def ion_generate(self, prompt):
            async for chunk in FakeGenerator(("a", "b")).ion_generate(prompt):
                yield chunk
                await asyncio.sleep(5)

    async def main():
        loop = asyncio.get_running_loop()
        async with running_ion(make_plugin("slow", Slow(), "generator"), clock=loop) as ion:
            return [
                round(loop.time())
                async for event in ion.stream("x")
                if isinstance(event, ReplyDelta)
            ]

    assert [0, 5] == run_virtual(main())


def test_the_receipt_is_complete():
    """Key, scores, margin, reasons, evidence, who took part, cache, attempts and timings."""
    text = "this is fine"

    def analyse(_):
        evidence = (
            Evidence("tone", "calm", "fine", 1.5, 8, 12),
            Evidence("pace", "medium", "words per sentence", -0.25, kind="measure"),
        )
        return attrs.evolve(make_resonance(), evidence=evidence)

    class Bystander:
        @hookimpl
        def ion_finish(self):
            raise ValueError("no")

    plugins = (
        make_plugin("reader", CountingAnalyzer(analyse), "analyzer"),
        make_plugin("odd", Bystander(), "extension"),
    )
    reply = respond(TurnRequest(text=text, request_id="r1"), *plugins)
    receipt = reply.receipt

    assert ("r1", "calm-medium-learning") == (receipt.request_id, str(receipt.key))
    decision = decide(receipt.key, (LUCY, MAX))
    assert {"lucy": Decimal("0.70"), "max": Decimal("0.55")} == receipt.scores
    assert (Decimal("0.15"), decision.confidence) == (receipt.margin, receipt.confidence)
    assert decision.reasons == receipt.reasons
    expected = ('tone calm: "fine" (+1.50)', "pace medium: words per sentence (-0.25)")
    assert expected == receipt.evidence
    assert [
        ("ion_analyze", "reader", Outcome.ANSWERED, ""),
        ("ion_route", "test-router", Outcome.ANSWERED, ""),
        ("ion_build_prompt", "lucy", Outcome.ANSWERED, ""),
        ("ion_generate", "test-generator", Outcome.ANSWERED, ""),
        ("ion_finish", "odd", Outcome.FAILED, "raised ValueError: no"),
    ] == [(item.hook, item.plugin, item.outcome, item.detail) for item in receipt.plugins]
    assert {("(inline reader)", "0")} == {
        (item.distribution, item.version) for item in receipt.plugins if item.plugin == "reader"
    }
    assert CacheOutcome(CacheStatus.BYPASS, reason="no cache is active") == receipt.cache
    assert [("test-generator", "fake-1", True, "")] == [
        (item.plugin, item.model, item.succeeded, item.error) for item in receipt.attempts
    ]
    assert "lucy/standard@1" == receipt.prompt


STAGES = ["guard", "context", "analyze", "route", "prompt", "cache", "generate", "finish"]


def test_the_timings_of_the_stages_are_sane():
    """Every stage is timed once, in order, and what takes a second is told to take a second."""

    class Slow:
        @hookimpl
        async def ion_gather_context(self):
            await asyncio.sleep(1)

        @hookimpl
        async def ion_render_prompt(self):
            await asyncio.sleep(0.5)

    async def main():
        plugin = make_plugin("slow", Slow(), "extension")
        async with running_ion(plugin, clock=asyncio.get_running_loop()) as ion:
            return (await ion.respond("x")).receipt

    receipt = run_virtual(main())

    assert STAGES == [stage.stage for stage in receipt.stages]
    expected = [0, 1000, 0, 0, 500, 0, 0, 0]
    assert expected == pytest.approx([stage.duration_ms for stage in receipt.stages])
    assert [0, 0, 1000, 1000, 1000, 1500, 1500, 1500] == pytest.approx(
        [stage.start_ms for stage in receipt.stages]
    )
    slow = [item.duration_ms for item in receipt.plugins if item.plugin == "slow"]
    assert [1000, 500] == pytest.approx(slow)
    assert 0 == receipt.attempts[0].first_token_ms


def test_two_hundred_turns_at_once_do_not_mix():
    """Each of 200 concurrent turns gets its own answer, id and receipt."""

    class Waiting:
        @hookimpl
        async def ion_gather_context(self, turn):
            await asyncio.sleep(int(turn.text[1:]) % 7)
            return attrs.evolve(turn.context, notes=(turn.text,))

    async def main():
        plugin = make_plugin("wait", Waiting(), "extension")
        clock = asyncio.get_running_loop()
        settings = Settings(plugins=PluginSettings(bulkhead=200))
        personas = (LUCY, MAX)
        async with running_ion(plugin, personas=personas, clock=clock, settings=settings) as ion:
            requests = [
                TurnRequest(text=f"q{n}", request_id=f"r{n}", persona=("lucy", "max")[n % 2])
                for n in range(200)
            ]
            return await asyncio.gather(*map(ion.respond, requests))

    replies = run_virtual(main())

    assert [(f"You said: q{n}", f"r{n}", ("lucy", "max")[n % 2]) for n in range(200)] == [
        (reply.content, reply.receipt.request_id, reply.persona) for reply in replies
    ]
    assert {5} == {len(reply.receipt.plugins) for reply in replies}


def test_every_turn_has_an_id_of_its_own():
    """Request ids are fresh and random where the caller gives none."""
    one, two = respond("x"), respond("x")

    assert 32 == len(one.receipt.request_id)
    assert one.receipt.request_id != two.receipt.request_id


def test_the_clock_is_a_parameter():
    """Deadlines and timings follow the clock that an Ion is given."""
    clock = VirtualClock()

    class Tick:
        @hookimpl
        def ion_gather_context(self):
            clock.advance(50)

    with pytest.raises(NoAnswerError) as caught:
        respond(
            "x",
            make_plugin("tick", Tick(), "extension"),
            make_plugin("late", _Late(), "analyzer"),
            settings=Settings(turn=TurnSettings(deadline_s=50.05)),
            clock=clock,
        )

    assert "took longer than" in caught.value.detail


class _Late:
    @hookimpl
    async def ion_analyze(self):
        await asyncio.sleep(30)
