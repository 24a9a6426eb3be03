"""Generators: who speaks, falling back, deadlines, and callers who leave early."""

import asyncio
import re

import attrs
import pytest

from ion_framework.errors import NoAnswerError, TurnRefusedError
from ion_framework.pipeline.chunks import Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import CacheStatus, Outcome
from ion_framework.pipeline.reply import ReplyDelta
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    FailingGenerator,
    FakeGenerator,
    ScriptedGenerator,
    VirtualTimeLoop,
    make_ion,
    make_plugin,
    run_virtual,
    running_ion,
)

LIMITS = TurnSettings(deadline_s=30.0, first_token_s=10.0, next_token_s=4.0)


class PassingGenerator:
    """Has nothing to say."""

    @hookimpl
    async def ion_generate(self):
        """Leave it to the next."""


def first_party(candidate):
    """The same plugin as one of ours, awaited directly."""
    return attrs.evolve(candidate, distribution="ion-offline")


def build(*generators, limits=LIMITS, mode="third", more=()):
    """An Ion with these generators, asked in this order, a cache and a virtual clock."""
    names = [f"gen{number}" for number in range(len(generators))]
    plugins = [
        make_plugin(name, target, "generator")
        for name, target in zip(names, generators, strict=True)
    ]
    if mode == "first":
        plugins = [first_party(plugin) for plugin in plugins]
    return make_ion(
        *plugins,
        make_plugin("store", CacheProvider(DictCache()), "cache"),
        *more,
        settings=Settings(turn=limits, order={"ion_generate": tuple(names)}),
        clock=asyncio.get_running_loop(),
    )


def ask(*generators, **options):
    """The reply to one turn, its length in (virtual) seconds and whether it was stored."""

    async def main():
        async with build(*generators, **options) as ion:
            began = asyncio.get_running_loop().time()
            reply = await ion.respond("hello")
            return reply, asyncio.get_running_loop().time() - began, ion.cache.stats().entries

    return run_virtual(main())


BOTH = pytest.mark.parametrize("mode", ["first", "third"])


@BOTH
def test_a_complete_answer_is_whole_and_stored(mode):
    """A stream that ends with Finish is a complete, undegraded answer and is stored."""
    usage = Usage(3, 2)
    reply, _, entries = ask(ScriptedGenerator("one ", "", "two", Finish(usage=usage)), mode=mode)

    assert ("one two", FinishReason.STOP, usage) == (
        reply.content,
        reply.finish_reason,
        reply.usage,
    )
    assert ("gen0", "scripted-1", "") == (reply.generator, reply.model, reply.degraded)
    assert 1 == entries


EARLY = {
    "raises": ((ConnectionError("down"),), "raised ConnectionError: down", 0.0),
    "no finish": (("",), "its stream was cut off", 0.0),
    "nothing at all": ((), "its stream was cut off", 0.0),
    "finish without a word": ((Finish(),), "ended without a word", 0.0),
    "wrong chunk": ((7.5, {"text": "x"}), "yielded dict instead of TextChunk or Finish", 7.5),
    "text that is none": ((TextChunk,), "yielded type instead of TextChunk or Finish", 0.0),
    "first token late": ((11, "late", Finish()), "gave nothing for 10 s", 10.0),
    "empty pieces for ever": (("", 3) * 9, "gave nothing for 1 s", 10.0),
}


@BOTH
@pytest.mark.parametrize(("script", "reason", "seconds"), EARLY.values(), ids=EARLY)
def test_a_failure_before_the_first_text_falls_back(script, reason, seconds, mode):
    """Before the first piece of text the next generator speaks; the reply says why, unstored."""
    reply, took_s, entries = ask(ScriptedGenerator(*script), FakeGenerator(), mode=mode)

    assert "You said: hello" == reply.content
    assert "gen1" == reply.generator
    assert "the generator gen0 failed before its first word" == reply.degraded
    assert [("gen0", False, reason), ("gen1", True, "")] == [
        (attempt.plugin, attempt.succeeded, attempt.error) for attempt in reply.receipt.attempts
    ]
    assert (0, "the answer is degraded") == (entries, reply.receipt.cache.reason)
    assert took_s == pytest.approx(seconds)


LATE = {
    "raises": (("so far", ConnectionError("down")), "raised ConnectionError: down"),
    "no finish": (("so far",), "its stream was cut off"),
    "wrong chunk": (("so far", 42.0, "x"), ""),
    "next token late": (("so far", 5, "x", Finish()), "gave nothing for 4 s"),
    "empty pieces": (("so far", *(("", 3) * 9)), "gave nothing for 1 s"),
    "a second word": (("so far", {}), "yielded dict instead of TextChunk or Finish"),
}


@BOTH
@pytest.mark.parametrize(("script", "reason"), LATE.values(), ids=LATE)
def test_a_failure_after_the_first_text_truncates(script, reason, mode):
    """After the first piece nobody else is asked: the answer ends as truncated, unstored."""
    other = ScriptedGenerator("x", Finish())
    reply, _, entries = ask(ScriptedGenerator(*script), other, mode=mode)

    assert ("so far", FinishReason.TRUNCATED) == (reply.content, reply.finish_reason)
    assert 0 == other.calls
    assert reason in reply.receipt.attempts[0].error
    assert "the answer ended as truncated" == reply.receipt.cache.reason
    assert (0, 1) == (entries, len(reply.receipt.attempts))


@BOTH
def test_one_deadline_stands_over_everything(mode):
    """An answer that never ends is cut at the turn's deadline."""
    endless = ScriptedGenerator(*(("word ", 1) * 100))
    reply, took_s, _ = ask(endless, mode=mode)

    assert FinishReason.TRUNCATED is reply.finish_reason
    assert took_s == pytest.approx(LIMITS.deadline_s, abs=1.0)


class WorkingLoop(VirtualTimeLoop):
    """Virtual time in which computing takes as long as whoever computes says."""

    def __init__(self):
        self.worked = 0.0
        super().__init__()

    def time(self):
        """Seconds that were slept or worked."""
        return super().time() + self.worked

    monotonic = time


class Torrent:
    """Has the next of a hundred thousand pieces ready as soon as it is asked, and never waits."""

    def __init__(self, piece):
        self._piece = piece

    @hookimpl
    async def ion_generate(self):
        """The same piece again and again, each after ten milliseconds of work."""
        for _ in range(100_000):
            asyncio.get_running_loop().worked += 0.01
            yield TextChunk(self._piece)


@BOTH
@pytest.mark.parametrize(
    ("piece", "generator", "ending", "cut_s"),
    [
        ("x", "torrent", "the time of the turn was up", 5.0),
        ("", "zstand-in", r"gave (no text in time|nothing for 0(\.01)? s)", 4.5),
    ],
    ids=["words", "nothing"],
)
def test_a_generator_that_never_waits_is_cut_as_well(piece, generator, ending, cut_s, mode):
    """An endless stream that always has the next piece ready ends when its time is up."""

    async def main():
        loop = asyncio.get_running_loop()
        torrent = make_plugin("torrent", Torrent(piece), "generator")
        stand_in = make_plugin("zstand-in", FakeGenerator(), "generator", fallback=True)
        limits = Settings(turn=TurnSettings(deadline_s=5.0))
        candidate = first_party(torrent) if mode == "first" else torrent
        async with running_ion(candidate, stand_in, settings=limits, clock=loop) as ion:
            return await ion.respond("hello"), loop.worked

    with asyncio.Runner(loop_factory=WorkingLoop) as runner:
        reply, worked_s = runner.run(main())

    assert generator == reply.generator
    assert re.search(ending, reply.receipt.attempts[0].error)
    assert worked_s == pytest.approx(cut_s, abs=0.1)


def test_the_time_that_the_caller_takes_is_not_the_generators():
    """A reader who is slow between two pieces does not make the generator late."""

    async def main():
        async with build(ScriptedGenerator("a", 3, "b", Finish())) as ion:
            texts = []
            async for event in ion.stream("hello"):
                if isinstance(event, ReplyDelta):
                    texts.append(event.text)
                    await asyncio.sleep(6)
            return texts

    assert ["a", "b"] == run_virtual(main())


def test_the_first_generator_leaves_time_for_the_second():
    """Of two generators, one that hangs uses up no more than its share of the deadline."""
    limits = TurnSettings(deadline_s=8.0, first_token_s=20.0)
    reply, took_s, _ = ask(
        ScriptedGenerator(99), ScriptedGenerator(2, "ok", Finish()), limits=limits
    )

    assert "ok" == reply.content
    assert took_s == pytest.approx(6.0)


def test_a_generator_that_passes_is_no_failure():
    """None leaves the answer to the next: not degraded, but a stand-in's answer is not stored."""
    reply, _, entries = ask(PassingGenerator(), FakeGenerator())

    assert ("gen1", "") == (reply.generator, reply.degraded)
    outcomes = {
        item.plugin: item.outcome for item in reply.receipt.plugins if item.hook == "ion_generate"
    }
    assert {"gen0": Outcome.PASSED, "gen1": Outcome.ANSWERED} == outcomes
    assert (0, "the answer is that of a stand-in, gen1") == (entries, reply.receipt.cache.reason)


def test_when_every_generator_fails_each_is_named():
    """With nobody left the error names every generator with its reason and says when to retry."""
    with pytest.raises(NoAnswerError) as caught:
        ask(FailingGenerator(), ScriptedGenerator(Finish()))

    assert "generate" == caught.value.stage
    assert 5 == caught.value.retry_after_s
    expected = (
        "no generator could answer: the generator gen0 failed before its first word; "
        "the generator gen1 failed before its first word"
    )
    assert expected == str(caught.value)
    detail = "gen0: raised ConnectionError: the upstream is down; gen1: ended without a word"
    assert detail == caught.value.detail


def test_when_every_generator_passes_no_retry_is_advised():
    """Generators that have nothing to say will not have it in five seconds either."""
    with pytest.raises(NoAnswerError) as caught:
        ask(PassingGenerator())

    assert (None, "no generator could answer: every one passed") == (
        caught.value.retry_after_s,
        str(caught.value),
    )


def test_a_model_that_declines_refuses_the_turn():
    """A Finish for safety without a word is a refusal that names the generator."""
    with pytest.raises(TurnRefusedError) as caught:
        ask(ScriptedGenerator(Finish(FinishReason.SAFETY)))

    assert ("gen0", "safety") == (caught.value.guard, caught.value.code)


@pytest.mark.parametrize("reason", [r for r in FinishReason if r is not FinishReason.STOP])
def test_an_answer_that_is_not_complete_is_not_stored(reason):
    """Only an answer that ended with stop is stored."""
    reply, _, entries = ask(ScriptedGenerator("so far", Finish(reason)))

    assert (reason, 0) == (reply.finish_reason, entries)
    assert f"the answer ended as {reason.value}" == reply.receipt.cache.reason


MISTAKES = [
    (lambda: TextChunk(42), "TypeError"),
    (lambda: TextChunk("\ud83d"), "UnicodeEncodeError"),
    (lambda: Finish("done"), "ValueError"),
    (lambda: Finish(usage=None), "TypeError"),
    (lambda: Finish(model=None), "TypeError"),
]


@pytest.mark.parametrize(("make", "kind"), MISTAKES)
def test_a_chunk_that_nothing_could_send_cannot_be_made(make, kind):
    """A mistake in a chunk is told of the generator that makes it, and the next one answers."""

    class Careless:
        @hookimpl
        async def ion_generate(self):
            yield make()

    reply, _, _ = ask(Careless(), FakeGenerator())

    assert "gen1" == reply.generator
    assert reply.receipt.attempts[0].error.startswith(f"raised {kind}: ")


def test_the_value_of_a_finish_reason_will_do():
    """Finish("stop") is the same as Finish(FinishReason.STOP)."""
    assert Finish(FinishReason.LENGTH) == Finish("length")


def test_a_blocking_generator_may_be_async():
    """In a blocking plugin a coroutine hook still runs on the loop, and is awaited."""

    class Opened:
        @hookimpl
        async def ion_generate(self):
            await asyncio.sleep(1)
            return FakeGenerator().ion_generate(prompt=self.prompt)

        class prompt:  # noqa: N801  it stands for an attribute
            user = "hi"

    async def main():
        plugin = make_plugin("opened", Opened(), "generator", blocking=True)
        async with running_ion(plugin, clock=asyncio.get_running_loop()) as ion:
            return await ion.respond("hello")

    assert "You said: hi" == run_virtual(main()).content


def test_a_transformation_may_end_the_answer_early():
    """A stream that a transformation ends before its generator closes it and is not stored."""

    class Short:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                yield chunk
                return

    generator = ScriptedGenerator("one ", 1, "two", Finish())
    reply, took_s, entries = ask(generator, more=(make_plugin("short", Short(), "extension"),))

    assert ("one ", FinishReason.OTHER, 0) == (reply.content, reply.finish_reason, entries)
    assert (1, 0.0) == (generator.closed, took_s)
    assert [("gen0", False, "not read to its end")] == [
        (attempt.plugin, attempt.succeeded, attempt.error) for attempt in reply.receipt.attempts
    ]
    assert CacheStatus.MISS is reply.receipt.cache.status
