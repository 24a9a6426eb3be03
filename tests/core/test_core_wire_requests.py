"""What the fakes themselves refuse, as the real services do, and what they remember."""

import asyncio

import aiohttp
import attrs
import pytest

from ion_framework.testing import FakeGemini, FakeOpenAI, VirtualClock, fault
from ion_framework.testing.model_servers.faults import Answer, Failure
from tests.support.gemini import KEY, PROMPT
from tests.support.gemini import asking as gemini

# --- wrong requests ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "Invalid JSON payload"),
        ({"nonsense": 1}, 'Unknown name "nonsense"'),
        ({}, "contents is not specified"),
        ({"contents": []}, "contents is not specified"),
        ({"contents": ["x"]}, "contents[0]"),
        ({"contents": [{"role": "robot", "parts": [{}]}]}, "valid role"),
        ({"contents": [{"parts": []}]}, "must not be empty"),
    ],
)
async def test_a_malformed_question_is_a_400(body, message):
    """A document that the service would refuse is refused in its words."""
    async with gemini() as (fake, ask):
        fake.behave(Failure(503))
        status, text = await ask(body=body)

    assert 400 == status
    assert '"INVALID_ARGUMENT"' in text
    assert message in text.replace('\\"', '"')


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models", 200),
        ("GET", "/v1beta/models/m", 200),
        ("POST", "/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent", 200),
        ("POST", "/v1beta1/publishers/google/models/m:generateContent", 200),
        ("POST", "/v1/models/m:streamGenerateContent?alt=sse", 200),
        ("POST", "/v1/models/m:streamGenerateContent", 400),
        ("GET", "/v1/models/m:generateContent", 404),
        ("POST", "/v1/models/m:doSomething", 404),
        ("POST", "/v7/models/m:generateContent", 404),
        ("GET", "/", 404),
    ],
)
async def test_paths(method, path, status):
    """Every path of the service is served, and every other one gets its page for unknown ones."""
    async with gemini() as (_, ask):
        found, text = await ask(path=path, method=method)

    assert status == found
    assert (status == 404) == ("Error 404 (Not Found)" in text)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/models/m:generateContent", {}, 403),
        ("/v1/models/m:generateContent", {"x-goog-api-key": "wrong"}, 400),
        ("/v1/models/m:generateContent", {"x-goog-api-key": KEY}, 200),
        (f"/v1/models/m:generateContent?key={KEY}", {}, 200),
        ("/v1beta1/publishers/google/models/m:generateContent", {}, 401),
        ("/v1beta1/publishers/google/models/m:generateContent", {"Authorization": "Bearer x"}, 401),
        ("/v1/models/m:generateContent", {"Authorization": f"Bearer {KEY}"}, 200),
    ],
)
async def test_keys_are_checked_when_told(path, headers, status):
    """A missing or wrong key gets what each of the services says."""
    async with gemini(api_key=KEY) as (_, ask):
        assert status == (await ask(path=path, headers=headers))[0]


async def test_a_vertex_model_that_does_not_exist_is_named_in_full():
    """Vertex names the whole resource."""
    resource = "projects/p/locations/l/publishers/google/models/x"
    async with gemini(models=("m",)) as (_, ask):
        status, text = await ask(path=f"/v1beta1/{resource}:generateContent")

    assert 404 == status
    assert f"Publisher Model `{resource}` was not found" in text


# --- records -------------------------------------------------------------------------------------


async def test_records_hold_keys_and_prompts_and_show_neither():
    """A test reads key and prompt from the record; no repr has them."""
    clock = VirtualClock()
    async with gemini(clock=clock) as (fake, ask):
        await ask(path=f"/v1/models/m:generateContent?key={KEY}", headers={"X-Goog-Api-Key": KEY})
        record = fake.requests[0]

    assert (KEY, KEY, PROMPT) == (
        record.headers["x-goog-api-key"],
        record.query["key"],
        record.body["contents"][0]["parts"][0]["text"],
    )
    assert ("POST", "/v1/models/m:generateContent", "m", "answer", 200, clock.monotonic()) == (
        record.method,
        record.path,
        record.model,
        record.behaviour,
        record.status,
        record.ended_at,
    )
    assert (None, False) == (record.cancelled_at, record.streamed)
    assert KEY not in repr(record)
    assert PROMPT not in repr(record)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        record.status = 500


async def test_a_broken_body_is_recorded_as_none():
    """What is no JSON document is None in the record."""
    async with FakeOpenAI() as fake, aiohttp.ClientSession() as session:
        async with session.post(f"{fake.base_url}/chat/completions", data=b"{") as response:
            assert 400 == response.status
        assert fake.requests[0].body is None


async def test_waiting_has_an_end():
    """A condition that never holds is a TimeoutError."""
    async with FakeGemini() as fake:
        with pytest.raises(TimeoutError):
            await fake.until(lambda: fake.open_requests == 1, within_s=0.01)


async def test_records_can_be_forgotten():
    """Ended requests are dropped, open ones stay, and numbers go on."""
    async with gemini() as (fake, ask):
        fake.behave_next(Answer(), fault("hang-before-headers"))
        await ask()
        hanging = asyncio.ensure_future(ask())
        await fake.until(lambda: fake.open_requests == 1)
        fake.forget()
        left = [record.number for record in fake.requests]
        await ask()
        numbers = [record.number for record in fake.requests]
        hanging.cancel()
        await fake.until(lambda: fake.open_requests == 0)
        fake.forget()

        assert ([1], [1, 2], ()) == (left, numbers, fake.requests)


async def test_headers_wait_for_the_first_chunk():
    """A slow answer has no status before its first chunk, and takes the time it says."""
    async with gemini() as (fake, ask):
        fake.behave(Answer(("a", "b", "c"), first_delay_s=0.2, chunk_delay_s=0.05))
        asked = asyncio.ensure_future(ask(path="/v1/models/m:streamGenerateContent?alt=sse"))
        await fake.until(lambda: fake.open_requests == 1)
        early = fake.requests[0].status
        await asked
        record = fake.requests[0]

    assert (None, 200, 3) == (early, record.status, record.chunks_written)
    assert record.ended_at - record.arrived_at >= 0.29
