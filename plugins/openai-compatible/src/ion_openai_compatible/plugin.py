"""What the entry point names: the generator that asks a server of the OpenAI chat protocol."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ion_framework import PluginContext, hookimpl
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.chunks import Chunk
from ion_framework.pipeline.turn import Turn
from ion_framework.resilience.streaming import ResilientStream
from ion_openai_compatible.served import ServedModel
from ion_openai_compatible.settings import OpenAISettings
from ion_openai_compatible.transport import Transport
from ion_openai_compatible.upstream import OpenAIUpstream


class OpenAIGenerator:
    """Streams the answers of a model behind a server.

    Attributes:
        model: the preferred model, as callers are told it; where none is named it is the address
            of the server that decides.
        cache_identity: what an answer depends on beside its prompt; part of every cache key.

    Args:
        settings: the settings.
        transport: the connections to the server; closed with the plugin.
        answers: asks the server as often as makes sense.
    """

    def __init__(
        self, settings: OpenAISettings, transport: Transport, answers: ResilientStream[Prompt]
    ) -> None:
        self.model = settings.model or f"served-by-{transport.address.url}"
        self.cache_identity = settings.cache_identity
        self._transport = transport
        self._answers = answers

    @hookimpl
    async def ion_generate(self, turn: Turn, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer of the model, as the server streams it."""
        async with aclosing(self._answers.answer(prompt, turn)) as chunks:
            async for chunk in chunks:
                yield chunk

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Close the connections; the next answer, if there is one, makes new ones."""
        await self._transport.close()


def plugin(context: PluginContext) -> OpenAIGenerator:
    """The plugin of one `Ion`; without an address it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot be used.
    """
    settings = OpenAISettings.read(context)
    logger = context.logger
    transport = Transport(
        settings.address, settings.api_key or "", settings.transport, clock=context.clock
    )
    served = ServedModel(transport, logger)
    upstream = OpenAIUpstream(
        transport, served, settings.form, settings.price_table, settings.quiet_s
    )
    answers = ResilientStream(
        upstream, settings.models, settings, clock=context.clock, logger=logger
    )
    return OpenAIGenerator(settings, transport, answers)
