"""FakeOpenAI, driven over a raw connection and, where it is installed, by the official client."""

import contextlib
import json

import aiohttp
import pytest

from ion_framework.testing import FAULTS, FakeOpenAI, fault
from ion_framework.testing.model_servers.faults import ENDINGS, Answer, Break, Cut, Phase, WireUsage

HELLO = ("Hello", " from", " the", " fake.")
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
BOTH = pytest.mark.parametrize("streamed", [False, True], ids=["unary", "stream"])


@contextlib.asynccontextmanager
async def asking(**more):
    """A fake and a function that asks it."""
    async with FakeOpenAI(**more) as fake, aiohttp.ClientSession() as session:

        async def ask(body=None, *, path="/chat/completions", method="POST", key=None):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            asked = QUESTION if body is None else body
            data = asked if isinstance(asked, str) else json.dumps(asked)
            address = fake.base_url + path
            async with session.request(method, address, data=data, headers=headers) as response:
                return response.status, response.headers, await response.read()

        yield fake, ask


def events(body):
    """The events of a stream, the end included."""
    return [event.removeprefix("data: ") for event in body.decode().split("\n\n") if event.strip()]


async def error_of(ask, *args, **more):
    """The status and the error object of an answer."""
    status, _, body = await ask(*args, **more)
    return status, json.loads(body)["error"]


# --- answers -------------------------------------------------------------------------------------


async def test_openai_fake_answers_unary():
    """A unary answer has every field that the protocol requires."""
    async with asking() as (fake, ask):
        fake.behave(Answer(("You said ", "{user}"), usage=WireUsage(10, 3, 8, 2)))
        status, _, body = await ask()
    document = json.loads(body)

    assert (200, "chat.completion", "m") == (status, document["object"], document["model"])
    assert [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "You said hi", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ] == document["choices"]
    assert {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 8},
        "completion_tokens_details": {"reasoning_tokens": 2},
    } == document["usage"]


@pytest.mark.parametrize("told", [False, True], ids=["plain", "include_usage"])
async def test_openai_fake_streams(told):
    """Every chunk has the same id; role first, reason last, usage only if asked for, then DONE."""
    options = {"stream_options": {"include_usage": True}} if told else {}
    async with asking() as (_, ask):
        _, headers, body = await ask(QUESTION | {"stream": True} | options)
    *chunks, end = events(body)
    chunks = [json.loads(chunk) for chunk in chunks]
    deltas = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]

    assert ("text/event-stream", "[DONE]", 1) == (
        headers["Content-Type"],
        end,
        len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}),
    )
    assert {"role": "assistant", "content": ""} == deltas[0]["delta"]
    assert HELLO == tuple(delta["delta"]["content"] for delta in deltas[1:-1])
    assert ({}, "stop") == (deltas[-1]["delta"], deltas[-1]["finish_reason"])
    assert ([8] if told else []) == [
        chunk["usage"]["total_tokens"] for chunk in chunks if chunk.get("usage")
    ]
    assert {told} == {"usage" in chunk for chunk in chunks}


async def test_openai_fake_says_finish_reasons_in_its_own_words():
    """STOP is stop, MAX_TOKENS length, SAFETY content_filter, and others are no known reason."""
    said = {}
    async with asking() as (fake, ask):
        for ending in ENDINGS:
            fake.behave_next(ending)
            said[ending.finish] = json.loads((await ask())[2])["choices"][0]["finish_reason"]

    assert ("stop", "length", "content_filter", "language") == (
        said["STOP"],
        said["MAX_TOKENS"],
        said["SAFETY"],
        said["LANGUAGE"],
    )
    assert ["STOP"] == [name for name, reason in said.items() if reason == "stop"]


@BOTH
async def test_openai_fake_marks_thoughts(streamed):
    """Thoughts travel as reasoning_content, apart from the text."""
    async with asking() as (fake, ask):
        fake.behave(Answer(("said",), thoughts=("thought",)))
        _, _, body = await ask(QUESTION | {"stream": streamed})

    assert b'"reasoning_content": "thought"' in body
    assert b'"content": "said"' in body


# --- what is wrong with a request ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ("{", None, None),
        ("[]", None, None),
        ({"messages": QUESTION["messages"]}, None, None),
        ({"model": "m"}, "messages", "missing_required_parameter"),
        ({"model": "m", "messages": []}, "messages", "empty_array"),
        ({"model": "m", "messages": ["x"]}, "messages[0]", "invalid_type"),
        ({"model": "m", "messages": [{"role": "x"}]}, "messages[0].role", "invalid_value"),
        (QUESTION | {"stream_options": {}}, "stream_options", None),
    ],
)
async def test_a_malformed_request_is_a_400(body, param, code):
    """A request that is wrong gets the protocol's error object and meets no behaviour."""
    async with asking() as (fake, ask):
        status, error = await error_of(ask, body)
        played = fake.requests[0].behaviour

    assert (400, "invalid_request_error", param, code, "") == (
        status,
        error["type"],
        error["param"],
        error["code"],
        played,
    )


async def test_keys_paths_methods_and_models_are_checked():
    """A missing or wrong key is a 401, an unknown path or model a 404, a wrong method a 405."""
    async with asking(api_key="right", models=("m",)) as (_, ask):
        missing = await error_of(ask)
        wrong = await error_of(ask, key="a-wrong-key")
        right = (await ask(key="right"))[0]
        path = await error_of(ask, path="/nowhere", key="right")
        method = await error_of(ask, method="GET", key="right")
        model = await error_of(ask, QUESTION | {"model": "other"}, key="right")

    assert [401, 401, 200, 404, 405, 404] == [
        missing[0],
        wrong[0],
        right,
        path[0],
        method[0],
        model[0],
    ]
    assert ("invalid_api_key", "model_not_found") == (wrong[1]["code"], model[1]["code"])
    assert "Invalid URL (POST /v1/nowhere)" == path[1]["message"]
    assert "a-wrong-key" not in str(wrong)
    assert {"message", "type", "param", "code"} == set(missing[1]) == set(path[1])


async def test_openai_models_are_listed():
    """The listing has the given models, and each can be got by its id."""
    async with asking(models=("one", "two")) as (_, ask):
        listing = json.loads((await ask(path="/models", method="GET"))[2])
        one = json.loads((await ask(path="/models/one", method="GET"))[2])
        none = await ask(path="/models/three", method="GET")

    assert (["one", "two"], "one", 404) == (
        [model["id"] for model in listing["data"]],
        one["id"],
        none[0],
    )


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [found.name for found in FAULTS if found.name[-3:].isdigit()])
@BOTH
async def test_a_status_in_the_name_is_the_status(name, streamed):
    """A fault named by a status has it, unary and streamed."""
    async with asking() as (fake, ask):
        fake.behave(fault(name))
        status, _, _ = await ask(QUESTION | {"stream": streamed})

    assert int(name[-3:]) == status


async def test_a_rate_limit_says_when_to_come_back():
    """A 429 has the code, the header Retry-After and the seconds in its text."""
    async with asking() as (fake, ask):
        fake.behave(fault("quota-429"))
        _, headers, body = await ask()

    assert ("7", "rate_limit_exceeded") == (
        headers["Retry-After"],
        json.loads(body)["error"]["code"],
    )
    assert b"try again in 7s" in body


async def test_a_blocked_prompt_is_a_400():
    """The content filter refuses the prompt."""
    async with asking() as (fake, ask):
        fake.behave(fault("prompt-blocked"))
        status, error = await error_of(ask)

    assert (400, "content_filter") == (status, error["code"])


@BOTH
@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("reset-before-headers", aiohttp.ClientOSError),
        ("closed-before-headers", aiohttp.ServerDisconnectedError),
        ("reset-after-headers", aiohttp.ClientPayloadError),
        ("reset-mid-stream", aiohttp.ClientPayloadError),
        ("down", aiohttp.ClientConnectorError),
    ],
)
async def test_a_connection_is_lost_where_the_fault_says(name, raised, streamed):
    """The client sees the loss as what it is."""
    async with asking() as (fake, ask):
        fake.behave(fault(name))
        with pytest.raises(raised):
            await ask(QUESTION | {"stream": streamed})


@pytest.mark.parametrize(
    ("name", "last"),
    [
        ("end-mid-stream", " from"),
        ("error-json-mid-stream", "overloaded"),
        ("broken-json-mid-stream", '{"error": {"message"'),
    ],
)
async def test_a_stream_stops_in_the_middle(name, last):
    """Two chunks of text come, then what the fault says, and no DONE."""
    async with asking() as (fake, ask):
        fake.behave(fault(name))
        _, _, body = await ask(QUESTION | {"stream": True})

    assert last in events(body)[-1]
    assert (2, False) == (fake.requests[0].chunks_written, b"[DONE]" in body)


@pytest.mark.parametrize("how", [Break.END, Break.GARBAGE])
async def test_a_unary_answer_stops_in_the_middle(how):
    """The body is the beginning of a JSON document."""
    async with asking() as (fake, ask):
        fake.behave(Cut(how, 2))
        status, _, body = await ask()

    assert (200, b"{") == (status, body[:1])
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


async def test_no_choices_is_a_document_without_choices():
    """No candidates means an empty list of choices, streamed as one event."""
    async with asking() as (fake, ask):
        fake.behave(fault("no-candidates"))
        unary = json.loads((await ask())[2])
        stream = events((await ask(QUESTION | {"stream": True}))[2])

    assert ([], []) == (unary["choices"], json.loads(stream[0])["choices"])


# --- the official client -------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def official_client(behaviour):
    """The official client of a fake that behaves so, without hidden retries."""
    openai = pytest.importorskip("openai")
    async with FakeOpenAI(api_key="k") as fake:
        fake.behave(behaviour)
        base_url = fake.base_url
        async with openai.AsyncOpenAI(
            api_key="k", base_url=base_url, max_retries=0, timeout=1.0
        ) as client:
            yield openai, client


async def streamed_by(client):
    """The text that the official client streams, and the error that ends it."""
    texts = []
    try:
        async for chunk in await client.chat.completions.create(stream=True, **QUESTION):
            texts += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    except Exception as error:  # noqa: BLE001  what is raised is the question
        return tuple(texts), error
    return tuple(texts), None


async def test_the_official_client_reads_answers():
    """Unary, streamed and listed, the official client understands the fake."""
    async with official_client(Answer()) as (_, client):
        unary = await client.chat.completions.create(**QUESTION)
        stream = await streamed_by(client)
        models = [model.id async for model in client.models.list()]

    assert ("Hello from the fake.", "stop", 8) == (
        unary.choices[0].message.content,
        unary.choices[0].finish_reason,
        unary.usage.total_tokens,
    )
    assert ((HELLO, None), ["fake-model"]) == (stream, models)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("invalid-argument-400", "BadRequestError"),
        ("unauthenticated-401", "AuthenticationError"),
        ("permission-denied-403", "PermissionDeniedError"),
        ("model-not-found-404", "NotFoundError"),
        ("quota-429", "RateLimitError"),
        ("internal-500", "InternalServerError"),
        ("bad-gateway-html-502", "InternalServerError"),
        ("unavailable-503", "InternalServerError"),
        ("hang-before-headers", "APITimeoutError"),
        ("reset-before-headers", "APIConnectionError"),
        ("down", "APIConnectionError"),
        ("error-json-first", "APIError"),
        ("error-json-mid-stream", "APIError"),
        ("broken-json-mid-stream", "JSONDecodeError"),
    ],
)
async def test_the_official_client_raises_its_own_errors(name, error):
    """Each fault is the error that the official client has for it, in its phase."""
    async with official_client(fault(name)) as (_, client):
        texts, raised = await streamed_by(client)

    assert error == type(raised).__name__
    assert (fault(name).phase is Phase.AFTER) == bool(texts)
