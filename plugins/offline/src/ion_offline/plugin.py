"""The generator plugin."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable

from ion_framework import PluginContext, hookimpl
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.chunks import Chunk, Finish, TextChunk
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.turn import Turn

_NAME = "offline"

_SOON_S = 2.0
"""Seconds after startup at which phrases are read although a language model answers."""

Sleep = Callable[[float], Awaitable[object]]


class OfflineGenerator:
    """Answers without a model.

    Attributes:
        model: name and version, as every `Finish` has it; part of every cache key, since other
            phrases make other answers.

    Args:
        version: version of the distribution.
        words_per_second: how fast answers stream; 0 means as fast as they are taken.
        sleep: how to wait.
        language_model: what tells whether a language model is asked before this generator.
    """

    def __init__(
        self,
        version: str,
        words_per_second: float = 0,
        sleep: Sleep = asyncio.sleep,
        language_model: LanguageModel | None = None,
    ) -> None:
        self.model = f"{_NAME}-{version}"
        self._words_per_second = words_per_second
        self._sleep = sleep
        self._language_model = language_model or LanguageModel.missing()
        self._soon: asyncio.TimerHandle | None = None

    @hookimpl
    async def ion_startup(self) -> None:
        """Read the phrases and word lists, so that the first turn does not wait for them.

        It takes 50 ms. Behind a language model, which answers the first turn as a rule, the start
        does not wait for them either.
        """
        if self._language_model.available:
            self._soon = asyncio.get_running_loop().call_later(_SOON_S, _begin_to_read)
        else:
            _read()

    @hookimpl
    async def ion_shutdown(self) -> None:
        """Read nothing any more."""
        if self._soon is not None:
            self._soon.cancel()

    @hookimpl
    async def ion_generate(self, turn: Turn, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Compose the answer and stream it clause by clause.

        No tokens are spent and none are counted, so the usage stays empty.
        """
        from ion_offline.answering import answer  # 30 ms, and as a rule imported by now

        for piece in answer(turn, prompt, stands_in=self._language_model.available):
            yield TextChunk(piece)
            await self._sleep(self._pause(piece))
        yield Finish(model=self.model)

    def _pause(self, piece: str) -> float:
        """Seconds until the next piece; 0 only lets others run, so that a caller can stop us."""
        if not self._words_per_second:
            return 0
        return len(piece.split()) / self._words_per_second


def _begin_to_read() -> None:
    threading.Thread(target=_read, name="ion-offline-read", daemon=True).start()


def _read() -> None:
    from ion_offline.answering import read_phrases  # see ion_startup

    read_phrases()


def plugin(context: PluginContext) -> OfflineGenerator:
    """The plugin's factory."""
    pace = context.settings["words_per_second"]
    return OfflineGenerator(
        context.version,
        words_per_second=float(str(pace)),
        language_model=context.language_model,
    )
