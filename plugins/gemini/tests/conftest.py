"""The plugin, asking a fake server through the real SDK over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import attrs
import pytest
import structlog
from ion_gemini.client import ClientKeeper, make_clients
from ion_gemini.plugin import Gemini
from ion_gemini.settings import GeminiSettings
from ion_gemini.upstream import GeminiUpstream

from ion_framework.clock import SystemClock
from ion_framework.domain.prompt import PromptMaterial, build_prompt
from ion_framework.errors import GenerationError
from ion_framework.pipeline.chunks import Finish, TextChunk
from ion_framework.resilience.streaming import ResilientStream
from ion_framework.testing import FakeGemini, make_turn

KEY = "AIza-S3CRET-key"
MODEL = "gemini-test-1"


def prompt_of(text="How are you?", **changes):
    """The standard prompt for a message."""
    turn = make_turn(text)
    material = PromptMaterial(text=text, resonance=turn.resonance)
    return attrs.evolve(build_prompt(turn.persona, material), **changes)


def split(chunks):
    """The text and the end of an answer."""
    text = "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))
    assert isinstance(chunks[-1], Finish)
    return text, chunks[-1]


class Asking:
    """A fake server and a plugin that asks it."""

    def __init__(self, fake: FakeGemini, settings: GeminiSettings, **options):
        self.fake = fake
        self.settings = settings
        self.gemini = Gemini(
            settings, clock=SystemClock(), logger=structlog.get_logger(), **options
        )

    def stream(self, prompt=None, **turn):
        """The stream of one answer."""
        return self.gemini.ion_generate(attrs.evolve(make_turn(), **turn), prompt or prompt_of())

    async def ask(self, prompt=None, **turn):
        """The text and the end of one answer."""
        async with aclosing(self.stream(prompt, **turn)) as chunks:
            return split([chunk async for chunk in chunks])

    async def failure(self, **turn):
        """The error that one answer ends with."""
        with pytest.raises(GenerationError) as caught:
            await self.ask(**turn)
        return caught.value


def settings_for(fake: FakeGemini, **changes):
    """Settings that ask the fake."""
    defaults = {"api_key": KEY, "model": MODEL, "base_url": fake.base_url, "retry_base_s": 0.01}
    return GeminiSettings(**{**defaults, **changes})


@asynccontextmanager
async def asking(*behaviours, options=None, **settings) -> AsyncIterator[Asking]:
    """A fake that meets requests with these behaviours, the last for ever, and who asks it."""
    async with FakeGemini(api_key=KEY) as fake:
        if behaviours:
            fake.behave(behaviours[-1])
            fake.behave_next(*behaviours[:-1])
        asker = Asking(fake, settings_for(fake, **settings), **(options or {}))
        await asyncio.wait({asker.gemini._clients.begin()})
        try:
            yield asker
        finally:
            await asker.gemini.ion_shutdown()


@asynccontextmanager
async def asking_by_model(fake: FakeGemini, clock=None, **settings):
    """A function that gives each model its own retries and breaker over one and the same client."""
    chosen = settings_for(fake, **settings)
    keeper = ClientKeeper(lambda: make_clients(chosen))
    upstream = GeminiUpstream(chosen, keeper)

    def answers_of(model):
        return ResilientStream(
            upstream, (model,), chosen, clock=clock or SystemClock(), logger=structlog.get_logger()
        )

    # Without a time limit: importing the SDK takes what the machine takes.
    await asyncio.wait({keeper.begin()})
    try:
        yield answers_of
    finally:
        await keeper.close()


@pytest.fixture
def service():
    """`asking`."""
    return asking


@pytest.fixture
def services_by_model():
    """`asking_by_model`."""
    return asking_by_model


@pytest.fixture
def make_prompt():
    """`prompt_of`."""
    return prompt_of
