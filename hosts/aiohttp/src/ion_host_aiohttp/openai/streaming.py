"""``POST /v1/chat/completions`` with ``stream``: the answer in chunks, while it is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from ion_framework.errors import TurnError, TurnRefusedError
from ion_framework.pipeline.answering import SAFETY
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.reply import Reply, ReplyDelta, ReplyDone, ReplyEvent, ReplyStarted
from ion_host_aiohttp.api import headers
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.api.streams import Stream, sse_event
from ion_host_aiohttp.errors import openai as errors_openai
from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.openai.answer import FINISH_WORDS, unless_broken, usage_of
from ion_host_aiohttp.openai.asked import Asked
from ion_host_aiohttp.openai.messages import FIELD
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import remember, settle, turn_failure

DONE = sse_event(b"[DONE]")


def stream_completion(asked: Asked, call: Call[Any], service: Service) -> Stream:
    """The answer as a stream.

    Args:
        asked: what is asked.
        call: who asks.
        service: the running host.
    """

    def failed(failure: Failure) -> bytes:
        telling = errors_openai.telling_of(service.catalogue, call.asked)
        return sse_event(encode(errors_openai.body(failure, telling, call.request_id)))

    making = _Making(asked, call, service)
    return Stream(chunks=making.chunks(), headers=making.headers, log=making.log, failed=failed)


class _Making:
    """One answer that is streamed.

    Attributes:
        headers: response headers, complete when the first chunk is there.
        log: fields for the log line, complete at the end.

    Args:
        asked: what is asked.
        call: who asks.
        service: the running host.
    """

    def __init__(self, asked: Asked, call: Call[Any], service: Service) -> None:
        self.headers: dict[str, str] = {}
        self.log: dict[str, str] = {}
        self._asked = asked
        self._call = call
        self._service = service
        self._ending = asked.ending()
        self._reply: Reply | None = None
        self._heard = 0
        self._has_begun = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """The chunks, the last of them ``[DONE]``.

        Nothing is given out before there is text, so that a turn that fails until then is an
        ordinary error response, which clients know when to repeat.

        Raises:
            RequestFailed: the turn ended without an answer, or its answer broke off.
        """
        try:
            async with aclosing(self._texts()) as texts:
                async for text in texts:
                    for chunk in self._delta({"content": text}):
                        yield chunk
            finish = self._ending.reason or unless_broken(self._end_of_reply())
        except TurnRefusedError as error:
            if error.code != SAFETY or self._has_begun:
                raise turn_failure(error, self._asked.turn, self._service, FIELD) from error
            self.log["refused_by"] = error.guard
            finish = FinishReason.SAFETY
            for chunk in self._delta({"refusal": str(error)}):
                yield chunk
        except TurnError as error:
            raise turn_failure(error, self._asked.turn, self._service, FIELD) from error
        for chunk in self._last(finish):
            yield chunk

    def _end_of_reply(self) -> FinishReason:
        return self._reply.finish_reason if self._reply else FinishReason.TRUNCATED

    async def _texts(self) -> AsyncGenerator[str, None]:
        """The text of the answer as far as it goes out."""
        service, started = self._service, self._service.clock.monotonic()
        try:
            async with aclosing(service.ion.stream(self._asked.turn)) as events:
                async for event in events:
                    text = self._text_of(event)
                    if text:
                        yield text
                    if self._ending.is_over:
                        break
        finally:
            service.traffic.turn_ended(service.clock.monotonic() - started)
            await self._book()

    def _text_of(self, event: ReplyEvent) -> str:
        """What an event adds to the text."""
        match event:
            case ReplyStarted():
                self.headers[headers.PERSONA] = headers.header_safe(event.persona)
                self.log["persona"] = event.persona
            case ReplyDelta():
                self._heard += len(event.text)
                return self._ending.take(event.text)
            case ReplyDone():
                self._reply = event.reply
                self.log["cache"] = event.reply.receipt.cache.status.value
                if event.reply.degraded:
                    self.log["degraded"] = event.reply.degraded
                return self._ending.rest(event.reply.usage.output_tokens)
        return ""

    async def _book(self) -> None:
        """Take what was spent from the caller's budget; by estimate where nobody heard it out."""
        if self._reply is not None:
            await settle(self._service, self._call.caller, self._reply)
            remember(self._service, self._call.caller, self._asked.turn, self._reply)
        elif self._heard:
            told = usage_of(Usage(), self._asked.characters, self._heard)
            await self._service.limiter.book(self._call.caller, told.total_tokens)

    def _delta(self, delta: Mapping[str, str]) -> list[bytes]:
        """The chunk that holds this, with the one that names the role before the first."""
        found = [] if self._has_begun else [self._chunk({"role": "assistant", "content": ""})]
        self._has_begun = True
        return [*found, self._chunk(delta)]

    def _last(self, finish: FinishReason) -> list[bytes]:
        found = self._delta({})[:-1]
        degraded = self._reply.degraded if self._reply else ""
        more = {"ion_degraded": degraded} if degraded else {}
        found.append(self._chunk({}, FINISH_WORDS[finish], **more))
        if self._asked.include_usage:
            usage = self._reply.usage if self._reply else Usage()
            told = self._asked.usage(usage, self._heard)
            found.append(self._event({"choices": [], "usage": told}))
        return [*found, DONE]

    def _chunk(self, delta: Mapping[str, str], finish: str | None = None, **more: str) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._asked.include_usage else {}
        return self._event({"choices": [choice], **usage, **more})

    def _event(self, members: Mapping[str, object]) -> bytes:
        asked = self._asked
        chunk = {
            "id": asked.id,
            "object": "chat.completion.chunk",
            "created": asked.created,
            "model": asked.model,
            "system_fingerprint": asked.fingerprint,
            **members,
        }
        return sse_event(encode(chunk))
