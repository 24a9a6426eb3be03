"""Transformations of the stream: order, what failures cost, who is blamed."""

import asyncio

import attrs
import pytest

from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import inline
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    FailingGenerator,
    FakeGenerator,
    make_manifest,
    make_persona,
    make_plugin,
    run_virtual,
    running_ion,
)

LIMITS = TurnSettings(deadline_s=60.0, first_token_s=20.0, next_token_s=5.0)


class Marker:
    """Writes its mark behind every piece of text."""

    def __init__(self, mark):
        self.mark = mark

    @hookimpl
    async def ion_transform_stream(self, chunks):
        """Transform as the class says."""
        async for chunk in chunks:
            is_text = isinstance(chunk, TextChunk)
            yield TextChunk(chunk.text + self.mark) if is_text else chunk


class Transforming:
    """A transformation made of one async generator function."""

    def __init__(self, function):
        self.function = function

    @hookimpl
    def ion_transform_stream(self, chunks):
        """Transform as the class says."""
        return self.function(chunks)


class SlowGenerator:
    """Pauses before every piece."""

    def __init__(self, *steps):
        self.steps = steps

    @hookimpl
    async def ion_generate(self):
        """Generate as the class says."""
        for pause, text in self.steps:
            await asyncio.sleep(pause)
            yield TextChunk(text)
        yield Finish()


def persona_with(target, name="sage"):
    """A persona with hooks of its own."""
    persona = make_persona(name)
    return inline(make_manifest(name, "persona", persona=persona), lambda _: target)


def ask(*plugins, generator=None, limits=LIMITS, request="hello", personas=None, mode="third"):
    """The reply to one turn, and its length in (virtual) seconds."""

    async def main():
        loop = asyncio.get_running_loop()
        chosen = make_plugin("gen", generator or FakeGenerator(("a", "b", "c")), "generator")
        found = [chosen, *plugins]
        if mode == "first":
            found = [attrs.evolve(item, distribution="ion-offline") for item in found]
        async with running_ion(
            *found, personas=personas, settings=Settings(turn=limits), clock=loop
        ) as ion:
            began = loop.time()
            return await ion.respond(request), loop.time() - began

    return run_virtual(main())


def failed_plugins(reply):
    """Who failed, and why."""
    return {
        item.plugin: item.detail for item in reply.receipt.plugins if item.outcome is Outcome.FAILED
    }


BOTH = pytest.mark.parametrize("mode", ["first", "third"])


@BOTH
def test_the_persona_comes_first_then_extensions_then_guards(mode):
    """Whatever their names, the order is persona, extensions, guards."""
    reply, _ = ask(
        make_plugin("aaa-guard", Marker("G"), "guard"),
        make_plugin("bbb", Marker("1"), "extension"),
        make_plugin("ccc", Marker("2"), "extension", before=("bbb",)),
        persona_with(Marker("P")),
        personas=(),
        mode=mode,
    )

    assert "aP21GbP21GcP21G" == reply.content


def test_a_personas_transformation_runs_in_its_own_turns_only():
    """A persona's hook touches no answer of another persona."""
    plugins = (persona_with(Marker("P"), "sage"),)
    for name, expected in (("sage", "aPbPcP"), ("muse", "abc")):
        reply, _ = ask(
            *plugins, personas=(make_persona("muse"),), request=TurnRequest(text="x", persona=name)
        )
        assert expected == reply.content


async def _raise_at_b(chunks):
    async for chunk in chunks:
        if chunk == TextChunk("b"):
            raise ValueError("not b")
        yield chunk


async def _raise_holding_two(chunks):
    held = []
    async for chunk in chunks:
        held.append(chunk)
        if len(held) == 2:
            raise ValueError("two are too many")
        if isinstance(chunk, Finish):
            yield chunk


async def _raise_at_the_end(chunks):
    async for chunk in chunks:
        yield chunk
    raise ValueError("after all")


async def _raise_at_once(chunks):
    raise ValueError("no")
    yield chunks


async def _wrong_after_a(chunks):
    async for chunk in chunks:
        yield chunk if chunk == TextChunk("a") else {"text": "b"}


async def _hang_at_b(chunks):
    async for chunk in chunks:
        if chunk == TextChunk("b"):
            await asyncio.sleep(3600)
        yield chunk


BROKEN = {
    "raises at the second piece": (_raise_at_b, "raised ValueError: not b"),
    "raises with two in hand": (_raise_holding_two, "raised ValueError: two are too many"),
    "raises at the end": (_raise_at_the_end, "raised ValueError: after all"),
    "raises at once": (_raise_at_once, "raised ValueError: no"),
    "yields something else": (_wrong_after_a, "yielded dict instead of TextChunk or Finish"),
    "hangs at the second piece": (_hang_at_b, "gave nothing for"),
    "is no stream": (lambda _: "text", "returned str instead of AsyncIterator"),
}


@pytest.mark.parametrize(("function", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_transformation_that_fails_costs_no_text(function, reason):
    """What a failed step had taken in is passed on, the rest goes past it, and it is recorded."""
    broken = make_plugin("broken", Transforming(function), "extension")
    reply, took_s = ask(broken, make_plugin("later", Marker("!"), "extension"))

    assert "a!b!c!" == reply.content
    assert FinishReason.STOP is reply.finish_reason
    assert "" == reply.degraded
    assert ["broken"] == list(failed_plugins(reply))
    assert reason in failed_plugins(reply)["broken"]
    assert took_s <= 2 * LIMITS.next_token_s


FIRST_PARTY = {name: case for name, case in BROKEN.items() if "hangs" not in name}


@pytest.mark.parametrize(("function", "reason"), FIRST_PARTY.values(), ids=FIRST_PARTY)
def test_a_first_party_transformation_that_fails_costs_no_text(function, reason):
    """The same holds for a step that is awaited directly."""
    reply, _ = ask(make_plugin("broken", Transforming(function), "extension"), mode="first")

    assert "abc" == reply.content
    assert reason in failed_plugins(reply)["broken"]


def test_a_first_party_transformation_that_hangs_ends_with_the_turn():
    """A directly awaited step that hangs ends the answer just after the turn's deadline."""
    reply, took_s = ask(make_plugin("broken", Transforming(_hang_at_b), "extension"), mode="first")

    assert ("ab", FinishReason.TRUNCATED) == (reply.content, reply.finish_reason)
    assert took_s == pytest.approx(LIMITS.deadline_s + 1)


@BOTH
@pytest.mark.parametrize(("function", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_guard_that_fails_ends_the_answer(function, reason, mode):
    """An output guard that fails refuses the turn and names itself; nothing goes past it."""
    guard = make_plugin("strict", Transforming(function), "guard")
    with pytest.raises(TurnRefusedError) as caught:
        ask(guard, mode=mode)

    assert ("strict", "guard_failed") == (caught.value.guard, caught.value.code)
    assert reason in str(caught.value.__cause__)


@BOTH
@pytest.mark.parametrize("kind", ["extension", "guard"])
def test_a_failure_of_the_source_is_not_the_transformations(kind, mode):
    """Where the generator fails, the error is the generator's and carries no foreign note."""
    plugin = make_plugin("innocent", Marker("!"), kind)
    with pytest.raises(NoAnswerError) as caught:
        ask(plugin, generator=FailingGenerator(), mode=mode)

    assert "innocent" not in str(caught.value)
    assert [] == getattr(caught.value, "__notes__", [])


@BOTH
def test_a_slow_source_is_not_blamed_on_a_guard(mode):
    """A generator that hangs until the deadline truncates the answer; its guard passes."""
    limits = TurnSettings(deadline_s=12.0, first_token_s=20.0, next_token_s=20.0)
    reply, took_s = ask(
        make_plugin("strict", Marker("!"), "guard"),
        generator=SlowGenerator((1, "a"), (3600, "b")),
        limits=limits,
        mode=mode,
    )

    assert ("a!", FinishReason.TRUNCATED) == (reply.content, reply.finish_reason)
    assert ["gen"] == list(failed_plugins(reply))
    assert took_s == pytest.approx(12.0)


def test_waiting_for_the_source_is_not_the_transformations_time():
    """A step whose source takes longer than the step's own limit is not late."""
    reply, _ = ask(
        make_plugin("patient", Marker("!"), "extension"),
        generator=SlowGenerator((19, "a"), (4, "b")),
    )

    assert ("a!b!", {}) == (reply.content, failed_plugins(reply))


def test_a_transformation_that_swallows_the_sources_error_does_not_hide_it():
    """A step cannot turn a failed generation into an answer of its own."""

    async def apologise(chunks):
        try:
            async for chunk in chunks:
                yield chunk
        except Exception:  # noqa: BLE001  that is the point
            yield TextChunk("sorry")

    with pytest.raises(NoAnswerError):
        ask(
            make_plugin("polite", Transforming(apologise), "extension"),
            generator=FailingGenerator(),
        )


def test_a_transformation_may_gather_everything_first():
    """A step that takes the whole answer in before it yields is given the time of the source."""

    async def shout(chunks):
        parts = [chunk async for chunk in chunks]
        yield TextChunk("".join(p.text for p in parts if isinstance(p, TextChunk)).upper())
        yield parts[-1]

    reply, _ = ask(
        make_plugin("loud", Transforming(shout), "extension"),
        generator=SlowGenerator((4, "a"), (4, "b"), (4, "c")),
    )

    assert ("ABC", FinishReason.STOP) == (reply.content, reply.finish_reason)


def test_a_transformation_that_leaves_nothing_is_told():
    """An answer of which nothing is left is no answer, and the error says why."""

    async def silence(chunks):
        async for chunk in chunks:
            if isinstance(chunk, Finish):
                yield chunk

    with pytest.raises(NoAnswerError, match="nothing was left of the answer"):
        ask(make_plugin("mute", Transforming(silence), "extension"))


def test_none_leaves_the_stream_as_it_is():
    """A step that returns None has passed, says the receipt."""
    reply, _ = ask(make_plugin("idle", Transforming(lambda _: None), "extension"))

    assert "abc" == reply.content
    outcomes = [i.outcome for i in reply.receipt.plugins if i.plugin == "idle"]
    assert [Outcome.PASSED] == outcomes


def test_a_coroutine_may_return_the_stream():
    """A step may be a coroutine function that returns an async iterator."""

    class Opening:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            await asyncio.sleep(0)
            return Marker("?").ion_transform_stream(chunks)

    reply, _ = ask(make_plugin("opening", Opening(), "extension"))

    assert "a?b?c?" == reply.content
