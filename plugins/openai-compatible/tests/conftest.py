"""A fake server, and one upstream that asks it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver
from ion_openai_compatible.address import server_address
from ion_openai_compatible.chat_request import RequestForm
from ion_openai_compatible.served import ServedModel
from ion_openai_compatible.transport import Transport, TransportSettings
from ion_openai_compatible.upstream import OpenAIUpstream
from structlog import get_logger

from ion_framework import Finish, Prompt
from ion_framework.domain.language import Language
from ion_framework.domain.prices import PriceTable
from ion_framework.errors import GenerationError
from ion_framework.pipeline.chunks import Chunk
from ion_framework.testing import FakeOpenAI
from ion_framework.testing.model_servers.faults import Behaviour

KEY = "sk-S3CRET"
PROMPT = Prompt("test", "1", "Be kind.", (), "S3CRET question", Language.ENGLISH)


class Service:
    """A server and the upstream that asks it.

    Args:
        fake: the fake.
        url: the address of another server; empty for that of the fake.
        settings: how connections are made.
        names: makes what resolves names.
    """

    key = KEY

    def __init__(
        self,
        fake: FakeOpenAI,
        url: str = "",
        settings: TransportSettings | None = None,
        names: Callable[[], AbstractResolver] = ThreadedResolver,
    ) -> None:
        self.fake = fake
        address = server_address(url or fake.base_url)
        self.transport = Transport(address, KEY, settings, names=names)
        self.served = ServedModel(self.transport, get_logger())
        prices = PriceTable.read(["m 1 2 0.5"])
        self.upstream = OpenAIUpstream(self.transport, self.served, RequestForm(), prices)

    def stream(self, model: str = "m") -> AsyncGenerator[Chunk, None]:
        """The chunks of an answer."""
        return self.upstream.stream(model, PROMPT)

    async def ask(self, model: str = "m") -> tuple[str, Finish]:
        """Text and end of an answer."""
        text = ""
        async with aclosing(self.stream(model)) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, Finish):
                    return text, chunk
                text += chunk.text
        raise AssertionError("the stream ended without a Finish and without an error")

    async def failure(self, model: str = "m") -> GenerationError:
        """The error of an answer."""
        with pytest.raises(GenerationError) as caught:
            await self.ask(model)
        return caught.value


@asynccontextmanager
async def serve(
    *behaviours: Behaviour,
    url: str = "",
    settings: TransportSettings | None = None,
    names: Callable[[], AbstractResolver] = ThreadedResolver,
    **options: Any,
) -> AsyncIterator[Service]:
    """A service that meets these behaviours, the last of them for ever.

    Args:
        behaviours: what the fake does.
        url: the address of another server than the fake.
        settings: how connections are made.
        names: makes what resolves names.
        options: of the fake.
    """
    async with FakeOpenAI(api_key=KEY, **options) as fake:
        if behaviours:
            fake.behave(behaviours[-1])
            fake.behave_next(*behaviours[:-1])
        running = Service(fake, url, settings, names)
        try:
            yield running
        finally:
            await running.transport.close()


@pytest.fixture
def service() -> Callable[..., AbstractAsyncContextManager[Service]]:
    """Starts services."""
    return serve
