"""Several personas answer one message."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from ion_framework.domain.key import Tone
from ion_framework.ensemble.ensemble import Ensemble
from ion_framework.ensemble.plan import ExecutionMode
from ion_framework.errors import NoAnswerError, PluginOrderError, TurnRefusedError
from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.verdict import Refusal
from ion_framework.settings.ensemble import EnsembleSettings
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    CacheProvider,
    DictCache,
    RecordingMonitor,
    make_plugin,
    run_virtual,
    running_ion,
)
from tests.support.ensembles import (
    ANALYZER,
    ANN,
    BOB,
    BOB_AFTER,
    CAT,
    CAT_AFTER,
    THREE,
    TWO,
    Speaker,
    drawn_to,
    request_for,
    respond,
    speaker,
)


def test_each_answers_its_own_part():
    """Every persona answers its own sentences in a turn of its own, with a receipt of its own."""
    reply = respond(request_for(THREE, request_id="r"), speaker())

    texts = {item.persona: item.reply.content for item in reply.contributions}
    assert texts == {
        "ann": "ann to: I am very anxious about it.",
        "bob": "bob to: I am rather curious about why.",
        "cat": "cat to: This is really urgent for us.",
    }
    assert {item.request_id for item in reply.contributions} == {"r-ann", "r-bob", "r-cat"}
    assert {r.receipt.request_id for r in reply.replies} == {"r-ann", "r-bob", "r-cat"}
    assert reply.plan.mode is ExecutionMode.PARALLEL


def test_a_fifth_persona_competes_at_once():
    """A persona that nobody has heard of answers the part that its own affinities fit."""
    zoe = drawn_to(Tone.PLAYFUL, "zoe", 2000)
    text = "I am very anxious about it. Be really playful with me, please!"

    reply = respond(text, speaker(), personas=(ANN, BOB, CAT, zoe))

    assert reply.personas == ("ann", "zoe")


def test_one_persona_answers_as_always():
    """A message that speaks to one persona is a turn like every other."""
    reply = respond("I am very anxious about it.", speaker())

    assert reply.alone is not None
    assert reply.content == reply.alone.content
    assert reply.personas == ("ann",)
    assert reply.confidence == reply.alone.decision.confidence


def test_later_steps_see_earlier_answers():
    """Who builds on others sees their answers on the user's side, and never in the instructions."""
    generator = Speaker()

    reply = respond(THREE, speaker(generator), personas=(ANN, BOB_AFTER, CAT_AFTER))

    assert reply.plan.mode is ExecutionMode.SEQUENTIAL
    prompts = {turn.persona.name: prompt for turn, prompt in generator.seen}
    assert "Ann was asked" not in prompts["ann"].context
    assert "ann to: I am very anxious" in prompts["bob"].context
    assert "ann to: I am very anxious" in prompts["cat"].context
    assert "bob to: I am rather curious" in prompts["cat"].context
    assert all("answered" not in prompt.system for prompt in prompts.values())
    assert THREE in prompts["ann"].context


def test_what_is_handed_on_is_bounded():
    """An answer is cut where it is handed on, and not where it is given."""

    async def long(turn, _prompt):
        return f"{turn.persona.name} " + "x" * 500

    generator = Speaker(long)
    settings = Settings(ensemble=EnsembleSettings(handed_on_chars=50))

    reply = respond(TWO, speaker(generator), personas=(ANN, BOB_AFTER), settings=settings)

    assert "x" * 500 in reply.content
    context = generator.seen[1][1].context
    assert "x" * 40 in context
    assert "x" * 51 not in context


def test_parts_of_a_step_run_at_the_same_time():
    """Personas of one step wait for each other and would never end one after the other."""
    both = asyncio.Event()
    begun = []

    async def together(turn, _prompt):
        begun.append(turn.persona.name)
        if len(begun) == 2:
            both.set()
        await both.wait()
        return "done"

    reply = respond(TWO, speaker(Speaker(together)))

    assert len(reply.answered) == 2


def test_concurrency_is_bounded():
    """No more parts run at the same time than the settings allow."""
    running, most = [], []

    async def counted(turn, _prompt):
        running.append(turn)
        most.append(len(running))
        await asyncio.sleep(1)
        running.remove(turn)
        return "done"

    settings = Settings(ensemble=EnsembleSettings(concurrency=1))
    reply = respond(THREE, speaker(Speaker(counted)), settings=settings, runner=run_virtual)

    assert len(reply.answered) == 3
    assert max(most) == 1


class NoPairs:
    """A guard that refuses a text that holds two words together."""

    @hookimpl
    def ion_guard(self, turn):
        """The verdict."""
        if "anxious" in turn.text and "curious" in turn.text:
            return Refusal("pair", "Not both.")
        return None


def test_guards_see_the_message_whole():
    """What a guard refuses as a whole is refused, though each part by itself would pass."""
    monitor = RecordingMonitor()
    generator = Speaker()

    with pytest.raises(TurnRefusedError):
        respond(
            TWO,
            speaker(generator),
            make_plugin("no-pairs", NoPairs(), "guard"),
            make_plugin("monitor", monitor, "monitor"),
        )

    assert not generator.seen
    assert [type(event) for event in monitor.events if isinstance(event, TurnFailed)]


def test_observers_hear_of_every_part():
    """Each part is a turn of its own to observers."""
    monitor = RecordingMonitor()

    respond(TWO, speaker(), make_plugin("monitor", monitor, "monitor"))

    told = [event for event in monitor.events if isinstance(event, TurnCompleted)]
    assert {event.reply.persona for event in told} == {"ann", "bob"}


def test_parts_are_cached_like_other_turns():
    """Asked again, every part comes from the cache."""

    async def main():
        cache = make_plugin("shelf", CacheProvider(DictCache()), "cache")
        async with running_ion(ANALYZER, speaker(), cache, personas=(ANN, BOB)) as ion:
            await Ensemble(ion).respond(TWO)
            return await Ensemble(ion).respond(TWO)

    reply = asyncio.run(main())

    assert {part.receipt.cache.status.value for part in reply.replies} == {"hit"}


def test_hooks_of_a_persona_run_in_its_own_part():
    """What a persona does to the stream it does to its own part and to no other."""

    class Loud:
        @hookimpl
        async def ion_transform_stream(self, chunks):
            async for chunk in chunks:
                yield (
                    attrs.evolve(chunk, text=chunk.text.upper())
                    if hasattr(chunk, "text")
                    else chunk
                )

    loud = make_plugin("ann", Loud(), "persona", persona=ANN)

    reply = respond(TWO, speaker(), loud, personas=(BOB,))

    texts = {item.persona: item.text for item in reply.contributions}
    assert texts["ann"].isupper()
    assert not texts["bob"].isupper()


def test_personas_in_a_circle_are_named():
    """Personas that build on each other in a circle are an error that names them."""
    circle = (drawn_to(Tone.ANXIOUS, "ann", 1, "bob"), BOB_AFTER)

    with pytest.raises(PluginOrderError, match=r"ann.*bob|bob.*ann"):
        respond(TWO, speaker(), personas=circle)


def test_without_a_persona_there_is_no_answer():
    """An installation without personas says what is missing."""
    with pytest.raises(NoAnswerError, match="no persona is active"):
        respond(TWO, speaker(), personas=())


def test_the_plan_is_told_before_anything_is_generated():
    """Whoever admits a plan can end the request before anything was spent."""
    generator = Speaker()

    async def refuse(plan):
        raise RuntimeError(str(len(plan.personas)))

    async def main():
        async with running_ion(ANALYZER, speaker(generator), personas=(ANN, BOB)) as ion:
            ensemble = Ensemble(ion)
            assert sorted((await ensemble.plan(TWO)).personas) == ["ann", "bob"]
            await ensemble.respond(TWO, refuse)

    with pytest.raises(RuntimeError, match="2"):
        asyncio.run(main())
    assert not generator.seen


def test_a_key_of_the_caller_holds_for_every_part():
    """A caller that judges the message itself is heeded in every part."""
    from ion_framework.domain.key import ResonanceKey

    key = ResonanceKey.parse("urgent-medium-learning")

    reply = respond(request_for(TWO, key=key), speaker())

    assert reply.personas == ("cat",)


def test_answers_come_in_the_language_of_the_whole():
    """A message in two languages is answered in one, and so is every part."""
    text = "정말 anxious 해서 걱정이 많아요. I am rather curious about why. 도와주세요 제발요."

    reply = respond(text, speaker())

    assert {part.language for part in reply.replies} == {reply.language}
