"""``POST /api/v2/recommend``: which persona suits a scenario described in words."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import attrs
import msgspec

from ion_framework.domain.blank import NOT_BLANK
from ion_framework.domain.conversation import Role
from ion_framework.domain.language import detect_language
from ion_framework.ensemble.recommending import Advice, advise
from ion_framework.errors import NoAnswerError
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.schema_issues import MOST_ISSUES
from ion_host_aiohttp.errors.failure import Issue, RequestFailed, check_message, unfit
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.errors.problem import DEFAULT_LANGUAGE
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.openapi.schemas import LIMIT
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.v2.personas import PersonaView, persona_view
from ion_host_aiohttp.v2.schema import ContextRequest, check_given, messages_of
from ion_host_aiohttp.v2.unanswered import failure_of

_Scenario = Annotated[
    str,
    msgspec.Meta(
        examples=["장애 대응 회의를 이끌 사람이 필요해요", "A code review of our cache"],
        extra_json_schema={"minLength": 1, "pattern": NOT_BLANK, LIMIT: "message_chars"},
    ),
]
_SHOWN_WORDS = 8


@attrs.frozen(kw_only=True)
class PersonaRecommendRequest:
    """The body of ``POST /api/v2/recommend``.

    Attributes:
        scenario: the situation, Korean or English.
        context: what was said before: the user's messages in it tell more of the subject.
    """

    scenario: _Scenario
    context: ContextRequest | None = None


@attrs.frozen(kw_only=True, slots=False)
class RecommendResponse:
    """The recommendation.

    Attributes:
        recommended_persona: the one that suits the scenario best.
        scores: how well each persona suits it, whole points from 0 to 100, best first.
        capabilities: what the recommended one is best for.
        reasoning: why, for people.
    """

    recommended_persona: str
    scores: dict[str, int]
    capabilities: PersonaView
    reasoning: str
    timestamp: str


async def recommend(call: Call[PersonaRecommendRequest], service: Service) -> Answer:
    """Recommend a persona."""
    check_given(call.body.scenario, "scenario")
    scenario = call.body.scenario.strip()
    issues: list[Issue] = list(check_message(scenario, "scenario", service.limits.message_chars))
    earlier = messages_of(call.body.context or ContextRequest(), issues)
    if issues:
        raise RequestFailed(unfit(*issues[:MOST_ISSUES]).failure.about(scenario))
    said = [message.content for message in earlier if message.role is Role.USER]
    try:
        advice = await advise(service.ion, scenario, said)
    except NoAnswerError as error:
        own_s = service.ion.settings.turn.deadline_s
        failure = failure_of(error, call.request_id, service, own_s)
        raise RequestFailed(failure.about(scenario)) from error
    names = shown_names(service.ion.personas)
    language = call.language or DEFAULT_LANGUAGE
    telling = service.catalogue.telling(call.asked, detect_language(scenario))
    persona = service.ion.persona(advice.persona)
    return Answer(
        body=RecommendResponse(
            recommended_persona=names[advice.persona],
            scores={names[name]: round(score * 100) for name, score in advice.scores.items()},
            capabilities=persona_view(persona, names[advice.persona], language),
            reasoning=telling.text(_reasoning(scenario, advice)),
            timestamp=iso_time(service.clock.time()),
        )
    )


def _reasoning(scenario: str, advice: Advice) -> Message:
    words = advice.claims[advice.persona].words[:_SHOWN_WORDS]
    key = str(advice.resonance.key)
    if words:
        return say("recommended_by_words", scenario=scenario, key=key, words=", ".join(words))
    return say("recommended", scenario=scenario, key=key)


RECOMMEND = Endpoint(
    method="POST",
    path="/api/v2/recommend",
    handler=recommend,
    style=ErrorStyle.V2,
    summary="Recommend a persona for a scenario described in words.",
    description=(
        "Two things count: how well the persona's affinities fit the scenario as it reads, and "
        "how far the scenario is about what the persona says of itself."
    ),
    request=PersonaRecommendRequest,
    response=RecommendResponse,
    errors=(
        ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The scenario is blank."),
        ErrorCase(
            HTTPStatus.SERVICE_UNAVAILABLE, "NOT_EQUIPPED", "An operator has something to set."
        ),
        ErrorCase(HTTPStatus.SERVICE_UNAVAILABLE, "NO_ANSWER", "The scenario could not be read."),
    ),
    scope=Scope.CHAT,
)
