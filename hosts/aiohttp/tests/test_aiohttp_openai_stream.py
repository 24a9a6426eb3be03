"""Streams of OpenAI's protocol: the wire, and the official client on it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from ion_host_aiohttp.service import ServiceLimits

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import FinishReason, Usage

openai = pytest.importorskip("openai", reason="openai is not installed")

PATH = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]
PATIENCE_S = 10


class Speaker:
    """A generator that gives out pieces, and then does what it is told.

    Args:
        pieces: its answer.
        end: the last chunk, or what it raises.
        waits: whether it says nothing more after its pieces until it is stopped.
    """

    def __init__(self, *pieces, end=None, waits=False):
        self.stopped = asyncio.Event()
        self._pieces = pieces
        self._end = end or Finish(usage=Usage(7, 5))
        self._waits = waits

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        try:
            for piece in self._pieces:
                yield TextChunk(piece)
            if self._waits:
                await asyncio.sleep(3600)
            if isinstance(self._end, Exception):
                raise self._end
            yield self._end
        finally:
            self.stopped.set()


@asynccontextmanager
async def speaking(hosting, make, speaker, **options):
    """A host whose generator this is, and the client."""
    plugins = (make.lua, make.analyzer, make.router, make.plugin("s", "generator", speaker))
    async with (
        hosting(*plugins, **options) as host,
        openai.AsyncOpenAI(base_url=f"{host.url}/v1", api_key="k", max_retries=0) as client,
    ):
        yield host, client


async def events(host, **more):
    """The events of a stream as they go over the wire, and the response."""
    body = {"model": "lua", "messages": HELLO, "stream": True, **more}
    async with host.session.post(PATH, json=body) as response:
        text = await response.text()
    assert text.endswith("\n\n")
    return text[:-2].split("\n\n"), response


async def gathered(stream, texts):
    """Add the texts of a stream to a list, so that they are there even if it breaks off."""
    async for chunk in stream:
        texts.append(chunk.choices[0].delta.content)


@pytest.mark.parametrize("usage", [False, True])
async def test_the_wire(hosting, make, usage):
    """Role, text, reason, usage where asked for, and DONE, all under one id, time and model."""
    more = {"stream_options": {"include_usage": True}} if usage else {}
    async with speaking(hosting, make, Speaker("one ", "two")) as (host, _):
        lines, response = await events(host, **more)
    *chunks, done = [line.removeprefix("data: ") for line in lines]
    found = [json.loads(chunk) for chunk in chunks]
    last = found.pop() if usage else None

    assert ("text/event-stream", "lua") == (
        response.content_type,
        response.headers["ION-Persona"],
    )
    assert "[DONE]" == done
    assert [
        ({"role": "assistant", "content": ""}, None),
        ({"content": "one "}, None),
        ({"content": "two"}, None),
        ({}, "stop"),
    ] == [(c["choices"][0]["delta"], c["choices"][0]["finish_reason"]) for c in found]
    names = ("id", "created", "model", "object", "system_fingerprint")
    assert 1 == len({tuple(chunk[name] for name in names) for chunk in found})
    assert all(("usage" in chunk) is usage and chunk.get("usage") is None for chunk in found)
    if last is not None:
        assert ([], 12) == (last["choices"], last["usage"]["total_tokens"])


async def test_the_client_streams(hosting, make):
    """The asynchronous client gets the pieces as they are made, then the usage."""
    async with speaking(hosting, make, Speaker("one ", "two")) as (_, client):
        stream = await client.chat.completions.create(
            model="ion-auto",
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]

    texts = [c.choices[0].delta.content for c in chunks if c.choices]
    assert ["", "one ", "two", None] == texts
    assert (7, 5) == (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens)


async def test_the_helper_that_gathers_a_stream(hosting, make):
    """The client's own gathering of a stream ends with a whole completion."""
    async with (
        speaking(hosting, make, Speaker("one ", "two")) as (_, client),
        client.chat.completions.stream(model="lua", messages=HELLO) as stream,
    ):
        found = await stream.get_final_completion()

    assert ("one two", "stop") == (
        found.choices[0].message.content,
        found.choices[0].finish_reason,
    )


async def test_what_fails_before_the_first_word_has_a_status(hosting, make):
    """A turn that cannot begin is an error response, which the client may repeat."""
    down = GenerationError(FailureCause.UNAVAILABLE, "down")
    async with speaking(hosting, make, Speaker(end=down)) as (_, client):
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(model="lua", messages=HELLO, stream=True)

    assert (503, "no_answer", "true") == (
        caught.value.status_code,
        caught.value.code,
        caught.value.response.headers["x-should-retry"],
    )


async def test_what_fails_later_is_raised_by_the_client(hosting, make):
    """An error after the first word is an event in the protocol's shape, and an APIError there."""
    endless, limits = Speaker("one ", waits=True), ServiceLimits(stream_s=0.3)
    async with speaking(hosting, make, endless, limits=limits) as (host, client):
        lines, _ = await events(host)
        stream = await client.chat.completions.create(model="lua", messages=HELLO, stream=True)
        texts = []
        with pytest.raises(openai.APIError) as caught:
            await gathered(stream, texts)

    error = json.loads(lines[-1].removeprefix("data: "))["error"]
    assert {"message", "type", "param", "code"} == set(error)
    assert ["", "one "] == texts
    assert error["code"] == caught.value.body["code"]
    assert not lines[-1].startswith("event:")


@pytest.mark.parametrize(
    "end", [Finish(FinishReason.TRUNCATED), GenerationError(FailureCause.UNAVAILABLE, "gone")]
)
async def test_an_answer_that_breaks_off_is_raised_by_the_client(hosting, make, end):
    """A stream whose generator breaks off ends with an error event and without a reason."""
    async with speaking(hosting, make, Speaker("one ", "two", end=end)) as (host, client):
        lines, _ = await events(host)
        stream = await client.chat.completions.create(model="lua", messages=HELLO, stream=True)
        texts = []
        with pytest.raises(openai.APIError) as caught:
            await gathered(stream, texts)

    *chunks, last = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {"answer_broken_off"} == {last["error"]["code"], caught.value.body["code"]}
    assert "server_error" == last["error"]["type"]
    assert ["", "one ", "two"] == texts
    assert {None} == {chunk["choices"][0]["finish_reason"] for chunk in chunks}


async def test_a_stream_that_has_all_it_wanted_does_not_break_off(hosting, make):
    """What a generator does after the stop sequence changes nothing."""
    speaker = Speaker("one ", "stop", "more", end=Finish(FinishReason.TRUNCATED))
    async with speaking(hosting, make, speaker) as (_, client):
        stream = await client.chat.completions.create(
            model="lua", messages=HELLO, stop="stop", stream=True
        )
        ends = [chunk.choices[0].finish_reason async for chunk in stream]

    assert "stop" == ends[-1]


async def test_a_refusal_is_streamed_as_one(hosting, make):
    """Where the model declines, the delta holds a refusal, and the end says why."""
    declining = Speaker(end=Finish(FinishReason.SAFETY))
    async with speaking(hosting, make, declining) as (_, client):
        stream = await client.chat.completions.create(model="lua", messages=HELLO, stream=True)
        choices = [chunk.choices[0] async for chunk in stream]

    assert [None, True, None] == [choice.delta.refusal and True for choice in choices]
    assert "content_filter" == choices[-1].finish_reason


async def test_a_stop_sequence_across_pieces_stops_the_generator(hosting, make, meter):
    """Nothing of the stop sequence is sent, the generator is closed, and its work is paid for."""
    speaker, door = Speaker("one t", "wo three", waits=True), meter()
    async with speaking(hosting, make, speaker, door=door) as (_, client):
        stream = await client.chat.completions.create(
            model="lua",
            messages=HELLO,
            stop=["two"],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        await asyncio.wait_for(speaker.stopped.wait(), PATIENCE_S)

    assert "one " == "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "stop" == chunks[-2].choices[0].finish_reason
    assert chunks[-1].usage.ion_estimated
    assert chunks[-1].usage.total_tokens == door.tokens == 6


async def test_most_tokens_hold_across_pieces(hosting, make):
    """A generator that neither keeps to the number nor counts is cut off at the estimate."""
    speaker = Speaker(*"abcdefghijkl", end=Finish())
    async with speaking(hosting, make, speaker) as (_, client):
        stream = await client.chat.completions.create(
            model="lua", messages=HELLO, max_completion_tokens=2, stream=True
        )
        chunks = [chunk async for chunk in stream]

    assert "abcdefgh" == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert "length" == chunks[-1].choices[0].finish_reason


async def test_a_caller_who_leaves_stops_the_generator(hosting, make, meter):
    """Closing the client's stream closes the generator, and what was heard is paid for."""
    speaker, door = Speaker("one ", "two", waits=True), meter()
    async with speaking(hosting, make, speaker, door=door) as (_, client):
        stream = await client.chat.completions.create(model="lua", messages=HELLO, stream=True)
        async for chunk in stream:
            if chunk.choices[0].delta.content == "two":
                break
        await stream.close()
        await asyncio.wait_for(speaker.stopped.wait(), PATIENCE_S)

    assert 4 == door.tokens


async def test_an_answer_from_the_cache_is_streamed_too(hosting):
    """The second time the same text comes from the cache, and costs nothing."""
    async with hosting() as host:
        first, _ = await events(host)
        second, _ = await events(host)

    assert [line.count('"content"') for line in first] == [
        line.count('"content"') for line in second
    ]
    assert ["miss", "hit"] == [line["cache"] for line in host.lines()]
