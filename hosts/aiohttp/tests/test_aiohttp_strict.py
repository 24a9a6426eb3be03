"""Members that a request does not know: refused by new endpoints, left alone by the original's."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from ion_host_aiohttp.api.decoding import decode
from ion_host_aiohttp.api.strict import is_strict, strict
from ion_host_aiohttp.errors.failure import RequestFailed

from ion_framework.testing import MemoryStore

FEEDBACK = "/api/v2/feedback"
VALID = "request_id, rating, persona, tone, intent, comment, message, user_id"


@attrs.frozen(kw_only=True)
class Loose:
    """Takes anything besides."""

    inner: Any = None


@strict
@attrs.frozen(kw_only=True)
class Part:
    """Takes its own member only."""

    known: int = 0


@strict
@attrs.frozen(kw_only=True)
class Whole:
    """Takes its own members only, and so do its parts, where they say so."""

    part: Part | None = None
    parts: tuple[Part, ...] = ()
    loose: Loose | None = None


def faults(body: bytes, kind: type[Any]) -> list[tuple[Any, ...]]:
    """Kind and place of everything that is wrong with a body."""
    with pytest.raises(RequestFailed) as caught:
        decode(body, kind)
    return [(issue.kind, issue.path) for issue in caught.value.failure.issues]


def test_every_unknown_member_is_named_where_it_stands():
    """Unknown members are told together, in parts and lists too, and beside other faults."""
    body = b'{"x": 1, "part": {"y": 2}, "parts": [{}, {"z": 3}], "loose": {"free": 1}}'
    assert faults(body, Whole) == [
        ("extra_forbidden", ("x",)),
        ("extra_forbidden", ("part", "y")),
        ("extra_forbidden", ("parts", 1, "z")),
    ]
    both = faults(b'{"part": {"known": "text", "other": 1}}', Whole)
    assert [path for _, path in both] == [("part", "known"), ("part", "other")]
    assert decode(b'{"loose": {"free": 1}, "parts": [{"known": 5}]}', Whole).parts == (
        Part(known=5),
    )


def test_a_class_is_strict_by_itself():
    """The mark belongs to one class, not to those that are made of it."""

    @attrs.frozen
    class Child(Part):
        """A class of a strict one."""

    assert (True, False, False) == (is_strict(Part), is_strict(Child), is_strict(Loose))


async def test_feedback_names_what_it_does_not_know(hosting, make):
    """A feedback with a member that is spelt wrongly is a 422 that names it and those there are."""
    shelves = make.plugin("shelves", "store", MemoryStore())
    async with hosting(*make.standard(), shelves) as host:
        status, found, _ = await host.told(
            FEEDBACK, request_id="r", rating=1, coment="bad", message="hello"
        )
    assert (status, found["error"]["code"], found["error"]["field"]) == (
        422,
        "VALIDATION_ERROR",
        "coment",
    )
    (issue,) = found["errors"]
    assert (issue["pointer"], issue["type"]) == ("#/coment", "extra_forbidden")
    assert issue["detail"] == f"There is no member coment here; valid are: {VALID}."
    assert issue["valid"] == VALID.split(", ")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/chat", {"message": "hello"}),
        ("/api/v2/process", {"user_input": "hello"}),
        ("/api/v2/conversations/start", {"user_id": "ann"}),
        ("/v1/chat/completions", {"model": "lua", "messages": [{"role": "user", "content": "x"}]}),
    ],
)
async def test_endpoints_of_the_original_leave_more_members_alone(hosting, path, body):
    """What a client of the original or of OpenAI's protocol sends besides changes nothing."""
    async with hosting() as host:
        status, _, _ = await host.told(path, **body, of_my_own={"x": [1]})
    assert status == 200


async def test_the_document_says_which_is_which(hosting):
    """``additionalProperties`` is false for the strict request alone."""
    async with hosting() as host, host.session.get("/openapi.json") as response:
        schemas = (await response.json())["components"]["schemas"]
    closed = {
        name.rpartition(".")[2]
        for name, schema in schemas.items()
        if schema.get("additionalProperties") is False
    }
    assert "FeedbackRequest" in closed
    assert not closed & {"TurnBody", "StartRequest", "ProcessRequest", "ChatCompletionRequest"}
