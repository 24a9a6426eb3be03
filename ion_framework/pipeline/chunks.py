"""What a generator streams: pieces of text, then one `Finish`."""

from __future__ import annotations

import math
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


def _tokens(value: int | None) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _price(value: float | None) -> float | None:
    return None if isinstance(value, int | float) and not 0 <= value < math.inf else value


@attrs.frozen
class Usage:
    """What one generation took; None where the model does not say.

    Tokens that are no whole number from 0 on, and a price that is negative or not finite, count as
    not said and become None: they come at the end of an answer that is good, and must neither cost
    that answer nor spoil anybody's sums.

    Attributes:
        input_tokens: tokens of the prompt, cached ones included.
        output_tokens: tokens of the answer, those of its reasoning included.
        cached_tokens: tokens of the prompt that the service took from its own cache.
        cost_usd: price in US dollars by the generator's price table, None without a price.
    """

    input_tokens: int | None = attrs.field(default=None, converter=_tokens)
    output_tokens: int | None = attrs.field(default=None, converter=_tokens)
    cached_tokens: int | None = attrs.field(default=None, converter=_tokens)
    cost_usd: float | None = attrs.field(default=None, converter=_price)


def _is_text(_: object, __: attrs.Attribute[str], value: object) -> None:
    # Checked where it is made, so that a mistake is told of the plugin that makes it.
    if not isinstance(value, str):
        raise TypeError(f"the text of a TextChunk is a str, not {type(value).__name__}")
    value.encode()


@attrs.frozen
class TextChunk:
    """A piece of the answer, in order; an empty one is passed over.

    Raises:
        TypeError: the text is no str.
        UnicodeEncodeError: the text has a lone surrogate, which nothing could send.
    """

    text: str = attrs.field(validator=_is_text)


@attrs.frozen
class Finish:
    """The end of a generation. A stream that ends without one was cut off.

    Attributes:
        reason: why it ended; its value (``"stop"``) will do.
        usage: tokens spent.
        model: the model that answered, as it names itself.
        tries: how often the service was asked for this answer.
        repeatable: for ``safety``: whether the service refused the prompt itself, and would again.
        degraded: why the answer is second best, such as which preferred model failed; empty where
            it is not. Callers read it: no secrets, and nothing of what a service wrote. A second
            best answer is flagged as such and never stored.
    """

    reason: FinishReason = attrs.field(default=FinishReason.STOP, converter=FinishReason)
    usage: Usage = attrs.field(factory=Usage, validator=attrs.validators.instance_of(Usage))
    model: str = attrs.field(default="", validator=attrs.validators.instance_of(str))
    tries: int = attrs.field(default=1, validator=attrs.validators.ge(1))
    repeatable: bool = False
    degraded: str = attrs.field(default="", validator=attrs.validators.instance_of(str))


Chunk: TypeAlias = TextChunk | Finish
ChunkStream: TypeAlias = AsyncIterator[Chunk]
