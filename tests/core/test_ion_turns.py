"""Turns through an `Ion`: what may be asked, what comes back, and what the receipt tells."""

import asyncio
from decimal import Decimal

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import Intent, Pace, ResonanceKey, Tone
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Evidence
from ion_framework.domain.routing import decide
from ion_framework.errors import InvalidRequestError, NoAnswerError, UnknownPersonaError
from ion_framework.pipeline.context_bounds import bounded
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.memo import LONGEST_TEXT, AnalysisMemo
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus, Outcome
from ion_framework.pipeline.reply import ReplyDelta, ReplyDone, ReplyStarted
from ion_framework.pipeline.turn import TurnContext, TurnRequest
from ion_framework.settings.model import ContextSettings, Settings, TurnSettings
from ion_framework.testing import (
    FakeGenerator,
    VirtualClock,
    make_ion,
    make_persona,
    make_plugin,
    make_resonance,
    run_virtual,
    running_ion,
)

QUESTION = "How do I read a query plan?"
LUCY = make_persona("lucy", rank=1, tone={Tone.CALM: Decimal("0.9")})
MAX = make_persona("max", rank=2, tone={Tone.CALM: Decimal("0.6"), Tone.URGENT: Decimal(1)})


def respond(request, *plugins, personas=(LUCY, MAX), **options):
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
        self.texts.append(turn.text)
        return self.answer(turn.text)


# --- what may be asked ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u3000"])
def test_a_blank_message_is_refused(text):
    """A message without a visible character names its field."""
    with pytest.raises(InvalidRequestError, match="the message is empty") as caught:
        respond(text)

    assert "text" == caught.value.field


ODD = "well \udc80 then"
SURROGATES = {
    "text": TurnRequest(text=ODD),
    "summary": TurnRequest(text="x", summary=ODD),
    "history": TurnRequest(text="x", history=(Message(Role.USER, ODD),)),
    "notes": TurnRequest(text="x", notes=("fine", ODD)),
    "user_id": TurnRequest(text="x", user_id=ODD),
    "principal": TurnRequest(text="x", principal=ODD),
    "tenant": TurnRequest(text="x", tenant=ODD),
    "session_id": TurnRequest(text="x", session_id=ODD),
    "request_id": TurnRequest(text="x", request_id=ODD),
}


@pytest.mark.parametrize("field", SURROGATES)
def test_a_lone_surrogate_is_refused_wherever_it_stands(field):
    """Text that nothing could encode is refused with its field and position."""
    with pytest.raises(InvalidRequestError, match="a lone surrogate at character 5") as caught:
        respond(SURROGATES[field])

    assert field == caught.value.field


@pytest.mark.parametrize("name", ["max", "MAX", " Max "])
def test_the_caller_may_name_the_persona(name):
    """A persona asked for by name answers, whatever the scores; the receipt says so."""
    reply = respond(TurnRequest(text=QUESTION, persona=name))

    assert ("max", "lucy", True) == (
        reply.persona,
        reply.decision.secondary,
        reply.decision.forced,
    )
    assert "max was asked for by name" == reply.receipt.reasons[0]
    assert Decimal("-0.15") == reply.receipt.margin
    assert ["lucy", "max"] == list(reply.receipt.scores)


def test_an_unknown_persona_is_refused_with_those_there_are():
    """The error names the field and lists the active personas."""
    with pytest.raises(InvalidRequestError) as caught:
        respond(TurnRequest(text=QUESTION, persona="ghost"))

    assert ("persona", "unknown persona 'ghost'; known are: lucy, max") == (
        caught.value.field,
        str(caught.value),
    )


def test_personas_are_found_by_name_in_any_case():
    """`Ion.persona` does not mind case or space, and an unknown name lists the known ones."""
    ion = make_ion(personas=(LUCY, MAX))
    ion.activate()

    assert LUCY == ion.persona(" Lucy")
    with pytest.raises(UnknownPersonaError, match="known are: lucy, max"):
        ion.persona("ghost")


def test_the_caller_may_name_the_key():
    """With a key no analyser is asked, and the routing follows the key."""
    analyzer = CountingAnalyzer()
    key = ResonanceKey(Tone.URGENT, Pace.BURST, Intent.PROBLEM_SOLVING)
    reply = respond(
        TurnRequest(text=QUESTION, key=key), make_plugin("count", analyzer, "analyzer")
    )

    assert ("max", key, "request", []) == (
        reply.persona,
        reply.receipt.key,
        reply.resonance.source,
        analyzer.texts,
    )


def test_a_key_and_a_persona_need_neither_analyser_nor_router():
    """With both given, a turn is answered although nothing could judge it."""

    class Nobody:
        @hookimpl
        def ion_analyze(self):
            raise OSError("broken")

        @hookimpl
        def ion_route(self):
            raise OSError("broken")

    request = TurnRequest(
        text=QUESTION, persona="max", key=ResonanceKey.parse("calm-medium-learning")
    )
    reply = respond(request, make_plugin("nobody", Nobody(), "analyzer", "router"))

    assert ("max", Decimal(1)) == (reply.persona, reply.receipt.confidence)
    assert ({}, None) == (dict(reply.receipt.scores), reply.decision.secondary)


@pytest.mark.parametrize("language", list(Language))
def test_the_caller_may_name_the_language(language):
    """A language in the request goes before that of the message."""
    generator = FakeGenerator()
    reply = respond(
        TurnRequest(text=QUESTION, language=language), make_plugin("gen", generator, "generator")
    )

    assert (language, language) == (reply.language, generator.prompts[0].language)


# --- nobody is there -----------------------------------------------------------------------------

KEY = ResonanceKey.parse("calm-medium-learning")
MISSING = {
    "analyser": (
        ("ion_analyze", "analyzer"),
        TurnRequest(text="x"),
        "analyze",
        "no analyser could read the message: every one passed",
    ),
    "router": (
        ("ion_route", "router"),
        TurnRequest(text="x"),
        "route",
        "no router could decide for a persona: every one passed",
    ),
}


@pytest.mark.parametrize(
    ("wanted", "request_", "stage", "message"), MISSING.values(), ids=MISSING
)
def test_a_stage_at_which_everybody_passes_says_so(wanted, request_, stage, message):
    """Where somebody is active and has nothing to say, nobody is told to install something."""
    hook, kind = wanted
    idle = type("Idle", (), {hook: hookimpl(_named(hook))})()
    with pytest.raises(NoAnswerError) as caught:
        respond(request_, make_plugin("idle", idle, kind))

    assert (stage, message, None) == (
        caught.value.stage,
        str(caught.value),
        caught.value.retry_after_s,
    )


def _named(hook):
    def implementation(self):
        return None

    implementation.__name__ = hook
    return implementation


@pytest.mark.parametrize(
    ("disabled", "request_", "stage", "message"),
    [
        (
            "test-analyzer",
            TurnRequest(text="x"),
            "analyze",
            "no analyser is active: install ion-resonance, or give the resonance key yourself",
        ),
        (
            "test-router",
            TurnRequest(text="x"),
            "route",
            "no router is active: install ion-resonance, or name the persona yourself",
        ),
        (
            "sage",
            TurnRequest(text="x"),
            "route",
            "no persona is active: install one, for example ion-persona-lua",
        ),
        (
            "test-generator",
            TurnRequest(text="x"),
            "generate",
            "no generator is active: install ion-offline (no key needed) or ion-gemini, and see "
            "`ion plugins` for what is installed",
        ),
    ],
)
def test_what_is_missing_is_told_with_what_to_install(disabled, request_, stage, message):
    """Without a part that a turn needs, the error says which, and what to install."""
    settings = Settings()
    settings = attrs.evolve(settings, plugins=attrs.evolve(settings.plugins, disable=(disabled,)))
    with pytest.raises(NoAnswerError) as caught:
        respond(request_, personas=None, settings=settings)

    assert (stage, message, None) == (
        caught.value.stage,
        str(caught.value),
        caught.value.retry_after_s,
    )


def test_reading_and_routing_can_be_had_without_an_answer():
    """`analyze` and `route` say what a turn would say, and fail as a turn would fail."""

    async def main():
        async with running_ion(personas=(LUCY, MAX)) as ion:
            resonance = await ion.analyze(QUESTION)
            decision = await ion.route(QUESTION, resonance)
            reply = await ion.respond(QUESTION)
            return resonance == reply.resonance, decision == reply.decision

    assert (True, True) == asyncio.run(main())


def test_routing_by_hand_says_what_is_missing():
    """`route` without a router tells what to install, as a turn does."""
    settings = Settings()
    off = attrs.evolve(settings.plugins, disable=("test-router",))

    async def main():
        async with running_ion(settings=attrs.evolve(settings, plugins=off)) as ion:
            await ion.route("x", make_resonance())

    with pytest.raises(NoAnswerError, match="no router is active: install ion-resonance"):
        asyncio.run(main())


# --- the memory of analyses ----------------------------------------------------------------------


def _asked(analyzers, *texts, order=None):
    async def main():
        plugins = [make_plugin(name, target, "analyzer") for name, target in analyzers.items()]
        settings = Settings(order={"ion_analyze": order or tuple(analyzers)})
        async with running_ion(*plugins, settings=settings) as ion:
            for text in texts:
                await ion.respond(TurnRequest(text=text, history=(Message(Role.USER, text),)))

    asyncio.run(main())
    return [len(analyzer.texts) for analyzer in analyzers.values()]


def test_the_same_text_is_read_once():
    """A reading is remembered by its text alone."""
    assert [2] == _asked({"one": CountingAnalyzer()}, "a", "a", "b", "a", "b")


def test_the_reading_of_a_stand_in_is_not_remembered():
    """While the preferred analyser fails, it is asked again every time."""

    def fail(_):
        raise OSError("down")

    assert [3, 3] == _asked({"one": CountingAnalyzer(fail), "two": CountingAnalyzer()}, *"aaa")


def test_a_long_text_is_not_remembered():
    """Texts beyond the limit are read anew, so that they do not fill the memory."""
    short, long = "x" * LONGEST_TEXT, "x" * (LONGEST_TEXT + 1)

    assert [3] == _asked({"one": CountingAnalyzer()}, short, short, long, long)


def test_the_memory_is_bounded():
    """The least recently used reading goes first."""
    memo, resonance = AnalysisMemo(entries=2), make_resonance()
    for text in ("a", "b"):
        memo.put(text, resonance)
    memo.get("a")
    memo.put("c", resonance)

    assert [resonance, None, resonance] == [memo.get(text) for text in "abc"]


def test_the_language_asked_for_does_not_stick_to_the_memory():
    """A reading in another language on request leaves the remembered one as it was."""

    async def main():
        async with running_ion() as ion:
            languages = (None, Language.KOREAN, None)
            return [
                (await ion.respond(TurnRequest(text="hello", language=language))).language
                for language in languages
            ]

    assert [Language.ENGLISH, Language.KOREAN, Language.ENGLISH] == asyncio.run(main())


# --- the bounds of context -----------------------------------------------------------------------


def _history(*lengths):
    return tuple(Message(Role.USER, str(n) * length) for n, length in enumerate(lengths))


BOUNDS = {
    "all fits": (
        TurnContext(_history(3, 3), "sum", ("pp",), ("n",)),
        TurnContext(_history(3, 3), "sum", ("pp",), ("n",)),
    ),
    "the oldest messages go first": (
        TurnContext(_history(10, 10, 10)),
        TurnContext(_history(10, 10, 10)[1:]),
    ),
    "the last passages go first": (
        TurnContext(passages=("a" * 9, "b" * 9, "c" * 9)),
        TurnContext(passages=("a" * 9, "b" * 9)),
    ),
    "a message that is too long leaves its room to passages": (
        TurnContext(_history(30), passages=("a" * 9,)),
        TurnContext(passages=("a" * 9,)),
    ),
    "a summary that is too long is cut": (
        TurnContext(summary="s" * 99),
        TurnContext(summary="s" * 19 + "…"),
    ),
    "notes that are too many are left out": (
        TurnContext(notes=("a" * 9, "b" * 9, "c" * 9)),
        TurnContext(notes=("a" * 9, "b" * 9)),
    ),
    "too many messages": (TurnContext(_history(*[1] * 9)), TurnContext(_history(*[1] * 9)[-5:])),
    "too many passages": (TurnContext(passages=("p",) * 9), TurnContext(passages=("p",) * 4)),
}


@pytest.mark.parametrize(("context", "expected"), BOUNDS.values(), ids=BOUNDS)
def test_context_is_kept_within_its_bounds(context, expected):
    """Five messages, four passages and twenty characters of all together are what remains."""
    found = bounded(context, ContextSettings(messages=5, passages=4, characters=20))

    assert expected == found
    texts = (found.summary, *found.passages, *found.notes, *(m.content for m in found.history))
    assert sum(map(len, texts)) <= 20


# --- what comes back -----------------------------------------------------------------------------


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
            Evidence("pace", "medium", "words per sentence", -0.25),
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
    expected = ('tone calm: "fine" (+1.50)', 'pace medium: "words per sentence" (-0.25)')
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
            await asyncio.sleep(0.01 * (hash(turn.text) % 7))
            return attrs.evolve(turn.context, notes=(turn.text,))

    async def main():
        plugin = make_plugin("wait", Waiting(), "extension")
        clock = asyncio.get_running_loop()
        async with running_ion(plugin, personas=(LUCY, MAX), clock=clock) as ion:
            requests = [
                TurnRequest(text=f"q{n}", request_id=f"r{n}", persona=("lucy", "max")[n % 2])
                for n in range(200)
            ]
            return await asyncio.gather(*map(ion.respond, requests))

    replies = run_virtual(main())

    assert [
        (f"You said: q{n}", f"r{n}", ("lucy", "max")[n % 2]) for n in range(200)
    ] == [(reply.content, reply.receipt.request_id, reply.persona) for reply in replies]
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

    with pytest.raises(NoAnswerError, match="took longer than"):
        respond(
            "x",
            make_plugin("tick", Tick(), "extension"),
            make_plugin("late", _Late(), "analyzer"),
            settings=Settings(turn=TurnSettings(deadline_s=50.05)),
            clock=clock,
        )


class _Late:
    @hookimpl
    async def ion_analyze(self):
        await asyncio.sleep(30)
