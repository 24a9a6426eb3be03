"""``POST /v1/chat/completions``: the official clients talk to personas as to any model."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import attrs

from ion_framework.errors import TurnRefusedError
from ion_framework.pipeline.answering import SAFETY
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.reply import Reply
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api import headers
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.streams import Stream
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.openai.answer import (
    BROKEN_OFF,
    FINISH_WORDS,
    ChatCompletion,
    CompletionChoice,
    CompletionMessage,
    CompletionUsage,
    FinishWord,
    unless_broken,
)
from ion_host_aiohttp.openai.asked import Asked, read_request
from ion_host_aiohttp.openai.messages import FIELD
from ion_host_aiohttp.openai.models import TAG, UNKNOWN
from ion_host_aiohttp.openai.schema import ChatCompletionRequest
from ion_host_aiohttp.openai.streaming import stream_completion
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import reply_answer, run_turn


async def complete(call: Call[ChatCompletionRequest], service: Service) -> Answer | Stream:
    """Answer a conversation, whole or as a stream."""
    asked = read_request(call, service)
    if call.body.stream:
        return stream_completion(asked, call, service)
    try:
        reply = await run_turn(service, call.caller, asked.turn, FIELD)
    except RequestFailed as error:
        cause = error.__cause__
        if not isinstance(cause, TurnRefusedError) or cause.code != SAFETY:
            raise
        return Answer(body=_declined(asked, str(cause)), log={"refused_by": cause.guard})
    answer = reply_answer(reply, _completion(asked, reply))
    named = {headers.PERSONA: headers.header_safe(reply.persona)}
    return attrs.evolve(answer, headers={**answer.headers, **named})


def _completion(asked: Asked, reply: Reply) -> ChatCompletion:
    ending = asked.ending()
    content = ending.take(reply.content)
    content += ending.rest(reply.usage.output_tokens)
    return _whole(
        asked,
        CompletionMessage(content=content),
        FINISH_WORDS[ending.reason or unless_broken(reply.finish_reason)],
        asked.usage(reply.usage, len(reply.content)),
    )


def _declined(asked: Asked, refusal: str) -> ChatCompletion:
    return _whole(
        asked,
        CompletionMessage(content=None, refusal=refusal),
        FINISH_WORDS[FinishReason.SAFETY],
        asked.usage(Usage(), len(refusal)),
    )


def _whole(
    asked: Asked, message: CompletionMessage, finish: FinishWord, usage: CompletionUsage
) -> ChatCompletion:
    return ChatCompletion(
        id=asked.id,
        created=asked.created,
        model=asked.model,
        choices=(CompletionChoice(message=message, finish_reason=finish),),
        usage=usage,
        system_fingerprint=asked.fingerprint,
    )


_DESCRIPTION = """\
The protocol of OpenAI's chat completions, for its clients: give them `/v1` of this host as their
base URL. `stream` gives `text/event-stream` of `chat.completion.chunk` objects and `[DONE]`; an
error after the first of them is `data: {"error": …}`.

- The last message of `user` is answered; the others of `user` and `assistant` are its history, of
  which a persona's prompt carries as much as its host is set to.
- `system`, `developer` and `tool` are the caller's material: they stand beside the user's message
  and never among the persona's own instructions.
- All messages together may have 32,000 characters; more is `context_length_exceeded`.
- A generator that does not keep to `max_tokens` is cut off at four characters a token.
- A message that a guard refuses is 400 `content_policy_violation`. Where the model declines, the
  answer has `finish_reason` `content_filter` and the persona's words in `refusal`.
- An answer that breaks off is an error, `answer_broken_off`: 502, or in a stream the last event, so
  that no client takes a piece for the whole. `length` means `max_tokens`, or that the model stopped
  for a reason of its own.
- Where the model fails before its first word, another generator stands in, as everywhere: the
  answer is 200 with the header `ION-Degraded`, in a stream with `ion_degraded` in the chunk that
  has the `finish_reason`. Whoever would rather have an error leaves no stand-in active.
"""

COMPLETIONS: Endpoint[Any] = Endpoint(
    method="POST",
    path="/v1/chat/completions",
    handler=complete,
    style=ErrorStyle.OPENAI,
    summary="Answer a conversation as a model of OpenAI's protocol.",
    description=_DESCRIPTION,
    request=ChatCompletionRequest,
    response=ChatCompletion,
    errors=(
        UNKNOWN,
        BROKEN_OFF,
        ErrorCase(
            HTTPStatus.BAD_REQUEST,
            "context_length_exceeded",
            "The messages have too many characters together.",
        ),
    ),
    scope=Scope.CHAT,
    runs_turns=True,
    tag=TAG,
    streams=True,
)
