"""A server that speaks Gemini's protocol and fails as told, for tests of what talks to Gemini.

It serves the paths of the Gemini API and of Vertex AI (with a project and without), unary and
streamed, and plays the behaviours of `ion_framework.testing.model_servers.faults`::

    >>> import asyncio
    >>> from aiohttp import ClientSession
    >>> from ion_framework.testing import FakeGemini, fault
    >>> async def main():
    ...     async with FakeGemini() as fake, ClientSession(fake.base_url) as session:
    ...         fake.behave_next(fault("quota-429"))
    ...         statuses = []
    ...         for _ in range(2):
    ...             path = "/v1/models/gemini-2.5-flash:generateContent"
    ...             question = {"contents": [{"parts": [{"text": "hi"}]}]}
    ...             async with session.post(path, json=question) as response:
    ...                 statuses.append(response.status)
    ...         return statuses, [request.behaviour for request in fake.requests]
    >>> asyncio.run(main())
    ([429, 200], ['quota-429', 'answer'])

Streams are served as events (``alt=sse``), which is what every client of today asks for; a stream
as one JSON array gets a 400 that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from ion_framework.clock import Clock
from ion_framework.testing.model_servers import gemini_refusals as refusals
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

LISTED = ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro")
METHODS = ("generateContent", "streamGenerateContent")


class FakeGemini(FakeServer):
    """A Gemini server on a free port of this machine.

    Args:
        api_key: the only key (or bearer token) that is accepted; None accepts every request.
        models: the models that exist; None answers for every name and lists a few.
        clock: times of the records.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        models: Collection[str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(_GeminiDialect(api_key, Catalog(models, LISTED)), clock=clock)


class _GeminiDialect:
    def __init__(self, api_key: str | None, models: Catalog) -> None:
        self._api_key = api_key
        self._models = models
        self._ids = count(1)

    # --- requests --------------------------------------------------------------------------------

    def read(self, request: RawRequest) -> Call:
        """What is asked for, by the path; and what is wrong with it."""
        match = refusals.PATH.fullmatch(request.path)
        if match is None or not _is_served(request.method, match["method"]):
            return Call(path=request.path, refusal=refusals.unknown_path(request.path))
        return Call(
            kind=Kind.LISTING if match["method"] is None else Kind.GENERATE,
            model=match["model"] or "",
            streamed=match["method"] == "streamGenerateContent",
            body=parsed(request.body),
            path=request.path,
            refusal=self._refusal(request, match["model"] or ""),
        )

    def _refusal(self, request: RawRequest, model: str) -> Document | None:
        wrong = refusals.wrong_key(request, self._api_key)
        if wrong is None and request.method == "POST":
            wrong = refusals.wrong_body(request)
        if wrong is None and self._models.lacks(model):
            wrong = refusals.unknown_model(request.path, model)
        return wrong

    # --- answers ---------------------------------------------------------------------------------

    def whole(self, call: Call, answer: Answer) -> Document:
        """The answer as one document, or the listing."""
        if call.kind is Kind.LISTING:
            return Document(200, encoded(self._listing(call)))
        parts = _parts(call, answer)
        document = self._document(call, _candidate(parts, answer.finish), answer.usage)
        return Document(200, encoded(document))

    def pieces(self, call: Call, answer: Answer) -> Iterator[Piece]:
        """One event a part; the finish reason and the full usage come with the last."""
        common = self._common(call)
        parts = _parts(call, answer)
        for part in parts[:-1]:
            partly = answer.usage and WireUsage(answer.usage.input_tokens, 0)
            event = _candidate([part], None) | _usage(partly) | common
            yield Piece(self.event(encoded(event)))
        last = _candidate(parts[-1:], answer.finish) | _usage(answer.usage) | common
        yield Piece(self.event(encoded(last)), token=bool(parts))

    def failure(self, call: Call, failure: Failure) -> Document:
        """The error document of the status."""
        return refusals.failure(call, failure)

    def blocked(self, call: Call, behaviour: PromptBlocked) -> Document:
        """A document without candidates that says why."""
        feedback = {"promptFeedback": {"blockReason": behaviour.reason}}
        return Document(200, encoded(self._document(call, feedback, WireUsage(4, 0))))

    def no_candidates(self, call: Call) -> Document:
        """A document with usage and nothing else."""
        return Document(200, encoded(self._document(call, {}, WireUsage(4, 0))))

    def event(self, document: bytes) -> bytes:
        """Gemini ends its lines as Windows does."""
        return b"data: " + document + b"\r\n\r\n"

    # --- documents -------------------------------------------------------------------------------

    def _common(self, call: Call) -> dict[str, Any]:
        return {"modelVersion": call.model, "responseId": f"fake-{next(self._ids)}"}

    def _document(
        self, call: Call, content: dict[str, Any], usage: WireUsage | None
    ) -> dict[str, Any]:
        return content | _usage(usage) | self._common(call)

    def _listing(self, call: Call) -> dict[str, Any]:
        if call.model:
            return _model(call.model)
        return {"models": [_model(name) for name in self._models.listed]}


def _is_served(http_method: str, method: str | None) -> bool:
    return http_method == "GET" if method is None else http_method == "POST" and method in METHODS


def _model(name: str) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": name,
        "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _parts(call: Call, answer: Answer) -> list[dict[str, Any]]:
    said = _last_message(call.body)
    thoughts: list[dict[str, Any]] = [{"text": text, "thought": True} for text in answer.thoughts]
    return thoughts + [{"text": filled(text, said)} for text in answer.chunks]


def _last_message(body: Any) -> str:
    """The text of the last content of the user; a content without a role is the user's."""
    for content in reversed(body["contents"] if isinstance(body, dict) else []):
        if content.get("role", "user") == "user":
            return text_of(content["parts"])
    return ""


def _candidate(parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"parts": parts, "role": "model"}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate]}


def _usage(usage: WireUsage | None) -> dict[str, Any]:
    if usage is None:
        return {}
    counts = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens,
        "cachedContentTokenCount": usage.cached_tokens,
        "thoughtsTokenCount": usage.thought_tokens,
    }
    # Protocol Buffers leave a zero out.
    told = {name: tokens for name, tokens in counts.items() if tokens}
    return {"usageMetadata": told | {"totalTokenCount": usage.total_tokens}}
