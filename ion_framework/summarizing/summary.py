"""What a summary is, and within which bounds it is made."""

from __future__ import annotations

from enum import StrEnum

import attrs

_RANGE = attrs.validators


class Method(StrEnum):
    """Who made a summary: the language model, the choice of sentences, or both in parts."""

    MODEL = "model"
    EXTRACTIVE = "extractive"
    MIXED = "mixed"


@attrs.frozen(kw_only=True)
class SummaryBounds:
    """How a summary is made.

    Attributes:
        chunk_chars: characters of the conversation that the model reads at once, 300 to 32000.
        concurrency: questions to the model at once, 1 to 32.
        timeout_s: seconds for the whole summary.
        characters: characters of the summary, 100 to 8000.
    """

    chunk_chars: int = attrs.field(default=1600, validator=[_RANGE.ge(300), _RANGE.le(32000)])
    concurrency: int = attrs.field(default=4, validator=[_RANGE.ge(1), _RANGE.le(32)])
    timeout_s: float = attrs.field(default=30.0, validator=_RANGE.gt(0))
    characters: int = attrs.field(default=800, validator=[_RANGE.ge(100), _RANGE.le(8000)])


@attrs.frozen(kw_only=True)
class Summary:
    """A summary of a conversation.

    Attributes:
        text: the summary, empty where nothing was said.
        method: who made it.
        chunks: pieces that the conversation was read in.
        questions: how often the model was asked.
        failures: what went wrong with the model, one sentence each, in the core's own words;
            empty where it was not asked.
    """

    text: str = attrs.field(repr=False)
    method: Method
    chunks: int
    questions: int = 0
    failures: tuple[str, ...] = ()
