"""FakeGemini, driven by the real google-genai SDK: answers, paths, keys, and leaving."""

import asyncio

import pytest

from ion_framework.testing import FakeGemini, fault
from ion_framework.testing.model_servers.faults import (
    ENDINGS,
    FINISH_REASONS,
    Answer,
    Break,
    Cut,
    WireUsage,
)
from tests.support.gemini import (
    BOTH,
    HELLO,
    KEY,
    MODEL,
    SDK_WARNS,
    UNKNOWN_REASON,
    ask,
    client_of,
    options,
    outcome_of,
)

genai = pytest.importorskip("google.genai")
errors = pytest.importorskip("google.genai.errors")
types = pytest.importorskip("google.genai.types")
pytestmark = SDK_WARNS


# --- answers -------------------------------------------------------------------------------------


@BOTH
async def test_gemini_fake_answers_with_text_and_usage(streamed):
    """The SDK reads the text, STOP and every count of tokens."""
    usage = WireUsage(100, 7, 60, 30)
    outcome, calls = await outcome_of(Answer(("a", "b {user}"), usage=usage), streamed)
    told = outcome.last.usage_metadata

    assert ("ab hi", "STOP", None, 1) == (
        "".join(outcome.texts),
        outcome.finish,
        outcome.error,
        calls,
    )
    assert (100, 7, 60, 30, 137) == (
        told.prompt_token_count,
        told.candidates_token_count,
        told.cached_content_token_count,
        told.thoughts_token_count,
        told.total_token_count,
    )


@BOTH
async def test_gemini_fake_marks_thoughts(streamed):
    """A thought arrives as one, and is no part of the text."""
    outcome, _ = await outcome_of(Answer(("said",), thoughts=("thought",)), streamed)

    assert ("said",) == outcome.texts


@BOTH
async def test_gemini_fake_can_leave_the_usage_out(streamed):
    """Without usage the answer has no usage metadata."""
    outcome, _ = await outcome_of(Answer(usage=None), streamed)

    assert ("STOP", None) == (outcome.finish, outcome.last.usage_metadata)


@UNKNOWN_REASON
@BOTH
async def test_gemini_fake_ends_with_any_reason(streamed):
    """Every finish reason arrives by its name, one that does not exist as well."""
    async with FakeGemini() as fake, client_of(fake) as client:
        fake.behave_next(*ENDINGS)
        outcomes = [await ask(client, streamed) for _ in ENDINGS]

    assert {"".join(HELLO)} == {"".join(outcome.texts) for outcome in outcomes}
    assert [ending.finish for ending in ENDINGS] == [outcome.finish for outcome in outcomes]


def test_gemini_fake_knows_the_finish_reasons_of_the_sdk():
    """The list of finish reasons is the SDK's."""
    assert {reason.name for reason in types.FinishReason} == set(FINISH_REASONS)


async def test_an_unknown_finish_reason_makes_the_sdk_warn():
    """A reason that does not exist is a UserWarning and a pseudo member."""
    with pytest.warns(UserWarning, match="A_REASON_FROM_THE_FUTURE is not a valid FinishReason"):
        outcome, _ = await outcome_of(fault("unknown-finish-reason"), streamed=False)

    assert "A_REASON_FROM_THE_FUTURE" == outcome.finish


# --- paths, keys, requests -----------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({}, "/v1/models/"),
        ({"api_version": "v1beta"}, "/v1beta/models/"),
        ({"vertexai": True}, "/v1beta1/publishers/google/models/"),
    ],
    ids=["v1", "v1beta", "vertex-express"],
)
async def test_every_path_of_the_sdk_is_served(more, path, streamed):
    """With an API key the SDK finds the paths of each of its modes."""
    async with FakeGemini(api_key=KEY) as fake, client_of(fake, **more) as client:
        outcome = await ask(client, streamed)
        request = fake.requests[0]

    method = "streamGenerateContent" if streamed else "generateContent"
    assert ("STOP", f"{path}{MODEL}:{method}") == (outcome.finish, request.path)
    assert (MODEL, streamed, KEY) == (
        request.model,
        request.streamed,
        request.headers["x-goog-api-key"],
    )


@BOTH
async def test_a_vertex_project_is_served(streamed):
    """In project mode the SDK sends a bearer token to the project's path."""
    credentials = pytest.importorskip("google.oauth2.credentials")
    async with FakeGemini(api_key="token") as fake:
        client = genai.Client(
            vertexai=True,
            project="p",
            location="l",
            credentials=credentials.Credentials("token"),
            http_options=options(fake),
        )
        outcome = await ask(client.aio, streamed)
        await client.aio.aclose()
        client.close()
        request = fake.requests[0]

    assert ("STOP", "Bearer token") == (outcome.finish, request.headers["Authorization"])
    assert request.path.startswith(
        f"/v1beta1/projects/p/locations/l/publishers/google/models/{MODEL}:"
    )


async def test_a_wrong_key_is_refused():
    """A wrong key is a 400 with the reason API_KEY_INVALID, and is not repeated."""
    async with FakeGemini(api_key=KEY) as fake, client_of(fake, key="wrong-key") as client:
        outcome = await ask(client, streamed=False)

    assert (errors.ClientError, 400) == (outcome.error, outcome.code)
    assert "API_KEY_INVALID" == outcome.last.details["error"]["details"][0]["reason"]
    assert "wrong-key" not in str(outcome.last)


async def test_a_model_that_does_not_exist_is_a_404():
    """A model beside the given ones gets the words of the API."""
    async with FakeGemini(models=("other",)) as fake, client_of(fake) as client:
        outcome = await ask(client, streamed=False)

    assert (404, f"models/{MODEL} is not found for API version v1") == (
        outcome.code,
        outcome.last.message.partition(",")[0],
    )


async def test_the_models_are_listed():
    """The SDK lists the models and gets one of them."""
    async with FakeGemini(models=("one", "two")) as fake, client_of(fake) as client:
        listed = [model.name async for model in await client.models.list()]
        one = await client.models.get(model="one")

    assert (["models/one", "models/two"], "models/one") == (listed, one.name)


# --- the client leaves ---------------------------------------------------------------------------


async def test_a_client_that_leaves_a_stream_is_noticed():
    """Cancelling the pull of a chunk closes the connection, and the record says when."""
    async with FakeGemini() as fake, client_of(fake) as client:
        fake.behave(Cut(Break.HANG, after=1))
        stream = await client.models.generate_content_stream(model=MODEL, contents="hi")
        first = await anext(stream)
        pull = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        assert 1 == fake.open_requests
        pull.cancel()
        await asyncio.gather(pull, return_exceptions=True)
        await fake.until(lambda: fake.open_requests == 0)
        record = fake.requests[0]

    assert ("Hello", 1) == (first.text, record.chunks_written)
    assert record.arrived_at <= record.cancelled_at <= record.ended_at


async def test_a_unary_client_that_leaves_is_noticed():
    """Cancelling a unary call is recorded as well."""
    async with FakeGemini() as fake, client_of(fake) as client:
        fake.behave(fault("hang-before-headers"))
        call = asyncio.ensure_future(ask(client, streamed=False))
        await fake.until(lambda: fake.open_requests == 1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        await fake.until(lambda: fake.requests[0].cancelled_at is not None)


async def test_waiting_for_the_fake_costs_little():
    """While nothing happens a condition is looked at now and then, and a request is found."""
    looks = 0

    def look() -> bool:
        nonlocal looks
        looks += 1
        return False

    async with FakeGemini() as fake:
        with pytest.raises(TimeoutError):
            await fake.until(look, 0.3)
        before = fake.arrived
        async with client_of(fake) as client:
            await ask(client, streamed=False)
        found = fake.find(before)

    assert looks < 60
    assert found is not None
    assert (before + 1, None) == (fake.arrived, fake.find(before + 1))
    assert found.ended_at is not None
