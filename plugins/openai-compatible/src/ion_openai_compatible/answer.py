"""From the documents of one answer to its text, its end and its usage."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from ion_framework.domain.prices import PriceTable
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Finish, FinishReason, Usage
from ion_openai_compatible import documents
from ion_openai_compatible.failures import of_error_event

LONGEST_TEXT = 1024 * 1024
"""Characters of an answer; the longest that a model is asked for has about 300,000."""

MODEL_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,256}")
"""The id of a model: no blanks. It travels inside a JSON document, so that any sign is safe."""

_REASONS = {
    "stop": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "content_filter": FinishReason.SAFETY,
}


class AnswerReader:
    """Reads the documents of one answer, whole ones and pieces alike.

    Attributes:
        reason: why the answer ended, None before the model says so.
        spoke: whether there was any text.

    Args:
        model: the model that was asked.
        prices: the prices by model.
    """

    def __init__(self, model: str, prices: PriceTable) -> None:
        self.reason: FinishReason | None = None
        self.spoke = False
        self._asked = model
        self._prices = prices
        self._named = model
        self._usage = Usage()
        self._length = 0
        self._refused = False
        self._half = ""

    def read(self, found: Mapping[str, Any]) -> str:
        """Take in a document.

        Returns:
            the text in it, empty where there is none.

        Raises:
            GenerationError: it is an error instead of an answer, or the answer gets too long.
        """
        if found.get("error") or found.get("object") == "error":
            raise of_error_event(found)
        self._note(found)
        choice = documents.first(found.get("choices"))
        if choice is None:
            return ""
        message = documents.table(choice.get("delta")) or documents.table(choice.get("message"))
        self._refused = self._refused or bool(message.get("refusal"))
        said = choice.get("finish_reason")
        if isinstance(said, str) and said:
            self.reason = _REASONS.get(said, FinishReason.OTHER)
        return self._text(documents.text(message.get("content")))

    def rest(self) -> str:
        """What is left of the text at the end: a sign for a character that came half."""
        half, self._half = self._half, ""
        return "\N{REPLACEMENT CHARACTER}" if half else ""

    def finish(self, *, declared: bool) -> Finish:
        """The end of the answer; nothing more comes.

        Args:
            declared: whether the server itself said that the answer is over. Where it did so
                without a finish reason the answer counts as unclear, and as cut off otherwise.

        Raises:
            GenerationError: there is no text, or the answer was cut off.
        """
        reason = FinishReason.SAFETY if self._refused else self.reason
        if reason is None and declared:
            reason = FinishReason.OTHER
        if reason is FinishReason.SAFETY:
            return self._end(reason)
        if not self.spoke:
            said = f" (finish reason {reason.value})" if reason else ""
            raise GenerationError(FailureCause.EMPTY, f"the answer holds no text{said}")
        if reason is None:
            raise GenerationError(FailureCause.CUT_OFF, "the answer ended without a finish reason")
        return self._end(reason)

    def _end(self, reason: FinishReason) -> Finish:
        cost_usd = self._prices.cost_usd(self._usage, self._asked, self._named)
        return Finish(reason, attrs.evolve(self._usage, cost_usd=cost_usd), self._named)

    def _note(self, found: Mapping[str, Any]) -> None:
        model = found.get("model")
        if isinstance(model, str) and MODEL_ID.fullmatch(model):
            self._named = model
        usage = documents.table(found.get("usage"))
        if usage:
            self._usage = _usage(usage)

    def _text(self, said: str) -> str:
        """The text without lone surrogates: JSON may split a character over two documents."""
        self._length += len(said)
        if self._length > LONGEST_TEXT:
            raise GenerationError(
                FailureCause.BAD_ANSWER, f"the answer is longer than {LONGEST_TEXT} characters"
            )
        said, self._half = self._half + said, ""
        if "\ud800" <= said[-1:] <= "\udbff":
            said, self._half = said[:-1], said[-1]
        if not said.isascii():
            said = said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.spoke = self.spoke or bool(said)
        return said


def _usage(counted: Mapping[str, Any]) -> Usage:
    """Tokens; where a server counts anything, what it leaves out is 0, as some encodings do."""
    given = documents.count(counted.get("prompt_tokens"))
    said = documents.count(counted.get("completion_tokens"))
    cached = documents.count(
        documents.table(counted.get("prompt_tokens_details")).get("cached_tokens")
    )
    if (given, said, cached) == (None, None, None):
        return Usage()
    return Usage(given or 0, said or 0, cached)
