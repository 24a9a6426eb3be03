"""The families: order, shares of time, provenance, persona-scoped hooks, blocking plugins."""

import asyncio

import attrs
import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.domain.routing import decide
from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.turn import TurnContext
from ion_framework.pipeline.verdict import Refusal
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import ContextSettings, Settings, TurnSettings
from ion_framework.testing import (
    FakeGenerator,
    FixedAnalyzer,
    make_persona,
    make_plugin,
    make_resonance,
    run_virtual,
    running_ion,
)

QUESTION = "How do I read a query plan?"


def hook(name, function):
    """An object with one implementation."""
    function.__name__ = name
    return type("Single", (), {name: hookimpl(function)})()


def respond(*plugins, request=QUESTION, **options):
    """The reply to one turn."""

    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=clock, **options) as ion:
            return await ion.respond(request)

    return run_virtual(main())


def outcomes(reply, wanted):
    """What each plugin did in a hook."""
    return [
        (item.plugin, item.outcome.value) for item in reply.receipt.plugins if item.hook == wanted
    ]


# --- guard ---------------------------------------------------------------------------------------


def test_all_guards_must_agree():
    """Guards that agree are asked in order and stand in the receipt."""
    agree = [make_plugin(n, hook("ion_guard", lambda self: None), "guard") for n in ("b", "a")]

    assert [("a", "allowed"), ("b", "allowed")] == outcomes(respond(*agree), "ion_guard")


def test_one_refusal_is_enough():
    """A refusal ends the turn with the guard's own code and message; later guards are not asked."""
    asked = []
    no = make_plugin("a", hook("ion_guard", lambda self: Refusal("spam", "Not this.")), "guard")
    later = make_plugin("b", hook("ion_guard", lambda self: asked.append(1)), "guard")

    with pytest.raises(TurnRefusedError) as caught:
        respond(no, later)

    expected = ("a", "spam", "Not this.", [])
    assert expected == (caught.value.guard, caught.value.code, str(caught.value), asked)


def test_a_guard_is_never_quarantined():
    """A guard that fails every time refuses every time and stays ACTIVE."""

    async def main():
        broken = make_plugin("strict", hook("ion_guard", lambda self: 1 / 0), "guard")
        async with running_ion(broken, clock=asyncio.get_running_loop()) as ion:
            for _ in range(50):
                with pytest.raises(TurnRefusedError):
                    await ion.respond(QUESTION)
            return ion.host.record("strict").status

    assert Status.ACTIVE is run_virtual(main())


# --- decide --------------------------------------------------------------------------------------


async def _hang(self):
    await asyncio.sleep(3600)


def test_each_decider_gets_its_share_of_the_remaining_time():
    """Of 6 s for three analysers the first has 2, the second half of the rest, the third all."""

    async def main():
        loop = asyncio.get_running_loop()
        began = []

        def note(result):
            async def implementation(self):
                began.append(loop.time())
                await asyncio.sleep(1 if result == "early" else 3600)

            return implementation

        plugins = [
            make_plugin("a", hook("ion_analyze", note("hang")), "analyzer"),
            make_plugin("b", hook("ion_analyze", note("early")), "analyzer"),
            make_plugin("c", hook("ion_analyze", note("hang")), "analyzer"),
        ]
        settings = Settings(
            turn=TurnSettings(analyze_s=6.0), order={"ion_analyze": ("a", "b", "c")}
        )
        async with running_ion(*plugins, clock=loop, settings=settings) as ion:
            start = loop.time()
            with pytest.raises(NoAnswerError) as caught:
                await ion.respond(QUESTION)
            return [at - start for at in began], loop.time() - start, caught.value

    starts, took_s, error = run_virtual(main())

    assert [0.0, 2.0, 3.0] == pytest.approx(starts)
    assert took_s == pytest.approx(6.0)
    assert "no analyser could read the message: c failed" == str(error)
    assert "c: took longer than 3 s" == error.detail


def test_a_stage_takes_no_more_than_what_is_left_of_the_turn():
    """The turn's deadline bounds a stage whose own limit is longer."""

    async def main():
        loop = asyncio.get_running_loop()
        settings = Settings(turn=TurnSettings(deadline_s=3.0, context_s=2.0, analyze_s=50.0))
        plugins = [
            make_plugin("slow", hook("ion_gather_context", _hang), "extension"),
            make_plugin("slower", hook("ion_analyze", _hang), "analyzer"),
        ]
        async with running_ion(*plugins, clock=loop, settings=settings) as ion:
            start = loop.time()
            with pytest.raises(NoAnswerError):
                await ion.respond(QUESTION)
            return loop.time() - start

    assert run_virtual(main()) == pytest.approx(3.0)


BAD_KEY = attrs.evolve(make_resonance(), tone=attrs.evolve(make_resonance().tone, primary="calm"))
GOOD = decide(ResonanceKey.parse("calm-medium-learning"), (make_persona(),))
SURROGATE = "\ud800"
PROMPT = Prompt("p", "1", "system", (), "user", Language.ENGLISH)
UNUSABLE = {
    "a tone that is none": ("ion_analyze", BAD_KEY, "its tone.primary holds str instead of Tone"),
    "no rhythm": (
        "ion_analyze",
        attrs.evolve(make_resonance(), rhythm=None),
        "its rhythm holds NoneType instead of Rhythm",
    ),
    "evidence that is none": (
        "ion_analyze",
        attrs.evolve(make_resonance(), evidence=("well",)),
        "its evidence holds str instead of Evidence",
    ),
    "an unknown persona": (
        "ion_route",
        attrs.evolve(GOOD, primary="ghost"),
        "decided for 'ghost', which is not active",
    ),
    "an unknown runner-up": (
        "ion_route",
        attrs.evolve(GOOD, secondary="ghost"),
        "decided for 'ghost', which is not active",
    ),
    "nobody": ("ion_route", attrs.evolve(GOOD, primary=None), "its primary holds NoneType"),
    "a float for confidence": (
        "ion_route",
        attrs.evolve(GOOD, confidence=0.5),
        "its confidence holds float instead of Decimal",
    ),
    "too much confidence": (
        "ion_route",
        attrs.evolve(GOOD, confidence=GOOD.confidence + 1),
        "0 to 1",
    ),
    "no scores": ("ion_route", attrs.evolve(GOOD, scores=None), "its scores holds NoneType"),
    "a system text that is none": (
        "ion_build_prompt",
        attrs.evolve(PROMPT, system=None),
        "its system holds NoneType instead of str",
    ),
    "a system text with a lone surrogate": (
        "ion_build_prompt",
        attrs.evolve(PROMPT, system=SURROGATE),
        "its system has a lone surrogate at 0",
    ),
    "a rendered history that is none": (
        "ion_render_prompt",
        attrs.evolve(PROMPT, history=("hello",)),
        "its history holds str instead of Message",
    ),
    "a passage with a lone surrogate": (
        "ion_gather_context",
        TurnContext(passages=(SURROGATE,)),
        "its passages has a lone surrogate at 0",
    ),
    "notes that are one text": (
        "ion_gather_context",
        TurnContext(notes="It is Friday."),
        "its notes holds str instead of tuple or list",
    ),
}
KINDS = {"ion_analyze": "analyzer", "ion_route": "router"}


@pytest.mark.parametrize(("name", "answer", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_answer_that_no_later_step_could_use_is_a_failure(name, answer, reason):
    """An answer of the right type with unusable content fails in its own hook, and is named."""
    culprit = make_plugin("culprit", hook(name, lambda self: answer), KINDS.get(name, "extension"))
    good = [
        make_plugin("zrouter", _Router(), "router", fallback=True),
        make_plugin("zanalyzer", FixedAnalyzer(), "analyzer", fallback=True),
    ]
    reply = respond(culprit, *good)

    failed = [item for item in reply.receipt.plugins if item.outcome is Outcome.FAILED]
    assert [(name, "culprit")] == [(item.hook, item.plugin) for item in failed]
    assert reason in failed[0].detail
    assert f"You said: {QUESTION}" == reply.content


class _Router:
    @hookimpl
    def ion_route(self, turn, personas):
        return decide(turn.resonance.key, personas)


def test_the_decider_is_named_where_it_does_not_name_itself():
    """Reading and decision carry the names of the plugins that made them."""
    reply = respond()

    assert ("test-analyzer", "test-router") == (reply.resonance.source, reply.decision.router)


# --- transform -----------------------------------------------------------------------------------


def _adding(note):
    def gather(self, turn):
        return attrs.evolve(turn.context, notes=(*turn.context.notes, note))

    return hook("ion_gather_context", gather)


def test_context_grows_from_implementation_to_implementation():
    """Each sees what those before it added, in the order that before and after state."""
    generator = FakeGenerator()
    reply = respond(
        make_plugin("gen", generator, "generator"),
        make_plugin("a", _adding("second"), "extension", after=("b",)),
        make_plugin("b", _adding("first"), "extension"),
        make_plugin("c", hook("ion_gather_context", lambda self: 1 / 0), "extension"),
    )

    assert "- first\n- second" in generator.prompts[0].context
    expected = [("b", "changed"), ("a", "changed"), ("c", "failed")]
    assert expected == outcomes(reply, "ion_gather_context")


def test_gathered_context_is_bounded_in_the_turn():
    """What a plugin gathers beyond the bounds of the settings does not reach the prompt."""
    seen = []

    def flood(self, turn):
        history = tuple(Message(Role.USER, f"m{number}") for number in range(500))
        return attrs.evolve(turn.context, history=history, passages=("p" * 9000, "q" * 9000))

    def look(self, turn, prompt):
        seen.append(turn.context)

    settings = Settings(context=ContextSettings(messages=3, passages=5, characters=10_000))
    respond(
        make_plugin("flood", hook("ion_gather_context", flood), "extension"),
        make_plugin("look", hook("ion_render_prompt", look), "extension"),
        settings=settings,
    )

    assert ["m497", "m498", "m499"] == [message.content for message in seen[0].history]
    assert ("p" * 9000,) == seen[0].passages
