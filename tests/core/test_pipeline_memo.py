"""The memory of analyses, and the bounds of context."""

import asyncio

import pytest

from ion_framework.domain.conversation import Message, Role
from ion_framework.domain.language import Language
from ion_framework.pipeline.context_bounds import bounded
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.memo import LONGEST_TEXT, AnalysisMemo
from ion_framework.pipeline.turn import TurnContext, TurnRequest
from ion_framework.settings.model import ContextSettings, Settings
from ion_framework.testing import (
    make_plugin,
    make_resonance,
    running_ion,
)


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
