"""The personas, the analyser and the router of this repository, several of them on one message."""

from __future__ import annotations

import asyncio

import pytest

from ion_framework import Ion
from ion_framework.ensemble.ensemble import Ensemble
from ion_framework.ensemble.order import steps_of
from ion_framework.ensemble.plan import ExecutionMode
from ion_framework.ensemble.recommending import advise
from ion_framework.plugin_host.discovery import installed
from ion_framework.settings.model import Settings

OURS = ("lua", "elro", "riri", "nana", "resonance", "offline")


def found():
    """The plugins of this repository that are needed, whatever else is installed."""
    return tuple(plugin for plugin in installed() if plugin.name in OURS)


def with_ion(work):
    """What comes of a coroutine function of an installation."""

    async def main():
        async with Ion(Settings(), source=found, environ={}) as ion:
            return await work(ion)

    return asyncio.run(main())


def test_our_personas_form_no_circle():
    """The four build on each other in one order: who listens, who builds, who checks, who leads."""

    async def steps(ion):
        return steps_of(ion.personas)

    assert with_ion(steps) == (("lua",), ("elro",), ("riri",), ("nana",))


# message -> who answers, in which mode
MESSAGES = {
    "three": (
        "My deploy is failing and I feel awful about it. Please explain how B-tree indexes work. "
        "Then plan the rollout with the team by Friday.",
        {"lua", "elro", "nana"},
        ExecutionMode.SEQUENTIAL,
    ),
    "two, independent": (
        "I'm so frustrated with this bug! Could you check whether my statistics are right?",
        {"lua", "riri"},
        ExecutionMode.PARALLEL,
    ),
    "korean": (
        "데이터를 분석해서 맞는지 확인해 주세요. 그리고 팀원들과 일정도 짜야 해요.",
        {"riri", "nana"},
        ExecutionMode.SEQUENTIAL,
    ),
    "one": ("Analyse the latency numbers for me.", {"riri"}, ExecutionMode.SINGLE),
}


@pytest.mark.parametrize(("text", "personas", "mode"), MESSAGES.values(), ids=MESSAGES)
def test_messages_are_divided(text, personas, mode):
    """A message goes to those whom its sentences speak to, in the order in which they build."""
    reply = with_ion(lambda ion: Ensemble(ion).respond(text))

    assert set(reply.personas) == personas
    assert reply.plan.mode is mode
    assert reply.content
    assert 0 < reply.confidence <= 1


# the words by which the original recommends
WORDS = {
    "lua": ("감정", "emotion", "창의", "creative", "공감", "empathy"),
    "elro": ("기술", "technical", "논리", "logic", "구조", "structure"),
    "riri": ("분석", "analysis", "데이터", "data", "객관", "objective"),
    "nana": ("협력", "collaboration", "팀", "team", "조정", "coordination"),
}


def test_the_words_of_the_original_recommend_alike():
    """A scenario with a word by which the original recommends a persona recommends the same one."""

    async def recommended(ion):
        return {
            word: (
                await advise(ion, f"{word} 작업" if ord(word[0]) > 127 else f"{word} work")
            ).persona
            for words in WORDS.values()
            for word in words
        }

    expected = {word: name for name, words in WORDS.items() for word in words}
    assert with_ion(recommended) == expected
