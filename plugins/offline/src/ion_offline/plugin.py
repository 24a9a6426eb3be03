"""The generator plugin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

from ion_framework import PluginContext, hookimpl
from ion_framework.domain.language import Language
from ion_framework.domain.prompt import Prompt
from ion_framework.pipeline.chunks import Chunk, Finish, TextChunk
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.pipeline.turn import Turn
from ion_offline.composer import compose
from ion_offline.lexicon import english_lexicon, korean_lexicon, social_patterns
from ion_offline.material import read_turn
from ion_offline.phrasebook import phrasebook
from ion_offline.pieces import pieces

_NAME = "offline"

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

    @hookimpl
    async def ion_startup(self) -> None:
        """Read the phrases and word lists, so that the first turn does not wait for them."""
        for language in Language:
            phrasebook(language)
        english_lexicon()
        korean_lexicon()
        social_patterns()

    @hookimpl
    async def ion_generate(self, turn: Turn, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """Compose the answer and stream it clause by clause.

        No tokens are spent and none are counted, so the usage stays empty.
        """
        material = read_turn(turn, prompt, stands_in=self._language_model.available)
        text = compose(material, phrasebook(prompt.language), prompt.mode)
        for piece in pieces(text):
            yield TextChunk(piece)
            await self._sleep(self._pause(piece))
        yield Finish(model=self.model)

    def _pause(self, piece: str) -> float:
        """Seconds until the next piece; 0 only lets others run, so that a caller can stop us."""
        if not self._words_per_second:
            return 0
        return len(piece.split()) / self._words_per_second


def plugin(context: PluginContext) -> OfflineGenerator:
    """The plugin's factory."""
    pace = context.settings["words_per_second"]
    return OfflineGenerator(
        context.version,
        words_per_second=float(str(pace)),
        language_model=context.language_model,
    )
