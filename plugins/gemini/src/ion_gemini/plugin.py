"""What the entry point names: the generator that asks Gemini."""

from __future__ import annotations

import random as random_module
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING

from ion_framework import PluginContext, hookimpl
from ion_framework.clock import Clock
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.chunks import Chunk
from ion_framework.pipeline.turn import Turn
from ion_framework.resilience.streaming import ResilientStream
from ion_gemini.client import ClientKeeper, make_clients
from ion_gemini.settings import GeminiSettings
from ion_gemini.upstream import GeminiUpstream

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from structlog.typing import FilteringBoundLogger


class Gemini:
    """Answers with a model of Google's.

    Attributes:
        model: the preferred model, as callers are told it.
        cache_identity: what an answer depends on beside its prompt; part of every cache key.
        answers: deadlines, retries, fallback models and breakers.

    Args:
        settings: the settings, checked.
        clock: the clock.
        logger: the log.
        random: a number from 0 to below 1.
        credentials: of a Vertex AI project; by default those that Google's login finds.
    """

    def __init__(
        self,
        settings: GeminiSettings,
        *,
        clock: Clock,
        logger: FilteringBoundLogger,
        random: Callable[[], float] = random_module.random,
        credentials: Credentials | None = None,
    ) -> None:
        self.model = settings.model
        self.cache_identity = settings.cache_identity
        self._clients = ClientKeeper(partial(make_clients, settings, credentials))
        upstream = GeminiUpstream(settings, self._clients, clock.time)
        self.answers = ResilientStream(
            upstream, settings.models, settings, clock=clock, logger=logger, random=random
        )

    @hookimpl
    def ion_generate(self, turn: Turn, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The model's answer, streamed."""
        return self.answers.answer(prompt, turn)

    @hookimpl
    async def ion_startup(self) -> None:
        """Have the SDK's client made, so that no turn has to wait for it; does not wait either."""
        self._clients.begin_soon()

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Close the connections."""
        await self._clients.close()


def plugin(context: PluginContext) -> Gemini:
    """The plugin of one `Ion`; without a key and a project it is IDLE, and this is never called.

    Raises:
        SettingsError: a setting cannot work; names its key.
    """
    settings = GeminiSettings.read(context)
    return Gemini(settings, clock=context.clock, logger=context.logger)
