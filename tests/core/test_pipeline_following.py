"""Analysers that build on the reading of those after them."""

import asyncio

import attrs
import pytest

from ion_framework.domain.key import Intent, Tone
from ion_framework.domain.resonance import IntentReading, ToneReading
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.receipt import Outcome
from ion_framework.settings.model import Settings, TurnSettings
from ion_framework.testing import make_plugin, make_resonance, running_ion
from tests.support.parties import BOTH, of_party

URGENT = ToneReading(Tone.URGENT, 0.9)


class Measuring:
    """An analyser that counts its calls and does what a function says."""

    def __init__(self, answer=lambda text: attrs.evolve(make_resonance(text=text), source="")):
        self.calls = 0
        self.answer = answer

    @hookimpl
    async def ion_analyze(self, turn):
        """Count, and answer."""
        self.calls += 1
        answer = self.answer(turn.text)
        return await answer if asyncio.iscoroutine(answer) else answer


class Building:
    """An analyser that asks those after it and does with their reading what a function says."""

    def __init__(self, build, times=1):
        self.seen = []
        self._build = build
        self._times = times

    @hookimpl
    async def ion_analyze(self, following):
        """Ask, and build."""
        for _ in range(self._times):
            self.seen.append(await following())
        built = self._build(self.seen[-1])
        return await built if asyncio.iscoroutine(built) else built


def urgent(reading):
    """The reading with another tone, by the analyser that builds."""
    return attrs.evolve(reading, tone=URGENT, source="")


def nothing(_):
    """Pass."""


def failing(_):
    """Fail."""
    raise OSError("down")


def hanging(_):
    """Never come back."""
    return asyncio.sleep(3600)


async def respond(*analyzers, texts=("hello",), party="first", analyze_s=5.0):
    """The replies to texts, with these analysers in order, named a, b, c."""
    plugins = [
        of_party(make_plugin(name, target, "analyzer"), party)
        for name, target in zip("abc", analyzers, strict=False)
    ]
    turn = TurnSettings(analyze_s=analyze_s)
    settings = Settings(order={"ion_analyze": ("a", "b", "c")}, turn=turn)
    async with running_ion(*plugins, settings=settings) as ion:
        return [await ion.respond(text) for text in texts]


def outcomes(reply):
    """What each analyser did, in the order in which they came to an end."""
    return [
        (item.plugin, item.outcome) for item in reply.receipt.plugins if item.hook == "ion_analyze"
    ]


@BOTH
async def test_an_analyser_builds_on_the_next_ones_reading(party: str):
    """It is given the reading of the next one, its own is used, and the receipt names both."""
    first, second = Building(urgent), Measuring()
    (reply,) = await respond(first, second, party=party)

    assert [make_resonance(text="hello")] == [attrs.evolve(r, source="request") for r in first.seen]
    assert ["b"] == [reading.source for reading in first.seen]
    assert (URGENT, "a") == (reply.resonance.tone, reply.resonance.source)
    assert reply.resonance.intent == IntentReading(Intent.LEARNING, 1.0)
    assert [("b", Outcome.ANSWERED), ("a", Outcome.ANSWERED)] == outcomes(reply)


async def test_a_reading_that_was_built_is_remembered():
    """Where every analyser that was asked answered, the same text is read once."""
    first, second = Building(urgent), Measuring()
    await respond(first, second, texts=("hello", "hello"))

    assert (1, 1) == (len(first.seen), second.calls)


@pytest.mark.parametrize("failure", [nothing, failing])
async def test_a_reading_built_on_a_stand_ins_is_not_remembered(failure):
    """Where one after it passed or failed, the reading is made anew for the same text."""
    first, second, third = Building(urgent), Measuring(failure), Measuring()
    replies = await respond(first, second, third, texts=("hello", "hello"))

    assert (2, 2, 2) == (len(first.seen), second.calls, third.calls)
    assert {"a"} == {reply.resonance.source for reply in replies}


@BOTH
@pytest.mark.parametrize("end", [nothing, failing, hanging])
async def test_the_next_one_is_not_asked_again(end, party: str):
    """Where the asking one passes, fails or hangs, the reading that it was given serves."""
    first, second = Building(end, times=2), Measuring()
    replies = await respond(first, second, texts=("hello", "hello"), party=party, analyze_s=0.2)

    assert 2 == second.calls
    assert {"b"} == {reply.resonance.source for reply in replies}
    assert [("b", Outcome.ANSWERED)] == outcomes(replies[0])[:1]


async def test_there_may_be_nobody_after_it():
    """The last analyser is given None."""
    last = Building(lambda _: make_resonance())
    await respond(last)

    assert [None] == last.seen


async def test_nobody_can_read_it():
    """Where the next one has no reading and the asking one passes, the turn has no answer."""
    with pytest.raises(NoAnswerError, match="no analyser could read the message"):
        await respond(Building(nothing), Measuring(failing))


@BOTH
async def test_one_that_hangs_leaves_time_to_the_one_that_asked(party: str):
    """The next analyser has half of the asking one's time, which then goes on without it."""
    first = Building(lambda _: make_resonance("urgent-burst-planning"))
    (reply,) = await respond(first, Measuring(hanging), party=party, analyze_s=0.4)

    assert [None] == first.seen
    assert "urgent-burst-planning" == str(reply.resonance.key)
    assert [("b", Outcome.FAILED), ("a", Outcome.ANSWERED)] == outcomes(reply)


async def test_a_reading_that_cannot_be_used_is_not_handed_on():
    """The next analyser's answer is checked as if the turn itself had asked."""

    def unusable(text):
        return attrs.evolve(make_resonance(text=text), language="klingon")

    first = Building(lambda _: make_resonance())
    (reply,) = await respond(first, Measuring(unusable))

    assert [None] == first.seen
    assert [("b", Outcome.FAILED), ("a", Outcome.ANSWERED)] == outcomes(reply)


async def test_each_builds_on_the_one_after_it():
    """Of three analysers the first builds on the second, which builds on the third."""
    first, second, third = Building(urgent), Building(urgent), Measuring()
    (reply,) = await respond(first, second, third)

    assert (["b"], ["c"]) == ([r.source for r in first.seen], [r.source for r in second.seen])
    assert [("c", Outcome.ANSWERED), ("b", Outcome.ANSWERED), ("a", Outcome.ANSWERED)] == outcomes(
        reply
    )
