"""A server of the OpenAI chat protocol, asked once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import aiohttp

from ion_framework.domain.prices import PriceTable
from ion_framework.domain.prompt import Prompt
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import Chunk, Finish, FinishReason, TextChunk
from ion_openai_compatible import documents, failures
from ion_openai_compatible.answer import AnswerReader
from ion_openai_compatible.chat_request import RequestForm, chat_request
from ion_openai_compatible.served import SERVED, ServedModel
from ion_openai_compatible.sse import EventDecoder, EventTooLongError, ServerEvent
from ion_openai_compatible.transport import Transport, read_at_most, transport_failure

LONGEST_EVENT = 1024 * 1024
"""Bytes of one event of a stream."""

LONGEST_DOCUMENT = 8 * 1024 * 1024
"""Bytes of an answer that comes as one document instead of a stream."""

LONGEST_QUIET_S = 0.25
"""Seconds for which more is awaited (usage, the mark of the end) once the finish reason came."""

END_S = 0.05
"""Seconds for which the end of a complete answer is awaited, so that its connection is kept."""

DONE = "[DONE]"
_OK = 200


class OpenAIUpstream:
    """The service behind the retries and deadlines; an `ion_framework` upstream of prompts.

    Args:
        transport: the connections to the server.
        served: says which model it is, where none is named.
        form: what requests look like.
        prices: the prices by model.
        quiet_s: seconds for which more is awaited once the finish reason came; less than those
            after which a whole answer would count as cut off.
    """

    def __init__(
        self,
        transport: Transport,
        served: ServedModel,
        form: RequestForm,
        prices: PriceTable,
        quiet_s: float = LONGEST_QUIET_S,
    ) -> None:
        self._transport = transport
        self._served = served
        self._form = form
        self._prices = prices
        self._quiet_s = quiet_s

    async def stream(self, model: str, request: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer: text chunks, then one `Finish`. Closing it closes the connection.

        Args:
            model: the model's id, or `SERVED` for the one that the server has.
            request: what to answer.

        Raises:
            GenerationError: every failure.
        """
        asked = self._of_served(request) if model == SERVED else self._asked(model, request)
        async with aclosing(asked) as chunks:
            try:
                async for chunk in chunks:
                    yield chunk
            except EventTooLongError as error:
                failure = GenerationError(FailureCause.BAD_ANSWER, f"the server sent {error}")
            except (aiohttp.ClientError, OSError) as error:
                failure = transport_failure(error, self._transport.address)
            else:
                return
        # Raised here and not where it was caught: what aiohttp raises shows headers, and with them
        # the key, to whoever walks from an exception to the one that it was raised from.
        raise failure

    async def _of_served(self, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer of the one model there is, looked up again where it was replaced."""
        name, spoke = await self._served.name(), False
        try:
            async with aclosing(self._asked(name, prompt)) as chunks:
                async for chunk in chunks:
                    spoke = True
                    yield chunk
        except GenerationError as error:
            failure = error
        else:
            return
        known = name
        if not spoke and failure.cause is FailureCause.UNKNOWN_MODEL:
            name = await self._served.name(wrong=known)
        if name == known:
            raise failure
        async with aclosing(self._asked(name, prompt)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _asked(self, name: str, prompt: Prompt) -> AsyncGenerator[Chunk, None]:
        """The answer of the model with this id."""
        body = chat_request(name, prompt, self._form)
        response = await self._transport.post("/chat/completions", body)
        try:
            if response.status != _OK:
                yield await self._refusal(response, name)
                return
            self._check_encoding(response)
            reader = AnswerReader(name, self._prices)
            streamed = response.content_type == "text/event-stream"
            read = self._streamed if streamed else self._whole
            async with aclosing(read(response, reader)) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            # Does nothing to a connection whose answer was read to its end: it is kept.
            response.close()

    async def _refusal(self, response: aiohttp.ClientResponse, model: str) -> Finish:
        """The end where the server declines the prompt.

        Raises:
            GenerationError: for everything else that is no answer.
        """
        failure, found = await self._transport.failure(response)
        if failures.refuses_prompt(found):
            return Finish(FinishReason.SAFETY, model=model, repeatable=True)
        raise failure

    def _check_encoding(self, response: aiohttp.ClientResponse) -> None:
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", ""):
            raise GenerationError(
                FailureCause.BAD_ANSWER, "the server compressed its answer although told not to"
            )

    # --- an answer in one piece -------------------------------------------------------------------

    async def _whole(
        self, response: aiohttp.ClientResponse, reader: AnswerReader
    ) -> AsyncGenerator[Chunk, None]:
        """The answer of a server that does not stream."""
        body = await read_at_most(response, LONGEST_DOCUMENT)
        if body is None:
            raise GenerationError(
                FailureCause.BAD_ANSWER, f"the answer has more than {LONGEST_DOCUMENT} bytes"
            )
        if not body.strip():
            raise GenerationError(FailureCause.EMPTY, "the server sent an empty answer")
        text = self._read(reader, ServerEvent(body.decode("utf-8", "replace"))) + reader.rest()
        if text:
            yield TextChunk(text)
        # A document that can be read is whole, whatever it says of its end.
        yield reader.finish(declared=True)

    # --- an answer in pieces ----------------------------------------------------------------------

    async def _streamed(
        self, response: aiohttp.ClientResponse, reader: AnswerReader
    ) -> AsyncGenerator[Chunk, None]:
        declared = False
        async with aclosing(_events(response)) as events:
            while not declared:
                event = await _next_event(events, None if reader.reason is None else self._quiet_s)
                if event is None:
                    break
                declared = event.data.strip() == DONE
                text = reader.rest() if declared else self._read(reader, event)
                if text:
                    yield TextChunk(text)
            if declared:
                await _await_end(response)
        yield reader.finish(declared=declared)

    def _read(self, reader: AnswerReader, event: ServerEvent) -> str:
        found = documents.document(event.data)
        if found is None:
            raise GenerationError(
                FailureCause.BAD_ANSWER, "the server sent something that is no JSON object"
            )
        if event.name == "error":
            raise failures.of_error_event(found)
        return reader.read(found)


async def _events(response: aiohttp.ClientResponse) -> AsyncGenerator[ServerEvent, None]:
    decoder = EventDecoder(LONGEST_EVENT)
    while received := await response.content.readany():
        for event in decoder.feed(received):
            yield event
    for event in decoder.end():
        yield event


async def _next_event(
    events: AsyncGenerator[ServerEvent, None], patience_s: float | None
) -> ServerEvent | None:
    """The next event; None at the end, or where none came in time."""
    limit = asyncio.timeout(patience_s)
    try:
        async with limit:
            return await anext(events, None)
    except TimeoutError:
        if not limit.expired():
            raise
        return None


async def _await_end(response: aiohttp.ClientResponse) -> None:
    """Read the last bytes of a complete answer, which free its connection for the next one."""
    try:
        async with asyncio.timeout(END_S):
            while await response.content.readany():
                pass
    except (TimeoutError, aiohttp.ClientError, OSError):
        # The answer is whole; only the connection is not worth keeping.
        return
