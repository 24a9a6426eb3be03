"""A server that speaks the OpenAI protocol and fails as told, for tests of what talks to one.

It serves ``/v1/chat/completions`` (unary and streamed) and ``/v1/models``, and plays the
behaviours of `ion_framework.testing.model_servers.faults`::

    >>> import asyncio
    >>> from aiohttp import ClientSession
    >>> from ion_framework.testing import FakeOpenAI
    >>> from ion_framework.testing.model_servers.faults import Answer
    >>> async def main():
    ...     async with FakeOpenAI() as fake, ClientSession() as session:
    ...         fake.behave(Answer(("You said: ", "{user}")))
    ...         question = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
    ...         address = f"{fake.base_url}/chat/completions"
    ...         async with session.post(address, json=question) as response:
    ...             return (await response.json())["choices"][0]["message"]["content"]
    >>> asyncio.run(main())
    'You said: hi'

Finish reasons are given in Gemini's spelling and said as this protocol does: STOP is ``stop``,
MAX_TOKENS ``length``, what is forbidden ``content_filter``; any other goes over the wire in lower
case, which no client of the protocol knows.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from ion_framework.clock import Clock
from ion_framework.testing.model_servers import openai_refusals as refusals
from ion_framework.testing.model_servers.behaviours import Answer, Failure, PromptBlocked, WireUsage
from ion_framework.testing.model_servers.dialect import (
    Call,
    Catalog,
    Document,
    Kind,
    Piece,
    RawRequest,
    encoded,
    filled,
    parsed,
    text_of,
)
from ion_framework.testing.model_servers.server import FakeServer

LISTED = ("fake-model",)
CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
_FINISH = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
}


class FakeOpenAI(FakeServer):
    """A server of the OpenAI protocol on a free port of this machine; `base_url` ends in ``/v1``.

    Args:
        api_key: the only key that is accepted; None accepts every request.
        models: the models that exist; None answers for every name and lists one.
        clock: times of the records.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        models: Collection[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        dialect = _OpenAIDialect(api_key, Catalog(models, LISTED))
        super().__init__(dialect, prefix="/v1", clock=clock)


class _OpenAIDialect:
    def __init__(self, api_key: str | None, models: Catalog) -> None:
        self._api_key = api_key
        self._models = models
        self._ids = count(1)

    # --- requests --------------------------------------------------------------------------------

    def read(self, request: RawRequest) -> Call:
        """What is asked for, by the path and the document; and what is wrong with it."""
        listing = request.path == MODELS or request.path.startswith(f"{MODELS}/")
        if not listing and request.path != CHAT:
            return Call(path=request.path, refusal=refusals.unknown_path(request))
        body = None if listing else parsed(request.body)
        fields = body if isinstance(body, dict) else {}
        named = request.path.removeprefix(MODELS).strip("/") if listing else fields.get("model")
        model = named if isinstance(named, str) else ""
        return Call(
            kind=Kind.LISTING if listing else Kind.GENERATE,
            model=model,
            streamed=fields.get("stream") is True,
            body=body,
            path=request.path,
            refusal=self._refusal(request, "GET" if listing else "POST", body, model),
        )

    def _refusal(self, request: RawRequest, method: str, body: Any, model: str) -> Document | None:
        if request.method != method:
            return refusals.wrong_method(request)
        wrong = refusals.wrong_key(request, self._api_key)
        if wrong is None and method == "POST":
            wrong = refusals.wrong_body(body)
        if wrong is None and self._models.lacks(model):
            wrong = refusals.unknown_model(model)
        return wrong

    # --- answers ---------------------------------------------------------------------------------

    def whole(self, call: Call, answer: Answer) -> Document:
        """The answer as one document, or the listing."""
        if call.kind is Kind.LISTING:
            return Document(200, encoded(self._listing(call)), refusals.JSON)
        message = {"role": "assistant", "content": _text(call, answer), "refusal": None}
        if answer.thoughts:
            message["reasoning_content"] = "".join(answer.thoughts)
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": _finish(answer.finish),
        }
        return self._document(call, [choice], answer.usage)

    def pieces(self, call: Call, answer: Answer) -> Iterator[Piece]:
        """The role, one event a chunk, the finish reason, the usage if asked for, the end."""
        options = call.body.get("stream_options") or {}
        told = bool(options.get("include_usage"))
        said = _last_message(call.body)
        common = self._common(call, "chat.completion.chunk") | ({"usage": None} if told else {})

        def piece(delta: dict[str, str], finish: str | None = None, token: bool = False) -> Piece:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
            return Piece(self.event(encoded(common | {"choices": [choice]})), token)

        yield piece({"role": "assistant", "content": ""})
        for text in answer.thoughts:
            yield piece({"reasoning_content": text}, token=True)
        for text in answer.chunks:
            yield piece({"content": filled(text, said)}, token=True)
        yield piece({}, _finish(answer.finish))
        if told and answer.usage is not None:
            last = common | {"choices": [], "usage": _usage(answer.usage)}
            yield Piece(self.event(encoded(last)), token=False)
        yield Piece(self.event(b"[DONE]"), token=False)

    def failure(self, call: Call, failure: Failure) -> Document:
        """The error document of the status."""
        return refusals.failure(call, failure)

    def blocked(self, _: Call, behaviour: PromptBlocked) -> Document:
        """A 400, as the hosted services of this protocol send it."""
        return refusals.blocked(behaviour)

    def no_candidates(self, call: Call) -> Document:
        """A document with an empty list of choices."""
        return self._document(call, [], WireUsage(4, 0))

    def event(self, document: bytes) -> bytes:
        """One event."""
        return b"data: " + document + b"\n\n"

    # --- documents -------------------------------------------------------------------------------

    def _common(self, call: Call, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-fake-{next(self._ids)}",
            "object": kind,
            "created": int(time.time()),
            "model": call.model,
        }

    def _document(
        self, call: Call, choices: list[dict[str, Any]], usage: WireUsage | None
    ) -> Document:
        kind = "chat.completion.chunk" if call.streamed else "chat.completion"
        content = self._common(call, kind) | {"choices": choices}
        counted = {} if usage is None else {"usage": _usage(usage)}
        return Document(200, encoded(content | counted), refusals.JSON)

    def _listing(self, call: Call) -> dict[str, Any]:
        if call.model:
            return _model(call.model)
        return {"object": "list", "data": [_model(name) for name in self._models.listed]}


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "fake"}


def _finish(reason: str) -> str:
    return _FINISH.get(reason, reason.lower())


def _text(call: Call, answer: Answer) -> str:
    said = _last_message(call.body)
    return "".join(filled(text, said) for text in answer.chunks)


def _last_message(body: dict[str, Any]) -> str:
    for message in reversed(body["messages"]):
        if message.get("role") == "user":
            content = message.get("content")
            return text_of(content if isinstance(content, list) else [{"text": content}])
    return ""


def _usage(usage: WireUsage) -> dict[str, Any]:
    """Here what was thought counts as output, and is told apart in the details."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens + usage.thought_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.thought_tokens},
    }
