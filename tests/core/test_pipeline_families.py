"""The families: order, shares of time, provenance, persona-scoped hooks, blocking plugins."""

import asyncio
import threading
import time

import attrs
import pytest
from structlog.testing import capture_logs

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language
from ion_framework.domain.persona import GenerationParameters
from ion_framework.domain.prompt import Prompt, PromptMode
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision, decide
from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.threads import THREADS
from ion_framework.pipeline.turn import TurnContext, TurnRequest
from ion_framework.pipeline.verdict import Refusal
from ion_framework.plugin_host.discovery import inline
from ion_framework.plugin_host.record import Status
from ion_framework.settings.model import ContextSettings, PromptSettings, Settings, TurnSettings
from ion_framework.testing import (
    FakeGenerator,
    FixedAnalyzer,
    make_manifest,
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
    async def main():
        clock = asyncio.get_running_loop()
        async with running_ion(*plugins, clock=clock, **options) as ion:
            return await ion.respond(request)

    return run_virtual(main())


def outcomes(reply, wanted):
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
            return [at - start for at in began], loop.time() - start, str(caught.value)

    starts, took_s, message = run_virtual(main())

    assert [0.0, 2.0, 3.0] == pytest.approx(starts)
    assert took_s == pytest.approx(6.0)
    assert "no analyser could read the message: c: took longer than 3 s" == message


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
    "nobody": ("ion_route", attrs.evolve(GOOD, primary=None), "decided for 'None'"),
    "a float for confidence": (
        "ion_route",
        attrs.evolve(GOOD, confidence=0.5),
        "its confidence holds float instead of Decimal",
    ),
    "too much confidence": ("ion_route", attrs.evolve(GOOD, confidence=GOOD.confidence + 1), "0 to 1"),
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


def _persona_plugin(name, target, **changes):
    persona = make_persona(name)
    return inline(make_manifest(name, "persona", persona=persona, **changes), lambda _: target)


class _OwnPersona:
    @hookimpl
    def ion_build_prompt(self, turn, persona):
        return attrs.evolve(PROMPT, user=turn.text, system=f"{persona.name}'s own")

    @hookimpl
    def ion_render_prompt(self, prompt):
        return attrs.evolve(prompt, system=prompt.system + " own-render")

    @hookimpl
    def ion_finish(self, reply):
        return attrs.evolve(reply, metadata={**reply.metadata, "by": "own"})


class _General:
    @hookimpl
    def ion_build_prompt(self):
        return attrs.evolve(PROMPT, system="general")

    @hookimpl
    def ion_render_prompt(self, prompt):
        return attrs.evolve(prompt, system=prompt.system + " general-render")

    @hookimpl
    def ion_finish(self, reply):
        return attrs.evolve(reply, metadata={**reply.metadata, "then": "general"})


@pytest.mark.parametrize(
    ("persona", "system", "metadata", "order"),
    [
        (
            "zoe",
            "zoe's own own-render general-render",
            {"by": "own", "then": "general"},
            ["zoe", "aaa"],
        ),
        ("amy", "general general-render", {"then": "general"}, ["aaa"]),
    ],
)
def test_a_personas_hooks_run_in_its_own_turns_before_general_ones(
    persona, system, metadata, order
):
    """A persona's prompt, rendering and finish are its own turns' alone, and come first there."""
    generator = FakeGenerator()
    reply = respond(
        make_plugin("gen", generator, "generator"),
        make_plugin("aaa", _General(), "extension"),
        _persona_plugin("zoe", _OwnPersona()),
        personas=(make_persona("amy"),),
        request=TurnRequest(text=QUESTION, persona=persona),
    )

    assert (system, metadata) == (generator.prompts[0].system, dict(reply.metadata))
    assert order == [name for name, _ in outcomes(reply, "ion_render_prompt")]


def test_a_general_prompt_goes_before_the_manifests():
    """An extension's prompt takes the place of the standard one; where it passes, that serves."""
    one = FakeGenerator()
    respond(make_plugin("gen", one, "generator"), make_plugin("aaa", _General(), "extension"))
    two = FakeGenerator()
    idle = make_plugin("aaa", hook("ion_build_prompt", lambda self: None), "extension")
    respond(make_plugin("gen", two, "generator"), idle)

    assert one.prompts[0].system.startswith("general")
    assert two.prompts[0].system.startswith("You are Sage.")


def test_the_callers_parameters_override_the_personas():
    """Parameters of the request replace those of the persona, one by one."""
    generator = FakeGenerator()
    persona = make_persona(parameters=GenerationParameters(temperature=0.9, top_p=0.5))
    request = TurnRequest(text=QUESTION, parameters=GenerationParameters(temperature=0.1))
    respond(make_plugin("gen", generator, "generator"), personas=(persona,), request=request)

    assert GenerationParameters(temperature=0.1, top_p=0.5) == generator.prompts[0].parameters


def test_compact_mode_asks_for_bullets_within_its_limits():
    """A compact prompt is named so and carries the last two messages by default."""
    generator = FakeGenerator()
    history = tuple(Message(Role.USER, f"m{number} " + "x" * 500) for number in range(5))
    request = TurnRequest(text=QUESTION, history=history, prompt_mode=PromptMode.COMPACT)
    reply = respond(make_plugin("gen", generator, "generator"), request=request)

    prompt = generator.prompts[0]
    assert "sage/summary_light@1" == reply.receipt.prompt
    assert "1 to 3 bullet points, at most 80 words" in prompt.system
    assert [121, 121] == [len(message.content) for message in prompt.history]


def test_the_settings_say_how_much_history_a_prompt_carries():
    """Other limits in the settings reach the standard prompt."""
    generator = FakeGenerator()
    history = tuple(Message(Role.USER, f"m{number}") for number in range(9))
    limits = attrs.evolve(PromptSettings().standard, messages=6)
    respond(
        make_plugin("gen", generator, "generator"),
        settings=Settings(prompt=PromptSettings(standard=limits)),
        request=TurnRequest(text=QUESTION, history=history),
    )

    assert 6 == len(generator.prompts[0].history)


FINISHES = {
    "the text": lambda reply: attrs.evolve(reply, content="other"),
    "the persona": lambda reply: attrs.evolve(reply, persona="other"),
    "the receipt": lambda reply: attrs.evolve(
        reply, receipt=attrs.evolve(reply.receipt, reasons=())
    ),
    "metadata that is none": lambda reply: attrs.evolve(reply, metadata=None),
    "metadata that is not JSON": lambda reply: attrs.evolve(reply, metadata={"x": object()}),
    "metadata without end": lambda reply: attrs.evolve(reply, metadata=_loop()),
    "metadata nothing can encode": lambda reply: attrs.evolve(reply, metadata={"x": SURROGATE}),
}


def _loop():
    loop = {}
    loop["itself"] = loop
    return loop


@pytest.mark.parametrize("change", FINISHES.values(), ids=FINISHES)
def test_finish_may_change_nothing_but_metadata(change):
    """Any other change, and metadata that is no JSON, is skipped and recorded."""
    bad = make_plugin("bad", hook("ion_finish", lambda self, reply: change(reply)), "extension")
    good = make_plugin(
        "good",
        hook("ion_finish", lambda self, reply: attrs.evolve(reply, metadata={"ok": True})),
        "extension",
    )
    reply = respond(bad, good)

    assert (f"You said: {QUESTION}", {"ok": True}) == (reply.content, reply.metadata)
    assert [("bad", "failed"), ("good", "changed")] == outcomes(reply, "ion_finish")


# --- how implementations are called --------------------------------------------------------------


def test_a_blocking_plugin_runs_beside_the_loop_in_bounded_threads():
    """Sync hooks of a blocking plugin run in at most eight threads; what waits is not refused."""
    lock, running, most, names = threading.Lock(), [0], [0], set()

    def slow_guard(self):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        names.add(threading.current_thread().name)
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    async def main():
        plugin = make_plugin("slow", hook("ion_guard", slow_guard), "guard", blocking=True)
        ticks = 0
        async with running_ion(plugin) as ion:
            turns = asyncio.gather(*(ion.respond(f"q{number}") for number in range(40)))
            while not turns.done():
                await asyncio.sleep(0.001)
                ticks += 1
            return len(await turns), ticks

    answered, ticks = asyncio.run(main())

    assert (40, {"ion-blocking"}) == (answered, names)
    assert 1 < most[0] <= THREADS
    assert ticks > 5


def test_blocked_threads_of_one_plugin_starve_no_other():
    """A blocking plugin whose calls never return uses up its own threads, and its turns fail."""
    release = threading.Event()

    async def main():
        settings = Settings(turn=TurnSettings(guard_s=0.2, context_s=0.1))
        stuck = make_plugin(
            "stuck",
            hook("ion_gather_context", lambda self: release.wait(10) and None),
            "extension",
            blocking=True,
        )
        fine = make_plugin("fine", hook("ion_guard", lambda self: None), "guard", blocking=True)
        async with running_ion(stuck, fine, settings=settings) as ion:
            replies = [
                await asyncio.gather(*(ion.respond(f"{batch}{n}") for n in range(THREADS)))
                for batch in "ab"
            ]
        return replies

    first, second = asyncio.run(main())
    release.set()

    assert {"took longer than 0.1 s"} == {_detail(reply, "stuck") for reply in first}
    assert {"no thread was free for 0.1 s: all 8 are busy"} == {
        _detail(reply, "stuck") for reply in second
    }
    assert {(("fine", "allowed"),)} == {tuple(outcomes(r, "ion_guard")) for r in [*first, *second]}


def _detail(reply, plugin):
    return next(item.detail for item in reply.receipt.plugins if item.plugin == plugin)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("boom"), "raised ValueError: boom"),
        (SystemExit(1), "raised SystemExit"),
        (KeyboardInterrupt(), "raised KeyboardInterrupt"),
        (asyncio.CancelledError(), "raised CancelledError"),
    ],
)
def test_whatever_a_thread_raises_is_contained(error, reason):
    """What a blocking hook raises fails that hook and nothing else."""

    def raising(self):
        raise error

    async def main():
        plugin = make_plugin(
            "broken", hook("ion_gather_context", raising), "extension", blocking=True
        )
        async with running_ion(plugin) as ion:
            return await ion.respond(QUESTION)

    assert reason == _detail(asyncio.run(main()), "broken")


def test_a_blocking_plugins_async_hooks_are_awaited():
    """Blocking concerns sync hooks alone: a coroutine hook of the same plugin is awaited."""
    started = []

    class Both:
        @hookimpl
        async def ion_startup(self):
            started.append(threading.current_thread() is threading.main_thread())

        @hookimpl
        async def ion_gather_context(self, turn):
            await asyncio.sleep(0)
            return attrs.evolve(turn.context, notes=("seen",))

    reply = respond(make_plugin("both", Both(), "extension", blocking=True))

    assert [True] == started
    assert [("both", "changed")] == outcomes(reply, "ion_gather_context")


def test_a_sync_hook_that_holds_the_loop_is_named_in_the_log():
    """A plain hook that takes longer than a tenth of a second is logged with what to do."""

    def slow(self):
        time.sleep(0.12)

    with capture_logs() as logs:
        respond(make_plugin("slow", hook("ion_gather_context", slow), "extension"))

    warned = [entry for entry in logs if entry["event"] == "a plugin held the event loop"]
    assert [("slow", "ion_gather_context")] == [(w["plugin"], w["hook"]) for w in warned]
    assert "blocking = true" in warned[0]["advice"]
