"""What ``POST /v1/chat/completions`` answers, whole."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal, TypeAlias

import attrs

from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_host_aiohttp.api.endpoint import ErrorCase
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.openai.ending import estimated_tokens
from ion_host_aiohttp.receipts import LARGEST_AMOUNT

FinishWord: TypeAlias = Literal["stop", "length", "content_filter"]

FINISH_WORDS: Mapping[FinishReason, FinishWord] = {
    FinishReason.STOP: "stop",
    FinishReason.LENGTH: "length",
    FinishReason.SAFETY: "content_filter",
    FinishReason.OTHER: "length",
}
"""``length`` says that an answer is incomplete, which one is that ended for a reason of its model's
own. One that broke off has no word: it is an error, by `unless_broken`."""

BROKEN_OFF = ErrorCase(
    HTTPStatus.BAD_GATEWAY,
    "answer_broken_off",
    "The model began to answer and broke off; asking again may help.",
)


def unless_broken(finish: FinishReason) -> FinishReason:
    """The reason of an answer's end.

    Raises:
        RequestFailed: it broke off, which a client must not take for a whole answer.
    """
    if finish is not FinishReason.TRUNCATED:
        return finish
    message = say("openai_broken_off")
    raise RequestFailed(Failure(status=BROKEN_OFF.status, code=BROKEN_OFF.code, message=message))


@attrs.frozen(kw_only=True, slots=False)
class PromptTokens:
    """More of the tokens of the prompt.

    Attributes:
        cached_tokens: those that the model's service took from its own cache.
    """

    cached_tokens: int


@attrs.frozen(kw_only=True, slots=False)
class CompletionUsage:
    """The tokens of an answer; those of its first generation where it comes from a cache.

    Attributes:
        prompt_tokens: tokens of the prompt, the persona's own text included.
        completion_tokens: tokens of the answer.
        total_tokens: both.
        prompt_tokens_details: more of the prompt's; null where the model does not say.
        ion_estimated: whether one of the numbers is estimated, at four characters a token, of the
            messages and the answer alone, because the model does not say or was not heard out.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokens | None
    ion_estimated: bool


@attrs.frozen(kw_only=True, slots=False)
class CompletionMessage:
    """The answer.

    Attributes:
        role: who speaks.
        content: its text; null where the model declined.
        refusal: what the persona says where the model declined, else null.
    """

    role: Literal["assistant"] = "assistant"
    content: str | None
    refusal: str | None = None


@attrs.frozen(kw_only=True, slots=False)
class CompletionChoice:
    """The one answer of a completion."""

    index: int = 0
    message: CompletionMessage
    logprobs: None = None
    finish_reason: FinishWord


@attrs.frozen(kw_only=True, slots=False)
class ChatCompletion:
    """A whole answer.

    Attributes:
        id: names the answer, by the id of its request.
        object: the kind of this object.
        created: seconds since the Unix epoch.
        model: the model as it was asked for; the header ``ION-Persona`` names who answered.
        choices: the answer.
        usage: its tokens.
        system_fingerprint: stays the same as long as the same plugins and personas answer.
    """

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: tuple[CompletionChoice, ...]
    usage: CompletionUsage
    system_fingerprint: str


def usage_of(usage: Usage, asked: int, answered: int) -> CompletionUsage:
    """The tokens of an answer as the protocol has them; it knows no unknown ones.

    Args:
        usage: what the generator tells.
        asked: characters of the messages.
        answered: characters of the answer.
    """
    given, made = _number(usage.input_tokens), _number(usage.output_tokens)
    cached = _number(usage.cached_tokens)
    prompt = estimated_tokens(asked) if given is None else given
    answer = estimated_tokens(answered) if made is None else made
    return CompletionUsage(
        prompt_tokens=prompt,
        completion_tokens=answer,
        total_tokens=prompt + answer,
        prompt_tokens_details=None if cached is None else PromptTokens(cached_tokens=cached),
        ion_estimated=given is None or made is None,
    )


def _number(tokens: int | None) -> int | None:
    """Tokens as a number that arrives unchanged; of a third party's generator it may be none."""
    return None if tokens is None or tokens >= LARGEST_AMOUNT else int(tokens)
