"""Every fault of a request is named at once, wherever it stands."""

from __future__ import annotations

import dataclasses

import msgspec
import pytest
from ion_host_aiohttp.api.decoding import decode
from ion_host_aiohttp.api.query import decode_query
from ion_host_aiohttp.errors.failure import RequestFailed
from multidict import MultiDict

from ion_framework import Finish, TextChunk, hookimpl

PROCESS = "/api/v2/process"
KEY = {"tone": "calm", "pace": "medium", "intent": "learning"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"message": 5, "user_id": 6}, [("string_type", "message"), ("string_type", "user_id")]),
        ({"user_id": ""}, [("missing", "message"), ("string_too_short", "user_id")]),
        (
            {"message": "\u200b", "user_id": "u" * 129},
            [("string_blank", "message"), ("string_too_long", "user_id")],
        ),
    ],
)
async def test_v1_names_every_member(hosting, body, found):
    """A body with two faults is a 422 with two entries, in the order of the members."""
    async with hosting() as host:
        response = await host.session.post("/chat", json=body)
        detail = (await response.json())["detail"]

    assert response.status == 422
    assert [(item["type"], item["loc"][1]) for item in detail] == found
    assert all(item["loc"][0] == "body" for item in detail)


async def test_v2_names_every_missing_part_of_a_key(hosting):
    """A key that lacks two parts is told both, beside what else does not fit."""
    body = {
        "user_input": "hi",
        "resonance_key": {"tone": "calm"},
        "use_cache": 1,
        "context": {"message_history": [{"role": "user", "content": "x"}, {"role": "user"}]},
    }
    async with hosting() as host:
        response = await host.session.post(PROCESS, json=body)
        errors = (await response.json())["errors"]

    assert response.status == 422
    assert [(item["pointer"], item["type"]) for item in errors] == [
        ("#/resonance_key/pace", "missing"),
        ("#/resonance_key/intent", "missing"),
        ("#/context/message_history/1/content", "missing"),
        ("#/use_cache", "bool_type"),
    ]


class Inner(msgspec.Struct):
    """Members under names of their own."""

    size: int = msgspec.field(name="Size")


@dataclasses.dataclass
class Outer:
    """What a plugin may take: a dataclass with a struct and a list in it."""

    inner: Inner
    names: list[str]
    note: str = ""


def test_classes_of_any_make_are_looked_into():
    """Faults in structs and dataclasses of plugins are all found."""
    with pytest.raises(RequestFailed) as caught:
        decode(b'{"inner": {"Size": "x"}, "names": ["a", 1, null]}', Outer)

    paths = [issue.path for issue in caught.value.failure.issues]
    assert paths == [("inner", "Size"), ("names", 1), ("names", 2)]


def test_issues_are_bounded():
    """Of a thousand faults twenty are named."""
    body = msgspec.json.encode({"inner": {"Size": 1}, "names": [5] * 1000})
    with pytest.raises(RequestFailed) as caught:
        decode(body, Outer)

    assert len(caught.value.failure.issues) == 20


async def end(host, query):
    """The answer to the end of a session."""
    return await host.session.post(f"/chat/end?session_id=s{query}")


@pytest.mark.parametrize(
    ("words", "skipped"),
    [
        ("true True TRUE 1 yes YES on On t T y Y", True),
        ("false False 0 no NO off OFF f F n N", False),
    ],
)
async def test_truth_values_are_those_of_fastapi(hosting, words, skipped):
    """Every word that FastAPI takes for true or false in an address is taken, in any case."""
    async with hosting() as host:
        answers = [await end(host, f"&skip_summary={word}") for word in words.split()]
        bodies = [await answer.json() for answer in answers]

    assert {answer.status for answer in answers} == {200}
    assert {"summary_url" not in body for body in bodies} == {skipped}


@pytest.mark.parametrize("word", ["banana", "2", "", "ja"])
async def test_what_is_neither_true_nor_false_is_told(hosting, word):
    """Any other word is a 422 ``bool_parsing`` that names the parameter and what is valid."""
    async with hosting() as host:
        response = await end(host, f"&skip_summary={word}")
        (item,) = (await response.json())["detail"]

    assert response.status == 422
    assert (item["type"], item["loc"]) == ("bool_parsing", ["query", "skip_summary"])
    assert item["input"] == word
    assert "yes" in item["msg"]


async def test_faults_of_the_query_are_located_there(hosting):
    """A missing parameter and a wrong one are both named, each as part of the query."""
    async with hosting() as host:
        response = await host.session.post("/chat/end?skip_summary=maybe")
        detail = (await response.json())["detail"]

    assert {(item["type"], *item["loc"]) for item in detail} == {
        ("bool_parsing", "query", "skip_summary"),
        ("missing", "query", "session_id"),
    }


class Wish(msgspec.Struct):
    """A query with a truth value that may be left open."""

    loud: bool | None = None
    name: str = ""


def test_words_of_other_parameters_stay():
    """A text that reads like a truth value stays a text where text is asked for."""
    found = decode_query(MultiDict({"loud": "off", "name": "yes"}), Wish)

    assert found == Wish(loud=False, name="yes")


@pytest.mark.parametrize("text", ["\u200b", "\u200d\u200c", " \ufeff\n", "\u2060\u00ad", "\u3164"])
async def test_what_nobody_sees_is_blank(hosting, text):
    """A message of characters that nobody sees is refused as blank in both versions."""
    async with hosting() as host:
        v1 = await host.session.post("/chat", json={"message": text})
        v2 = await host.session.post(PROCESS, json={"user_input": text})
        problem = await v2.json()

    assert v1.status == 422
    assert (v2.status, problem["error"]["code"]) == (400, "INVALID_INPUT")


async def test_joined_emoji_are_text(hosting):
    """A message of emoji that invisible characters join is answered."""
    async with hosting() as host:
        response = await host.session.post("/chat", json={"message": "👩‍👩‍👧‍👦"})

    assert response.status == 200


async def test_what_the_original_takes_is_taken(hosting, make):
    """A message of the role system is material on the user's side, and an empty user is none."""
    seen = []

    class Reader:
        """Notes the prompt."""

        @hookimpl
        async def ion_generate(self, turn, prompt):
            """An answer."""
            seen.append((turn.request, prompt))
            yield TextChunk("fine")
            yield Finish()

    plugins = (*make.standard(), make.plugin("brain", "generator", Reader()))
    history = [{"role": "system", "content": "Call me Captain."}, {"role": "user", "content": "x"}]
    context = {"user_id": "", "session_id": "", "message_history": history}
    async with hosting(*plugins) as host:
        response = await host.session.post(
            PROCESS, json={"user_input": "hi", "resonance_key": KEY, "context": context}
        )

    assert response.status == 200
    ((request, prompt),) = seen
    assert "Captain" in prompt.context
    assert "Captain" not in prompt.system
    assert [message.content for message in prompt.history] == ["x"]
    assert (request.user_id, request.session_id) == (None, None)
