"""The Gemini API, asked once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from ion_framework.domain.dialogue import dialogue_of
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk
from ion_gemini.client import ClientKeeper
from ion_gemini.closing import close_stream, release
from ion_gemini.failures import client_failure, failure_of
from ion_gemini.reading import Reading
from ion_gemini.request import config_of, contents_of
from ion_gemini.settings import GeminiSettings, is_model_id

if TYPE_CHECKING:
    from google import genai
    from google.genai import types

_END_S = 0.1
"""Seconds that a complete answer's connection may take to end, so that it can serve again."""

_STILL_MAKING = FailureCause.BUSY, "the SDK's client is still being made"


class GeminiUpstream:
    """An `ion_framework.resilience.streaming.Upstream`.

    Args:
        settings: the settings.
        clients: the SDK's client.
        now: seconds since the Unix epoch.
    """

    def __init__(
        self,
        settings: GeminiSettings,
        clients: ClientKeeper,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._prices = settings.price_table
        self._now = now

    async def stream(self, model: str, request: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer: text chunks, then one `Finish`.

        Raises:
            GenerationError: every failure.
        """
        reading = Reading(model, self._prices)
        try:
            async with aclosing(self._messages(model, request, reading)) as messages:
                async for message in messages:
                    for chunk in reading.read(message):
                        yield chunk
                    if reading.finish is not None:
                        return
        except Exception as error:  # noqa: BLE001  the SDK has no common base class of its errors
            failure = failure_of(error, now=self._now)
        else:
            failure = reading.cut_off()
        # Raised here and not where it was caught: what the SDK raises shows the request, and with
        # it key and prompt, to whoever walks from an exception to the one that it came from.
        raise failure

    async def _messages(
        self, model: str, prompt: Prompt, reading: Reading
    ) -> AsyncGenerator[types.GenerateContentResponse, None]:
        """What the service sends; closing it stops the service."""
        if not is_model_id(model):
            raise GenerationError(FailureCause.UNKNOWN_MODEL, "this is no id of a model", tries=0)
        dialogue = dialogue_of(prompt)
        models = (await self._client()).aio.models
        contents = contents_of(dialogue)
        config = config_of(dialogue.system, prompt.parameters, self._settings)
        if not self._settings.stream:
            yield await models.generate_content(model=model, contents=contents, config=config)
            return
        stream: AsyncIterator[types.GenerateContentResponse] = await models.generate_content_stream(
            model=model, contents=contents, config=config
        )
        try:
            async for message in stream:
                yield message
        except Exception as error:
            await release(error)
            raise
        finally:
            await close_stream(stream, _END_S if reading.finish is not None else 0.0)

    async def _client(self) -> genai.Client:
        """The SDK's client; the service is not to blame for what is wrong with it.

        Raises:
            GenerationError: ``busy`` where half the time for the first word went by while it was
                made, ``misconfigured`` or ``denied`` where it cannot be made.
        """
        limit = asyncio.timeout(self._settings.first_token_s / 2)
        try:
            async with limit:
                return (await self._clients.get()).genai
        except Exception as error:  # noqa: BLE001  settings, certificates, imports: all are typed
            failure = _STILL_MAKING if limit.expired() else client_failure(error)
        raise GenerationError(*failure, tries=0)
