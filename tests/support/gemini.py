"""Asking a FakeGemini, over a raw connection and by the real SDK."""

import contextlib

import aiohttp
import attrs
import pytest

from ion_framework.testing import FakeGemini

MODEL = "gemini-2.5-flash"
KEY = "a-planted-key"
HELLO = ("Hello", " from", " the", " fake.")
PROMPT = "a planted prompt"
BOTH = pytest.mark.parametrize("streamed", [False, True], ids=["unary", "stream"])
# The SDK's own session inherits from aiohttp's, at which aiohttp's authors frown; not ours to mend.
SDK_WARNS = pytest.mark.filterwarnings(
    "ignore:Inheritance class Aiohttp\\w+ from ClientSession is discouraged:DeprecationWarning"
)
# The SDK warns of an enum member that it does not know, which is what these tests provoke.
UNKNOWN_REASON = pytest.mark.filterwarnings(
    "ignore:A_REASON_FROM_THE_FUTURE is not a valid FinishReason:UserWarning"
)


@contextlib.asynccontextmanager
async def asking(**more):
    """A fake and a function that asks it, giving the status and the body."""
    async with FakeGemini(**more) as fake, aiohttp.ClientSession() as session:

        async def ask(model="m", *, body=None, path=None, method="POST", headers=None):
            question = {"contents": [{"parts": [{"text": PROMPT}]}]} if body is None else body
            address = fake.base_url + (path or f"/v1/models/{model}:generateContent")
            async with session.request(method, address, json=question, headers=headers) as response:
                return response.status, await response.text()

        yield fake, ask


def sdk(part="google.genai"):
    """The SDK or a module of it; a test that needs it is skipped where it is not installed."""
    return pytest.importorskip(part)


def options(fake, timeout_ms=60_000, attempts=1, **more):
    """Options of the SDK with which it makes no call that a test did not ask for."""
    return sdk("google.genai.types").HttpOptions(
        base_url=fake.base_url,
        timeout=timeout_ms,
        retry_options=sdk("google.genai.types").HttpRetryOptions(
            attempts=attempts, initial_delay=0.01, max_delay=0.02, jitter=0.01
        ),
        **more,
    )


@contextlib.asynccontextmanager
async def client_of(fake, key=KEY, vertexai=False, **more):
    """A client of the SDK on its aiohttp backend, closed at the end."""
    client = sdk().Client(api_key=key, vertexai=vertexai, http_options=options(fake, **more))
    try:
        yield client.aio
    finally:
        await client.aio.aclose()
        client.close()


@attrs.frozen
class Outcome:
    """What the SDK made of a call."""

    texts: tuple = ()
    finish: str | None = None
    error: type | None = None
    code: int | None = None
    last: object = attrs.field(default=None, repr=False)


async def ask(client, streamed, prompt="hi"):
    """One call, and what the SDK made of it."""
    responses, error = [], None
    try:
        if streamed:
            stream = await client.models.generate_content_stream(model=MODEL, contents=prompt)
            async for response in stream:
                responses.append(response)  # noqa: PERF401  what came before an error is wanted
        else:
            responses.append(await client.models.generate_content(model=MODEL, contents=prompt))
    except Exception as raised:  # noqa: BLE001  what is raised is the question
        error = raised
    last = responses[-1] if responses else None
    reason = last.candidates[0].finish_reason if last and last.candidates else None
    return Outcome(
        tuple(response.text for response in responses if response.text),
        None if reason is None else reason.name,
        None if error is None else type(error),
        getattr(error, "code", None),
        last or error,
    )


async def outcome_of(behaviour, streamed, **more):
    """What the SDK makes of a behaviour, and how many requests it took."""
    async with FakeGemini() as fake, client_of(fake, **more) as client:
        fake.behave(behaviour)
        outcome = await ask(client, streamed)
        return outcome, len(fake.requests)
