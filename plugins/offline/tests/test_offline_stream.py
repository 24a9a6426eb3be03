"""How answers stream: in natural pieces, in step with a clock, and cut short at will."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_offline.composer import compose
from ion_offline.material import read_turn
from ion_offline.phrasebook import phrasebook
from ion_offline.pieces import pieces
from ion_offline.plugin import OfflineGenerator, plugin

from ion_framework import Ion
from ion_framework.clock import SystemClock
from ion_framework.domain.key import ResonanceKey
from ion_framework.domain.language import Language, detect_language
from ion_framework.domain.persona import Affinities, Persona, PersonaPrompts
from ion_framework.domain.prompt import Prompt, PromptMaterial, build_prompt
from ion_framework.domain.resonance import Resonance
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk, Usage
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.discovery import Candidate
from ion_framework.settings.model import Settings
from ion_framework.testing import (
    FailingGenerator,
    lone_source,
    make_persona,
    make_plugin,
)
from ion_framework.testing.builders import persona_plugin, standard_parts

MESSAGE = "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요"


def turn_and_prompt(text: str = MESSAGE) -> tuple[Turn, Prompt]:
    """A turn on its way to the generator, and its prompt."""
    persona = Persona(
        name="harbour",
        version="1",
        display_name={},
        description={},
        traits={},
        strengths={},
        affinities=Affinities(),
        prompts=PersonaPrompts({Language.ENGLISH: "You are {{persona_name}}."}),
    )
    key = ResonanceKey.parse("urgent-medium-problem_solving")
    resonance = Resonance.given(key, detect_language(text))
    turn = Turn(TurnRequest(text=text), resonance=resonance, persona=persona)
    return turn, build_prompt(persona, PromptMaterial(text, resonance))


async def collect(generator: OfflineGenerator) -> list[Chunk]:
    """Every chunk of one answer."""
    return [chunk async for chunk in generator.ion_generate(*turn_and_prompt())]


async def test_the_pieces_make_the_composed_text() -> None:
    """Text chunks are never empty, and together they are the whole answer, then one finish."""
    *texts, finish = await collect(OfflineGenerator("0.1.0"))
    turn, prompt = turn_and_prompt()
    whole = compose(read_turn(turn, prompt), phrasebook(prompt.language), prompt.mode)

    assert "".join(chunk.text for chunk in texts if isinstance(chunk, TextChunk)) == whole
    assert all(isinstance(chunk, TextChunk) and chunk.text for chunk in texts)
    assert len(texts) > 10
    assert finish == Finish(FinishReason.STOP, Usage(), "offline-0.1.0")


@given(st.text().map(str.strip).filter(bool))
def test_pieces_of_any_text_make_it_again(text: str) -> None:
    """Splitting loses and adds nothing and makes no empty piece."""
    made = list(pieces(text))

    assert "".join(made) == text
    assert all(made)


def test_pieces_end_where_one_pauses() -> None:
    """A piece is a clause, a line or ten words."""
    text = "First this, then that. 끝이에요.\n\n- one\n" + "word " * 12

    assert list(pieces(text.strip())) == [
        "First this, ",
        "then that. ",
        "끝이에요.\n\n",
        "- one\n",
        "word " * 10,
        "word word",
    ]


async def test_words_per_second_set_the_pace() -> None:
    """The waits add up to the number of words divided by the setting."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    chunks = await collect(OfflineGenerator("0.1.0", words_per_second=4, sleep=sleep))
    words = sum(len(chunk.text.split()) for chunk in chunks if isinstance(chunk, TextChunk))

    assert sum(waits) == pytest.approx(words / 4)


async def test_others_run_between_the_pieces() -> None:
    """At full speed the generator still gives way after every piece."""
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(beat())
    chunks = await collect(OfflineGenerator("0.1.0"))
    task.cancel()

    assert beats >= len(chunks) - 1


async def test_a_caller_may_stop_listening() -> None:
    """Closing the stream after one piece ends it without an error."""
    generator = OfflineGenerator("0.1.0")
    async with aclosing(generator.ion_generate(*turn_and_prompt())) as stream:
        first = await anext(stream)

    assert isinstance(first, TextChunk)
    assert [chunk async for chunk in stream] == []


async def answer_of(text: str, *models: Candidate) -> str:
    """What an installation with this plugin and some models answers."""
    parts = (*standard_parts("generator"), persona_plugin(make_persona()))
    source = lone_source("offline", *parts, *models)
    async with Ion(Settings(), source=source, environ={}) as ion:
        return (await ion.respond(text)).content


@pytest.mark.parametrize(
    ("text", "said", "asks"),
    [
        (MESSAGE, "방금은 언어 모델이 답하지 않아서", "설치"),
        ("Our payment server is down", "did not answer just now", "installed"),
    ],
)
async def test_the_note_tells_a_silent_model_from_a_missing_one(
    text: str, said: str, asks: str
) -> None:
    """Behind a generator that failed the note says so, alone it says what to install."""
    silent = make_plugin("silent", FailingGenerator(), "generator")
    alone, behind = await answer_of(text), await answer_of(text, silent)

    assert asks in alone
    assert said not in alone
    assert said in behind
    assert asks not in behind


async def test_the_factory_takes_version_and_setting_from_the_context() -> None:
    """The model carries the version of the distribution, and starting up needs nothing else."""
    context = PluginContext(
        name="offline",
        version="9.8.7",
        settings={"words_per_second": 0},
        clock=SystemClock(),
        data_dir=Path("unused"),
    )
    generator = plugin(context)
    await generator.ion_startup()

    assert generator.model == "offline-9.8.7"
    assert isinstance((await collect(generator))[-1], Finish)
