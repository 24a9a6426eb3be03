"""Values that are not taken: each error says what is valid, in either language."""

from __future__ import annotations

from typing import Any

import pytest

from ion_framework.testing import MemoryStore

START = "/api/v2/conversations/start"
FEEDBACK = "/api/v2/feedback"
USER = {"user_id": "ann"}
ASKED = {"request_id": "r-1"}
VALUES = [
    (START, {**USER, "options": {"session_ttl_hours": 0}}, "1 to 720", "1~720"),
    (START, {**USER, "options": {"session_ttl_hours": 721}}, "1 to 720", "1~720"),
    (START, {"user_id": "a@b.example/1"}, "without '/'", "'/'와 제어 문자를 뺀"),
    (FEEDBACK, {**ASKED, "rating": 7}, "1 to 5", "1~5"),
    (FEEDBACK, {**ASKED, "tone": "nope"}, "frustrated", "frustrated"),
    (FEEDBACK, {**ASKED, "intent": "nope"}, "seek_advice", "seek_advice"),
    (FEEDBACK, {"request_id": "a b", "rating": 1}, "1 to 128 letters", "1~128자"),
]


@pytest.fixture
def kept(hosting: Any, make: Any) -> Any:
    """A host that keeps conversations."""
    return hosting(*make.standard(), make.plugin("shelves", "store", MemoryStore()))


@pytest.mark.parametrize(("path", "body", "english", "korean"), VALUES)
async def test_a_value_that_is_not_taken(kept, path, body, english, korean):
    """Range, closed list and form are told in the language that was asked for."""
    async with kept as host:
        found = [await host.told(path, language, **body) for language in ("en", "ko")]

    assert [status for status, _, _ in found] == [422, 422]
    told = [answer["errors"][0]["detail"] for _, answer, _ in found]
    assert english in told[0]
    assert korean in told[1]
    assert all("not valid" not in text and "올바르지 않은" not in text for text in told)


@pytest.mark.parametrize(
    ("query", "english"),
    [("limit=0", "1 to 100"), ("limit=101", "1 to 100"), ("cursor=%21", "next_cursor")],
)
async def test_a_parameter_that_is_not_taken(kept, query, english):
    """Parameters of an address are told likewise."""
    async with kept as host:
        status, found, _ = await host.told(f"/api/v2/conversations?user_id=ann&{query}", "en")

    assert (status, english in found["errors"][0]["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("name", "value", "english"),
    [
        ("temperature", 9, "from 0 to 2"),
        ("temperature", -1, "from 0 to 2"),
        ("max_tokens", 0, "from 1 to 1000000000"),
        ("seed", 1.5, "whole"),
        ("metadata", {str(number): "x" for number in range(17)}, "at most 16"),
    ],
)
async def test_a_parameter_of_the_other_protocol(kept, name, value, english):
    """OpenAI's protocol names the parameter and says what is valid."""
    body = {"model": "lua", "messages": [{"role": "user", "content": "hi"}], name: value}
    async with kept as host:
        status, found, _ = await host.told("/v1/chat/completions", "en", **body)

    error = found["error"]
    assert (status, error["param"], error["code"]) == (400, name, "invalid_value")
    assert english in error["message"]


async def test_a_value_deep_inside_a_large_body(kept):
    """Also where a body is too large to be repeated the closed list is told."""
    async with kept as host:
        status, found, _ = await host.told(
            FEEDBACK, "en", **ASKED, tone="nope", comment="x" * 17000
        )

    assert status == 422
    assert any("frustrated" in issue["detail"] for issue in found["errors"])


async def test_a_message_over_a_websocket(hosting, talk):
    """The id of a turn that has not its form is told with the form."""
    async with hosting() as host, talk.connected(host) as socket:
        await talk.ask(socket, type="turn", id="a b", text="hello")
        told = await talk.hear(socket)

    assert "1 to 64 letters" in str(told["data"]) or "1~64자" in str(told["data"])
