"""Asking the active language model a question of a plugin's own, beside the answer to the user.

A plugin that needs a model's judgement (an analyser, a summariser) has no business with keys,
addresses and protocols: the generator that answers the turns has them already.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import attrs

from ion_framework.clock import Clock, SystemClock
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import NoAnswerError
from ion_framework.pipeline.chunks import FinishReason, TextChunk, Usage
from ion_framework.pipeline.generation import RETRY_AFTER_S
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn
from ion_framework.settings.model import TurnSettings

LONGEST_COMPLETION = 32_000
"""Characters after which an answer is not read on: nobody waits for a model that babbles."""

NO_LANGUAGE_MODEL = (
    "no language model is active: install a generator for one (ion-gemini, for example), and see "
    "`ion plugins` for what is installed"
)


@attrs.frozen
class Completion:
    """What a language model answered.

    Attributes:
        text: the answer, empty where the model declined.
        reason: why it ended; only ``stop`` is complete.
        generator: the plugin that asked the model.
        model: the model, as far as known.
        usage: tokens spent.
    """

    text: str = attrs.field(repr=False)
    reason: FinishReason
    generator: str
    model: str
    usage: Usage


class LanguageModel:
    """The language model of an installation: the generator that is asked first in every turn.

    Generators whose manifest says ``fallback = true`` answer without a model, or for want of one,
    and are not asked. Nor is the plugin that asks, so that a generator cannot ask itself.

    Nothing is cached, transformed or told to observers, and a failure does not degrade the reply.

    Args:
        hooks: the hooks, asked for at every call: plugins come and go.
        limits: how long a model may take; the limit of a call goes before them.
        clock: the clock.
        asker: name of the plugin that asks.
    """

    def __init__(
        self, hooks: Callable[[], Hooks], limits: TurnSettings, clock: Clock, asker: str
    ) -> None:
        self._hooks = hooks
        self._limits = limits
        self._clock = clock
        self._asker = asker

    @classmethod
    def missing(cls) -> LanguageModel:
        """One that is not there, for a plugin outside an `Ion`."""
        limits = TurnSettings()
        return cls(lambda: Hooks({}, {}, limits), limits, SystemClock(), "")

    @property
    def available(self) -> bool:
        """Whether there is one to ask; known from the start of the first turn on."""
        return self._generator() is not None

    async def ask(self, turn: Turn, prompt: Prompt, limit_s: float) -> Completion:
        """Ask it.

        Args:
            turn: the turn on whose behalf; the generator sees it as it stands.
            prompt: the question.
            limit_s: seconds for the whole answer.

        Raises:
            NoAnswerError: there is none (``retry_after_s`` is None then), it failed, it took too
                long or it found no end. The message names plugins and holds nothing that the
                model or the generator said.
        """
        item = self._generator()
        if item is None:
            raise NoAnswerError("generate", NO_LANGUAGE_MODEL)
        trace = Trace(self._clock, limit_s)
        generation = self._hooks().generation(trace, (item,))
        pieces: list[str] = []
        length = 0
        async with aclosing(generation.chunks({"turn": turn, "prompt": prompt})) as chunks:
            async for chunk in chunks:
                if isinstance(chunk, TextChunk):
                    pieces.append(chunk.text)
                    length += len(chunk.text)
                if length > LONGEST_COMPLETION:
                    raise _failure(f"the generator {item.plugin} found no end")
        finish = generation.finish
        if generation.failures or finish is None:
            raise _failure("; ".join(generation.failures), "; ".join(generation.details))
        return Completion(
            "".join(pieces), finish.reason, generation.plugin, generation.model, finish.usage
        )

    def _generator(self) -> Implementation | None:
        for item in self._hooks().of("ion_generate"):
            return None if item.fallback or item.plugin == self._asker else item
        return None


def _failure(message: str, detail: str = "") -> NoAnswerError:
    return NoAnswerError("generate", message, RETRY_AFTER_S, detail=detail)
