"""Conversations as they are shown: what stands behind each kept turn."""

from __future__ import annotations

from typing import Any

import attrs
from ion_host_aiohttp.v2.turn_views import turn_view

from ion_framework.conversations.model import StoredTurn
from ion_framework.testing import MemoryStore

START = "/api/v2/conversations/start"
SAME = (
    "cached",
    "confidence",
    "degraded",
    "degraded_reason",
    "finish_reason",
    "generator",
    "handed_over_from",
    "language",
    "model",
    "receipt",
    "tokens_used",
)


async def report_of(host: Any, session: str) -> Any:
    """A conversation as it is shown."""
    async with host.session.get(f"/api/v2/conversations/{session}") as response:
        assert response.status == 200
        return await response.json()


async def test_a_shown_turn_tells_what_its_answer_told(hosting, make):
    """Receipt, reasons and ends of a kept turn are those that its caller was given."""
    shelves = make.plugin("shelves", "store", MemoryStore())
    async with hosting(*make.standard(), shelves) as host:
        _, begun, _ = await host.told(START, user_id="ann")
        session = begun["session_id"]
        path = f"/api/v2/conversations/{session}/turn"
        answers = [
            (await host.told(path, user_message=text))[1]
            for text in ("curious about Redis clusters", "so frustrated")
        ]
        shown = (await report_of(host, session))["messages"]
    for answer, turn in zip(answers, shown, strict=True):
        assert {name: turn[name] for name in SAME} == {
            name: answer["metadata"][name] for name in SAME
        }
        assert turn["receipt"]["scores"]
    assert (shown[0]["finish_reason"], shown[0]["degraded_reason"]) == ("stop", None)


def test_a_turn_of_another_origin_is_shown_as_far_as_it_is_known():
    """A turn whose document says nothing has the receipt that was kept with it, and no more."""
    kept = StoredTurn(
        number=1,
        request_id="r",
        user_message="hi",
        ai_response="hello",
        persona="lua",
        key="calm-medium-learning",
        at=0.0,
        receipt='{"margin": 0.1}',
    )
    for document in ("{}", '{"metadata": {"cached": "of another version"}}'):
        shown = turn_view(attrs.evolve(kept, document=document), "Lua")
        assert (shown.receipt, shown.finish_reason, shown.cached) == ({"margin": 0.1}, None, False)
