"""API v1 beside the original's: paths, statuses and names of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from ion_framework import hookimpl


@attrs.frozen(kw_only=True)
class Case:
    """A request and what the original answers to it.

    Attributes:
        method: HTTP method.
        path: address with query.
        body: JSON body, None without one.
        status: status of the answer.
        fields: members of its body.
        more: members that ION adds.
        before: messages told to the session ``s1`` before.
    """

    method: str = "POST"
    path: str
    body: Any = None
    status: int = 200
    fields: Sequence[str]
    more: Sequence[str] = ()
    before: Sequence[str] = ()


CASES = {
    "root": Case(method="GET", path="/", fields=("service", "version", "status", "docs", "health")),
    "health": Case(
        method="GET",
        path="/health",
        fields=("status", "version", "pipeline_ready", "redis_cache"),
        more=("reasons", "conversation_store"),
    ),
    "chat": Case(
        path="/chat",
        body={"message": "왜 안 되죠?", "user_id": "u1"},
        fields=("content", "persona_used", "resonance_key", "confidence", "metadata"),
    ),
    "chat without message": Case(path="/chat", body={}, status=422, fields=("detail",)),
    "chat blank": Case(path="/chat", body={"message": "  "}, status=422, fields=("detail",)),
    "end": Case(
        path="/chat/end?session_id=s1",
        before=("hello there",),
        fields=("status", "message", "summary_url"),
    ),
    "end of nothing": Case(
        path="/chat/end?session_id=s1", fields=("status", "message", "summary_url")
    ),
    "end without summary": Case(
        path="/chat/end?session_id=s1&skip_summary=true", fields=("status", "message", "summary")
    ),
    "end without session": Case(path="/chat/end", status=422, fields=("detail",)),
    "preview": Case(
        path="/summaries/preview",
        body={"messages": ["hello there", "general"]},
        fields=("status", "duration_ms", "parallel", "chunk_chars", "concurrency", "summary"),
        more=("method",),
    ),
    "preview of nothing": Case(
        path="/summaries/preview",
        body={"messages": []},
        status=400,
        fields=("error", "status_code"),
    ),
    "preview of text": Case(
        path="/summaries/preview", body={"messages": "x"}, status=422, fields=("detail",)
    ),
    "preview without messages": Case(
        path="/summaries/preview", body={}, status=422, fields=("detail",)
    ),
    "message": Case(
        path="/sessions/s1/messages", body={"message": "hi"}, fields=("session_id", "count")
    ),
    "empty message": Case(
        path="/sessions/s1/messages", body={"message": ""}, status=422, fields=("detail",)
    ),
    "summary of nothing": Case(method="GET", path="/summaries/s1", fields=("status", "message")),
    "unknown address": Case(method="GET", path="/nowhere", status=404, fields=("detail",)),
    "wrong method": Case(method="GET", path="/chat", status=405, fields=("detail",)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_answers_have_the_originals_members(hosting, case):
    """Status and members of every answer are the original's, and what is added comes beside."""
    async with hosting() as host:
        for message in case.before:
            await host.session.post("/sessions/s1/messages", json={"message": message})
        response = await host.session.request(case.method, case.path, json=case.body)
        body = await response.json()

    assert response.status == case.status
    assert {*case.fields, *case.more} == set(body)


async def test_errors_of_a_schema_have_the_originals_members(hosting):
    """Each item of a 422 says type, loc, msg, input and ctx; too long text has one step more."""
    async with hosting() as host:
        response = await host.session.post("/chat", json={"message": "x" * 1001})
        (item,) = (await response.json())["detail"]

    assert {"type", "loc", "msg", "input", "ctx"} == set(item)
    assert ["body", "message", "max_message_length"] == item["loc"]


async def test_chat_metadata_has_the_originals_members(hosting):
    """Rhythm, tone and routing of an answer have the original's members."""
    async with hosting() as host:
        response = await host.session.post("/chat", json={"message": "왜 안 되죠?"})
        metadata = (await response.json())["metadata"]

    assert {"pace", "avg_length", "punctuation_density"} < set(metadata["rhythm"])
    assert metadata["rhythm"]["pace"] in {"fast", "medium", "slow"}
    assert {"primary", "confidence", "secondary"} == set(metadata["tone"])
    assert {"secondary_persona", "reasoning"} <= set(metadata["routing"])


async def test_what_plugins_add_stands_beside_the_metadata(hosting, make):
    """A plugin's metadata stands under plugins and once more beside, unless the name is taken."""

    class Adding:
        @hookimpl
        def ion_finish(self, reply):
            return attrs.evolve(reply, metadata={"phase": {"n": 1}, "language": "xx"})

    adding = make.plugin("adding", "extension", Adding())
    async with hosting(*make.standard(), adding) as host:
        response = await host.session.post("/chat", json={"message": "hello"})
        metadata = (await response.json())["metadata"]

    assert metadata["phase"] == {"n": 1}
    assert metadata["language"] == "en"
    assert metadata["plugins"] == {"phase": {"n": 1}, "language": "xx"}
