"""What the service's messages mean for an answer.

A stream may look complete and not be: the SDK ends normally where a connection was closed in the
middle, and gives no text and no error for a blocked prompt or an empty body. Only a finish reason
says that an answer is at its end, and only STOP that it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from ion_framework.domain.dialogue import sendable
from ion_framework.domain.prices import PriceTable
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk, Usage

if TYPE_CHECKING:
    from google.genai import types

_DECLINED = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"}
)
_REASONS = {"STOP": FinishReason.STOP, "MAX_TOKENS": FinishReason.LENGTH} | dict.fromkeys(
    _DECLINED, FinishReason.SAFETY
)
_MODEL_VERSION = re.compile(r"[A-Za-z0-9._/@:-]{1,128}")


class Reading:
    """One answer, as far as it has been read.

    Attributes:
        finish: its end, None before it.

    Args:
        model: the model that was asked.
        prices: what it costs.
    """

    def __init__(self, model: str, prices: PriceTable) -> None:
        self.finish: Finish | None = None
        self._model = model
        self._named = model
        self._prices = prices
        self._usage = Usage()
        self._spoke = False
        self._said_anything = False

    def read(self, message: types.GenerateContentResponse) -> Iterator[Chunk]:
        """The chunks in a message; sets `finish` at the end of the answer.

        Raises:
            GenerationError: ``empty``: the answer is at its end and has no text.
        """
        if message.model_version and _MODEL_VERSION.fullmatch(message.model_version):
            self._named = message.model_version
        if message.usage_metadata is not None:
            self._usage = _usage(message.usage_metadata)
        self._said_anything |= bool(message.usage_metadata or message.candidates)
        feedback = message.prompt_feedback
        if feedback is not None and feedback.block_reason is not None:
            yield self._end(FinishReason.SAFETY, repeatable=True)
            return
        candidate = message.candidates[0] if message.candidates else None
        if candidate is None:
            return
        yield from self._texts(candidate)
        if candidate.finish_reason is not None:
            yield self._ended(str(candidate.finish_reason.value))

    def cut_off(self) -> GenerationError:
        """What it means that no more messages come although `finish` is None."""
        if self._spoke:
            return GenerationError(FailureCause.CUT_OFF, "the stream ended without a finish reason")
        if not self._said_anything:
            return GenerationError(FailureCause.EMPTY, "the service sent an empty answer")
        return GenerationError(FailureCause.EMPTY, "the answer held no candidate with text")

    def _texts(self, candidate: types.Candidate) -> Iterator[TextChunk]:
        parts = candidate.content.parts if candidate.content else None
        for part in parts or ():
            if part.text and not part.thought:
                self._spoke = True
                yield TextChunk(sendable(part.text))

    def _ended(self, reason: str) -> Finish:
        if reason in _DECLINED or self._spoke:
            return self._end(_REASONS.get(reason, FinishReason.OTHER))
        if reason == "MAX_TOKENS":
            raise GenerationError(
                FailureCause.EMPTY,
                "all output tokens went into thinking: raise max_output_tokens of the persona, "
                "or lower thinking_budget or thinking_level of the plugin",
            )
        raise GenerationError(FailureCause.EMPTY, "the answer ended without text")

    def _end(self, reason: FinishReason, *, repeatable: bool = False) -> Finish:
        cost = self._prices.cost_usd(self._usage, self._model, self._named)
        self.finish = Finish(
            reason,
            attrs.evolve(self._usage, cost_usd=cost),
            self._named,
            repeatable=repeatable,
        )
        return self.finish


def _usage(counted: types.GenerateContentResponseUsageMetadata) -> Usage:
    """Tokens: thoughts are output, which they are paid as.

    Where the service counts anything, what it leaves out is 0: its encoding omits zeros.
    """
    said, thought = counted.candidates_token_count, counted.thoughts_token_count
    given, cached = counted.prompt_token_count, counted.cached_content_token_count
    if (said, thought, given, cached) == (None, None, None, None):
        return Usage()
    return Usage(given or 0, (said or 0) + (thought or 0), cached or 0)
