"""The official Python client of OpenAI, unmodified, against a host on a real socket."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from ion_host_aiohttp.access.caller import ANYBODY, Caller
from ion_host_aiohttp.access.refusals import not_valid
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.rates.limiter import Unlimited

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.errors import FailureCause, GenerationError
from ion_framework.pipeline.chunks import FinishReason, Usage

openai = pytest.importorskip("openai", reason="openai is not installed")

HELLO = [{"role": "user", "content": "hello"}]
KEY = "sk-of-the-test"


class Door(Unlimited):
    """Lets one key in, and meters with what a test says.

    Args:
        caller: who has the key.
        failures: how the first requests end.
    """

    required = True

    def __init__(self, caller=ANYBODY, failures=()):
        self.asked = 0
        self._caller = caller
        self._failures = list(failures)

    def metered(self, _limiter):
        """Itself."""
        return self

    async def identify(self, credentials, _address):
        """The caller, by the one key."""
        if credentials.bearer != KEY:
            raise RequestFailed(not_valid())
        return self._caller

    async def spend(self, _caller, _cost, *, runs_turns, paid=0):
        """Count the request; the first ones fail."""
        self.asked += 1
        if self._failures:
            raise RequestFailed(self._failures.pop(0))
        return {"x-ratelimit-limit-requests": "60", "x-ratelimit-remaining-requests": "59"}


class Model:
    """A generator that fails some times, then answers and tells its tokens.

    Args:
        failures: its first answers.
        finish: how the others end.
        text: what it answers.
        wait_s: how long it thinks.
    """

    def __init__(self, failures=(), finish=None, text="good day", wait_s=0.0):
        self.asked = 0
        self._failures = list(failures)
        self._finish = finish or Finish(usage=Usage(11, 3, 2))
        self._text = text
        self._wait_s = wait_s

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        self.asked += 1
        if self._failures:
            raise self._failures.pop(0)
        await asyncio.sleep(self._wait_s)
        if self._text:
            yield TextChunk(self._text)
        yield self._finish


def with_model(make, model):
    """The plugins of a host that this model answers for."""
    return (make.lua, make.analyzer, make.router, make.plugin("model", "generator", model))


@asynccontextmanager
async def client_of(host, **options):
    """The asynchronous client of a host."""
    options = {"api_key": KEY, "max_retries": 0} | options
    async with openai.AsyncOpenAI(base_url=f"{host.url}/v1", **options) as client:
        yield client


def failed(status, code="RATE_LIMITED", **headers):
    """A failure at the door."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Failure(status=HTTPStatus(status), code=code, message=say("internal"), headers=named)


async def test_a_completion(hosting, make):
    """The asynchronous client gets the text, the tokens and the reason of the end."""
    async with hosting(*with_model(make, Model())) as host, client_of(host) as client:
        found = await client.chat.completions.create(
            model="ion-auto", messages=HELLO, temperature=0.2, seed=1, stop=["never"], user="u"
        )

    assert ("good day", "stop") == (
        found.choices[0].message.content,
        found.choices[0].finish_reason,
    )
    assert (11, 3, 14) == (
        found.usage.prompt_tokens,
        found.usage.completion_tokens,
        found.usage.total_tokens,
    )
    assert 2 == found.usage.prompt_tokens_details.cached_tokens
    assert ("ion-auto", "chat.completion") == (found.model, found.object)


async def test_the_synchronous_client(hosting):
    """The synchronous client gets models, a completion and a stream."""

    def ask(url):
        with openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
            names = [model.id for model in client.models.list()]
            whole = client.chat.completions.create(model=names[1], messages=HELLO)
            with client.chat.completions.create(
                model=names[1], messages=HELLO, stream=True
            ) as stream:
                text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
            return names, whole.choices[0].message.content, text

    async with hosting() as host:
        found = await asyncio.to_thread(ask, host.url)

    assert (["ion-auto", "lua", "elro"], "answer to: hello", "answer to: hello") == found


async def test_models(hosting):
    """The client lists the models and retrieves each."""
    async with hosting() as host, client_of(host) as client:
        found = [model async for model in await client.models.list()]
        again = [await client.models.retrieve(model.id) for model in found]

    assert found == again
    assert ["ion-auto", "lua", "elro"] == [model.id for model in found]


async def test_headers_of_the_raw_response(hosting):
    """Persona, cache, rate limit and request id are there for who looks at the raw response."""
    async with hosting(door=Door()) as host, client_of(host) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model="elro", messages=HELLO, extra_headers={"X-Request-ID": "mine"}
        )
        found = raw.parse()

    assert ("elro", "miss") == (raw.headers["ion-persona"], raw.headers["ion-cache"])
    assert ("60", "mine") == (raw.headers["x-ratelimit-limit-requests"], raw.request_id)
    assert ("chatcmpl-mine", "mine") == (found.id, found._request_id)


@pytest.mark.parametrize(
    ("arrange", "ask", "error", "code"),
    [
        ({"door": Door(failures=[failed(429)])}, {}, "RateLimitError", "rate_limit_exceeded"),
        ({"door": Door(Caller(scopes=frozenset()))}, {}, "PermissionDeniedError", "scope_missing"),
        ({}, {"api_key": "wrong"}, "AuthenticationError", "invalid_api_key"),
        ({}, {"model": "gpt-4"}, "NotFoundError", "model_not_found"),
        ({}, {"tools": [{"type": "function"}]}, "BadRequestError", "unsupported_parameter"),
        ({"model": Model([ValueError("x")])}, {}, "InternalServerError", "no_answer"),
        ({"model": Model(wait_s=30)}, {"timeout": 0.2}, "APITimeoutError", None),
    ],
)
async def test_errors_are_the_clients_exceptions(hosting, make, arrange, ask, error, code):  # noqa: PLR0913, PLR0917  one parameter per part of the case
    """Every failure is an exception of the class that the client has for it, with its code."""
    plugins = with_model(make, arrange.get("model") or Model())
    options = {name: ask[name] for name in ("api_key", "timeout") if name in ask}
    body = {"model": "lua", "messages": HELLO} | {
        name: value for name, value in ask.items() if name not in options
    }
    async with (
        hosting(*plugins, door=arrange.get("door") or Door()) as host,
        client_of(host, **options) as client,
    ):
        with pytest.raises(getattr(openai, error)) as caught:
            await client.chat.completions.create(**body)

    assert code == getattr(caught.value, "code", None)
    if code:
        assert caught.value.response.headers["x-request-id"]


class TestRetries:
    """What the client does when it is told that it may come again."""

    @pytest.mark.parametrize("stream", [False, True])
    async def test_a_busy_model_is_asked_again(self, hosting, make, stream):
        """After a 503 with Retry-After the client comes again by itself, for a stream as well."""
        model = Model([GenerationError(FailureCause.UNAVAILABLE, "down", retry_after_s=1)])
        async with (
            hosting(*with_model(make, model)) as host,
            client_of(host, max_retries=1) as client,
        ):
            found = await client.chat.completions.create(model="lua", messages=HELLO, stream=stream)
            if stream:
                text = "".join([c.choices[0].delta.content or "" async for c in found])
            else:
                text = found.choices[0].message.content

        assert ("good day", 2) == (text, model.asked)

    async def test_a_rate_limit_is_waited_for(self, hosting):
        """After a 429 with Retry-After the client comes again, and is let in."""
        door = Door(failures=[failed(429, Retry_After="1")])
        async with hosting(door=door) as host, client_of(host, max_retries=2) as client:
            started = asyncio.get_running_loop().time()
            await client.chat.completions.create(model="lua", messages=HELLO)
            waited_s = asyncio.get_running_loop().time() - started

        assert 2 == door.asked
        assert 0.9 < waited_s

    @pytest.mark.parametrize(
        "failure",
        [failed(429, Retry_After="86400"), failed(503, "NOT_EQUIPPED", Retry_After="60")],
    )
    async def test_what_does_not_pass_is_not_asked_again(self, hosting, failure):
        """A day's quota and a host that lacks a setting are asked once."""
        door = Door(failures=[failure] * 3)
        async with hosting(door=door) as host, client_of(host, max_retries=2) as client:
            with pytest.raises(openai.APIStatusError) as caught:
                await client.chat.completions.create(model="lua", messages=HELLO)

        assert 1 == door.asked
        assert "false" == caught.value.response.headers["x-should-retry"]
        assert caught.value.response.headers["retry-after-ms"].endswith("000")


class TestEnds:
    """How an answer ends."""

    @pytest.mark.parametrize(
        ("reason", "word"),
        [
            (FinishReason.STOP, "stop"),
            (FinishReason.LENGTH, "length"),
            (FinishReason.SAFETY, "content_filter"),
        ],
    )
    async def test_reasons_in_the_protocols_words(self, hosting, make, reason, word):
        """Each reason has its word."""
        plugins = with_model(make, Model(finish=Finish(reason)))
        async with hosting(*plugins) as host, client_of(host) as client:
            found = await client.chat.completions.create(model="lua", messages=HELLO)

        assert ("good day", word) == (
            found.choices[0].message.content,
            found.choices[0].finish_reason,
        )

    async def test_an_answer_that_breaks_off_is_an_error(self, hosting, make):
        """A piece of an answer is no completion: the client raises, and asks again if it may."""
        broken = Model(finish=Finish(FinishReason.TRUNCATED, Usage(11, 3)))
        async with hosting(*with_model(make, broken)) as host, client_of(host) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await client.chat.completions.create(model="lua", messages=HELLO)
            assert ("answer_broken_off", 502) == (caught.value.code, caught.value.status_code)
            again = client.with_options(max_retries=1)
            with pytest.raises(openai.InternalServerError):
                await again.chat.completions.create(model="lua", messages=HELLO)

        assert 3 == broken.asked

    async def test_a_stand_in_is_flagged(self, hosting, make):
        """Where another generator stands in the answer is good, and says so in its header."""
        down = GenerationError(FailureCause.UNAVAILABLE, "down")
        spare = make.plugin("spare", "generator", make.generator(make.echo), fallback=True)
        plugins = (*with_model(make, Model([down, down])), spare)
        async with hosting(*plugins) as host, client_of(host) as client:
            ask = client.chat.completions.with_raw_response.create
            raw = await ask(model="lua", messages=HELLO)
            stream = await client.chat.completions.create(model="lua", messages=HELLO, stream=True)
            last = [chunk async for chunk in stream][-1]

        assert "answer to: hello" == raw.parse().choices[0].message.content
        assert "model" in raw.headers["ion-degraded"]
        assert ("stop", raw.headers["ion-degraded"]) == (
            last.choices[0].finish_reason,
            last.ion_degraded,
        )

    async def test_a_model_that_declines_is_a_refusal(self, hosting, make):
        """The persona's words stand in refusal, and there is no content."""
        plugins = with_model(make, Model(text="", finish=Finish(FinishReason.SAFETY)))
        async with hosting(*plugins) as host, client_of(host) as client:
            found = await client.chat.completions.create(model="lua", messages=HELLO)
        choice = found.choices[0]

        assert (None, "content_filter") == (choice.message.content, choice.finish_reason)
        assert choice.message.refusal

    async def test_stop_and_most_tokens_hold(self, hosting, make):
        """Whatever the generator does, neither a stop sequence nor more tokens are given out."""
        plugins = with_model(make, Model(text="one two three four", finish=Finish()))
        async with hosting(*plugins) as host, client_of(host) as client:
            ask = client.chat.completions.create
            stopped = await ask(model="lua", messages=HELLO, stop="three")
            short = await ask(model="lua", messages=HELLO, max_tokens=2)

        assert ("one two ", "stop") == (
            stopped.choices[0].message.content,
            stopped.choices[0].finish_reason,
        )
        assert ("one two ", "length", 2) == (
            short.choices[0].message.content,
            short.choices[0].finish_reason,
            short.usage.completion_tokens,
        )
