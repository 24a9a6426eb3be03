"""What a generator streams: pieces of text, then one `Finish`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import TypeAlias

import attrs


class FinishReason(StrEnum):
    """Why a generation ended. Only ``stop`` is a complete, successful answer."""

    STOP = "stop"
    LENGTH = "length"
    SAFETY = "safety"
    TRUNCATED = "truncated"
    OTHER = "other"


@attrs.frozen
class Usage:
    """Tokens of one generation; None where the model does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None


@attrs.frozen
class TextChunk:
    """A piece of the answer, in order; never empty."""

    text: str


@attrs.frozen
class Finish:
    """The end of a generation. A stream that ends without one was cut off.

    Attributes:
        reason: why it ended.
        usage: tokens spent.
        model: the model that answered, as it names itself.
    """

    reason: FinishReason = FinishReason.STOP
    usage: Usage = attrs.field(factory=Usage)
    model: str = ""


Chunk: TypeAlias = TextChunk | Finish
ChunkStream: TypeAlias = AsyncIterator[Chunk]
