"""``POST /api/v2/recommend``."""

from __future__ import annotations

import attrs
import pytest
from ion_host_aiohttp.service import ServiceLimits

from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import inline
from ion_framework.testing import make_manifest, make_persona

RECOMMEND = "/api/v2/recommend"


def botanist():
    """A persona that nobody has heard of."""
    data = make_persona(
        "botanist",
        rank=5000,
        keywords={Language.ENGLISH: ("plants",), Language.KOREAN: ("식물",)},
    )
    data = attrs.evolve(data, display_name={Language.ENGLISH: "Botanist"})
    return inline(make_manifest("botanist", "persona", persona=data))


async def test_the_answer_of_the_original(hosting):
    """A recommendation names the persona, whole scores for all, and what it is best for."""
    async with hosting() as host:
        response = await host.session.post(RECOMMEND, json={"scenario": "somebody is curious"})
        body = await response.json()

    assert response.status == 200
    assert list(body) == [
        "recommended_persona", "scores", "capabilities", "reasoning", "timestamp",
    ]  # fmt: skip
    assert body["recommended_persona"] == "Elro"
    assert list(body["scores"]) == ["Elro", "Lua"]
    assert all(isinstance(score, int) and 0 <= score <= 100 for score in body["scores"].values())
    assert list(body["capabilities"]) == [
        "name", "traits", "strengths", "best_for_tones", "best_for_paces", "best_for_intents",
    ]  # fmt: skip
    assert body["capabilities"]["name"] == "Elro"
    assert "curious" in body["capabilities"]["best_for_tones"]
    assert body["reasoning"].startswith("Best persona for: somebody is curious")


@pytest.mark.parametrize("scenario", ["Which plants like shade?", "그늘에서 자라는 식물이 있나요"])
async def test_a_fifth_persona_is_recommended(hosting, make, scenario):
    """A persona installed a minute ago is recommended for what it says of itself."""
    async with hosting(*make.standard(), botanist()) as host:
        response = await host.session.post(RECOMMEND, json={"scenario": scenario})
        body = await response.json()

    assert body["recommended_persona"] == "Botanist"
    assert body["scores"]["Botanist"] > max(body["scores"]["Lua"], body["scores"]["Elro"])


async def test_context_tells_more_of_the_subject(hosting, make):
    """What the user said before counts for the subject, what was answered does not."""
    asked = {"role": "user", "content": "My plants are dying."}
    told = {"role": "assistant", "content": "Your plants need water."}
    async with hosting(*make.standard(), botanist()) as host:
        found = []
        for message in (asked, told):
            response = await host.session.post(
                RECOMMEND,
                json={"scenario": "frustrated", "context": {"message_history": [message]}},
            )
            found.append((await response.json())["scores"]["Botanist"])

    assert found[0] > found[1]


async def test_reasons_come_in_korean(hosting):
    """The reasoning is in the language asked for, and so are the capabilities."""
    async with hosting() as host:
        response = await host.session.post(
            RECOMMEND, json={"scenario": "상담"}, headers={"Accept-Language": "ko"}
        )
        body = await response.json()

    assert "상황" in body["reasoning"]
    assert body["capabilities"]["traits"] == ["따뜻함"]


@pytest.mark.parametrize("scenario", ["", "  \n　"])
async def test_a_blank_scenario_is_refused(hosting, scenario):
    """A blank scenario is a 400 INVALID_INPUT that names the field."""
    async with hosting() as host:
        response = await host.session.post(RECOMMEND, json={"scenario": scenario})
        error = (await response.json())["error"]

    assert response.status == 400
    assert (error["code"], error["field"]) == ("INVALID_INPUT", "scenario")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/scenario"),
        ({"scenario": "x" * 21}, "#/scenario"),
        (
            {"scenario": "x", "context": {"message_history": [{"role": "god", "content": ""}]}},
            "#/context/message_history/0/role",
        ),
    ],
)
async def test_what_does_not_fit_is_pointed_at(hosting, body, pointer):
    """A value that does not fit is a 422 that points at it."""
    async with hosting(limits=ServiceLimits(message_chars=20)) as host:
        response = await host.session.post(RECOMMEND, json=body)
        problem = await response.json()

    assert response.status == 422
    assert problem["errors"][0]["pointer"] == pointer


async def test_without_an_analyser_nobody_is_recommended(hosting, make):
    """Without an analyser the answer is a 503 that says what is missing."""
    async with hosting(make.lua, make.router) as host:
        response = await host.session.post(RECOMMEND, json={"scenario": "anything"})
        problem = await response.json()

    assert response.status == 503
    assert problem["error"]["code"] == "NOT_EQUIPPED"
