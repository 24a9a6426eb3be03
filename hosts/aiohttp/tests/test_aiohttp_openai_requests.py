"""What OpenAI's protocol takes and refuses, and its errors, as any HTTP client sees them."""

from __future__ import annotations

import pytest
from ion_host_aiohttp.access.caller import Caller

from ion_framework import Finish, TextChunk, hookimpl
from ion_framework.domain.conversation import Role
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.verdict import Refusal

PATH = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hello"}]


class Witness:
    """A generator that answers and keeps the prompts that it was given."""

    def __init__(self) -> None:
        self.prompts = []

    @hookimpl
    async def ion_generate(self, prompt):
        """The answer."""
        self.prompts.append(prompt)
        yield TextChunk("seen")
        yield Finish()


class Guard:
    """Refuses what contains a word, and fails at another."""

    @hookimpl
    def ion_guard(self, turn):
        """Refuse."""
        if "broken" in turn.text:
            raise RuntimeError("secret cause")
        if "forbidden" in turn.text:
            return Refusal("word", "That word is not spoken here.")
        return None


async def asked(host, messages=HELLO, language=None, **more):
    """Status, body and headers of the answer to a conversation."""
    body = {"model": "ion-auto", "messages": messages, **more}
    headers = {"Accept-Language": language} if language else {}
    async with host.session.post(PATH, json=body, headers=headers) as response:
        return response.status, await response.json(), response.headers


async def test_an_answer_is_a_chat_completion(hosting):
    """The body has every member of the protocol, and the headers name who answered."""
    async with hosting() as host:
        status, body, headers = await asked(host, model="elro")

    assert 200 == status
    assert body["id"].removeprefix("chatcmpl-") == headers["X-Request-ID"]
    assert ("chat.completion", "elro") == (body["object"], body["model"])
    assert body["system_fingerprint"].startswith("fp_")
    assert [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "answer to: hello", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ] == body["choices"]
    assert ("elro", "miss") == (headers["ION-Persona"], headers["ION-Cache"])


async def test_tokens_that_nobody_counted_are_estimated(hosting):
    """A generator that does not tell its tokens gets four characters for each, and that is said."""
    async with hosting() as host:
        _, body, _ = await asked(host)

    assert {
        "prompt_tokens": 2,
        "completion_tokens": 4,
        "total_tokens": 6,
        "prompt_tokens_details": None,
        "ion_estimated": True,
    } == body["usage"]


async def test_the_fingerprint_stays_while_nothing_changes(hosting, make):
    """Two hosts with the same plugins have one fingerprint, and one persona less is another."""
    found = []
    for plugins in ((), (), [p for p in make.standard() if p is not make.elro]):
        async with hosting(*plugins) as host:
            found.append((await asked(host))[1]["system_fingerprint"])

    assert found[0] == found[1] != found[2]


async def test_roles_go_where_they_belong(hosting, make):
    """The last user message is asked, others are history, and the caller's system text is none."""
    witness = Witness()
    messages = [
        {"role": "system", "content": "Obey me.\n\nAlways rhyme."},
        {"role": "user", "content": [{"type": "text", "text": "one"}]},
        {"role": "assistant", "content": "two", "name": "bot"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "tool", "content": "42 degrees", "tool_call_id": "t"},
        {"role": "user", "content": [{"type": "text", "text": t} for t in ("three", "four")]},
        {"role": "developer", "content": ""},
    ]
    plugins = (make.lua, make.analyzer, make.router, make.plugin("w", "generator", witness))
    async with hosting(*plugins) as host:
        status, _, _ = await asked(host, messages)
    (prompt,) = witness.prompts

    assert 200 == status
    assert "three\nfour" == prompt.user
    assert [(Role.USER, "one"), (Role.ASSISTANT, "two")] == [
        (message.role, message.content) for message in prompt.history
    ]
    assert "Obey me." not in prompt.system
    for line in ("- Obey me.", "- Always rhyme.", "- 42 degrees"):
        assert line in prompt.context


async def test_the_whole_history_reaches_the_generator(hosting, make):
    """Of sixty earlier messages, each with three hundred characters, none is dropped or cut."""
    witness = Witness()
    said = [f"message {number} " + "x" * 290 for number in range(60)]
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(said)]
    plugins = (make.lua, make.analyzer, make.router, make.plugin("w", "generator", witness))
    async with hosting(*plugins) as host:
        status, _, _ = await asked(host, [*messages, {"role": "user", "content": "and now?"}])

    assert 200 == status
    assert said == [message.content for message in witness.prompts[0].history]


async def test_parameters_reach_the_generator(hosting, make):
    """Temperature, top_p and the newer name of the most tokens replace the persona's own."""
    witness = Witness()
    plugins = (make.lua, make.analyzer, make.router, make.plugin("w", "generator", witness))
    async with hosting(*plugins) as host:
        await asked(host, temperature=1.5, top_p=0, max_tokens=7, max_completion_tokens=10**6)
    (prompt,) = witness.prompts

    assert 1.5 == prompt.parameters.temperature
    assert 0 < prompt.parameters.top_p <= 1e-6
    assert 65536 == prompt.parameters.max_output_tokens


async def test_what_changes_nothing_is_taken(hosting):
    """Unknown members, ignored ones and refused ones with a harmless value do no harm."""
    more = {
        "seed": 2**70,
        "presence_penalty": -2,
        "frequency_penalty": 2,
        "metadata": {"a": "b"},
        "store": True,
        "service_tier": "auto",
        "prompt_cache_key": "k",
        "reasoning_effort": "low",
        "verbosity": "low",
        "user": "u-1",
        "n": 1,
        "tools": [],
        "tool_choice": "none",
        "logprobs": False,
        "response_format": {"type": "text"},
        "modalities": ["text"],
        "stop": None,
        "something": {"new": [1]},
    }
    async with hosting() as host:
        status, body, _ = await asked(host, **more)

    assert (200, "answer to: hello") == (status, body["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"tools": [{"type": "function"}]}, "tools", "unsupported_parameter"),
        ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
        ({"functions": [{}]}, "functions", "unsupported_parameter"),
        ({"response_format": {"type": "json_object"}}, "response_format", "unsupported_parameter"),
        ({"response_format": 5}, "response_format", "unsupported_parameter"),
        ({"n": 2}, "n", "unsupported_parameter"),
        ({"n": True}, "n", "unsupported_parameter"),
        ({"logprobs": True}, "logprobs", "unsupported_parameter"),
        ({"logprobs": 0}, "logprobs", "unsupported_parameter"),
        ({"modalities": ["text", "audio"]}, "modalities", "unsupported_parameter"),
        ({"audio": {"voice": "x"}}, "audio", "unsupported_parameter"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"temperature": 3}, "temperature", "invalid_value"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "invalid_type"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"stop": ["a"] * 5}, "stop", "invalid_value"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata", "invalid_value"),
        ({"user": "u" * 129}, "user", "invalid_value"),
        ({"model": 5}, "model", "invalid_type"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": "hello"}, "messages", "invalid_type"),
        ({"messages": ["hello"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": ["user"]}]}, "messages[0].role", "invalid_type"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        ({"messages": [{"role": "user", "content": " "}]}, "messages[0].content", "invalid_value"),
        ({"messages": [{"role": "user", "content": []}]}, "messages[0].content", "invalid_value"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
            "messages[0].content[0].type",
            "unsupported_parameter",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text",
            "missing_required_parameter",
        ),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages", "invalid_value"),
        ({"messages": [{"role": "user", "content": "\0"}]}, "messages[0].content", "invalid_value"),
    ],
)
async def test_what_does_not_fit_is_a_bad_request(hosting, more, param, code):
    """400 in the protocol's shape, and param says which value it is."""
    async with hosting() as host:
        status, body, headers = await asked(host, **more)

    assert 400 == status
    assert ({"message", "type", "param", "code"}, {"error"}) == (set(body["error"]), set(body))
    assert ("invalid_request_error", param, code) == tuple(
        body["error"][name] for name in ("type", "param", "code")
    )
    assert param in body["error"]["message"]
    assert "false" == headers["x-should-retry"]


@pytest.mark.parametrize("characters", [32_000, 32_001])
async def test_all_messages_together_are_bounded(hosting, characters):
    """More than 32,000 characters of input are context_length_exceeded."""
    messages = [{"role": "system", "content": "x" * (characters - 5)}, *HELLO]
    async with hosting() as host:
        status, body, _ = await asked(host, messages)

    if characters == 32_000:
        assert 200 == status
    else:
        assert (400, "context_length_exceeded") == (status, body["error"]["code"])


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/v1/nowhere", {}, 404, "not_found"),
        ("GET", PATH, {}, 405, "method_not_allowed"),
        ("POST", PATH, {"data": b"{"}, 415, "content_type"),
        ("POST", PATH, {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400, None),
        ("POST", PATH, {"json": {"x": "y" * 300_000}}, 413, "request_too_large"),
        ("GET", "/v1/models/nobody", {}, 404, "model_not_found"),
        ("POST", PATH, {"json": {"model": "gpt-4", "messages": HELLO}}, 404, "model_not_found"),
    ],
)
async def test_every_error_has_the_protocols_shape(  # noqa: PLR0913, PLR0917  one per part of the case
    hosting, method, path, sent, status, code
):
    """Under /v1 no error looks like one of the other APIs, wherever it arises."""
    async with hosting() as host, host.session.request(method, path, **sent) as response:
        body = await response.json()

    assert (status, code or "invalid_json") == (response.status, body["error"]["code"])
    assert {"message", "type", "param", "code"} == set(body["error"])
    assert "application/json" == response.content_type


async def test_an_unknown_model_is_answered_with_those_that_there_are(hosting):
    """The 404 lists ion-auto and every persona, in Korean to who asks for it."""
    async with hosting() as host:
        _, english, _ = await asked(host, model="gpt-4")
        _, korean, headers = await asked(host, model="gpt-4", language="ko")

    assert "the models of this server are: ion-auto, lua, elro." in english["error"]["message"]
    assert "'gpt-4' 모델이 없습니다." in korean["error"]["message"]
    assert ("model", "ko") == (english["error"]["param"], headers["Content-Language"])


async def test_models_are_the_router_and_every_persona(hosting):
    """The list has ion-auto and the personas with their distribution, the same each time."""
    async with hosting() as host:
        found = []
        for _ in range(2):
            async with host.session.get("/v1/models") as response:
                found.append(await response.json())
        async with host.session.get("/v1/models/elro") as response:
            one = await response.json()

    assert found[0] == found[1]
    assert "list" == found[0]["object"]
    assert ["ion-auto", "lua", "elro"] == [model["id"] for model in found[0]["data"]]
    assert one == found[0]["data"][2]
    assert {"id", "object", "created", "owned_by"} == set(one)
    assert all(model["owned_by"] for model in found[0]["data"])


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [
        ("forbidden", 400, "content_policy_violation"),
        ("broken", 403, "guard_failed"),
    ],
)
async def test_a_guards_no_is_the_messages_fault(hosting, make, word, status, code):
    """A refused message is 400 in the guard's words, and 403 where the guard itself failed."""
    guard = make.plugin("guard", "guard", Guard())
    async with hosting(*make.standard(), guard) as host:
        found, body, _ = await asked(host, [{"role": "user", "content": word}])

    assert (status, code) == (found, body["error"]["code"])
    assert "secret cause" not in body["error"]["message"]


async def test_the_document_has_the_errors_in_the_protocols_words(hosting):
    """No 422 is documented, and 400 lists the codes of this protocol."""
    async with hosting() as host, host.session.get("/openapi.json") as response:
        found = await response.json()
    responses = found["paths"][PATH]["post"]["responses"]
    whole, exact = responses["400"]["content"]["application/json"]["schema"]["allOf"]
    codes = exact["properties"]["error"]["properties"]["code"]["enum"]

    assert "422" not in responses
    assert whole["$ref"].endswith("/OpenAIError")
    assert {
        "content_policy_violation",
        "context_length_exceeded",
        "invalid_type",
        "unsupported_parameter",
    } <= set(codes)
    assert "text/event-stream" in responses["200"]["content"]


async def test_numbers_that_cannot_be_tokens_are_estimated(hosting, make):
    """What a generator tells of its tokens never spoils the answer."""

    class Boaster:
        """Tells of more tokens than there are."""

        @hookimpl
        async def ion_generate(self, prompt):
            """The answer."""
            yield TextChunk("seen")
            yield Finish(usage=Usage(10**30, True, 10**30))

    plugins = (make.lua, make.analyzer, make.router, make.plugin("b", "generator", Boaster()))
    async with hosting(*plugins) as host:
        status, body, _ = await asked(host)

    assert 200 == status
    assert (2, 1, 3, None, True) == tuple(body["usage"].values())
    assert isinstance(body["usage"]["completion_tokens"], int)


@pytest.mark.parametrize(("limit", "kind"), [("tokens", "tokens"), ("requests", "requests")])
async def test_a_used_up_quota_says_of_what(hosting, limiting, limit, kind):
    """The 429 is rate_limit_exceeded of requests or tokens, with the fields that clients read."""
    rate = {"tokens_per_day": 1} if limit == "tokens" else {"limit": "1/minute"}
    async with limiting(**rate) as (limiter, _), hosting(rates=limiter) as host:
        for _ in range(2):
            status, body, headers = await asked(host)
            await limiter.book(Caller(subject="127.0.0.1"), 5)

    assert (429, kind, "rate_limit_exceeded") == (
        status,
        body["error"]["type"],
        body["error"]["code"],
    )
    assert "0" == headers[f"x-ratelimit-remaining-{kind}"]
    assert int(headers["Retry-After"]) * 1000 == int(headers["retry-after-ms"])
    assert headers["x-should-retry"] == ("true" if limit == "requests" else "false")
