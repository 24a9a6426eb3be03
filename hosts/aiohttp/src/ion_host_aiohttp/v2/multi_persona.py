"""``POST /api/v2/chat/multi-persona``: a message in, the joint answer of several personas out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated

import attrs
from aiohttp import hdrs

from ion_framework.ensemble.broken_off import BrokenOffError
from ion_framework.ensemble.contribution import Contribution
from ion_framework.ensemble.ensemble import Ensemble, EnsembleRequest
from ion_framework.ensemble.joint_reply import JointReply
from ion_framework.ensemble.plan import MergeStrategy, Plan
from ion_framework.errors import PluginOrderError, TurnError
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api import headers
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorCase, ErrorStyle
from ion_host_aiohttp.api.words import MessageText, one_of
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import (
    Failure,
    RequestFailed,
    check_message,
    not_a_choice,
    unfit,
)
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.errors.problem import telling_of
from ion_host_aiohttp.names import shown_names
from ion_host_aiohttp.receipts import usage_document
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time
from ion_host_aiohttp.turns import (
    SERVED_FROM_CACHE,
    reply_answer,
    spent_tokens,
    timed_turn,
)
from ion_host_aiohttp.v2.envelope import performance_view, routing_view
from ion_host_aiohttp.v2.multi_views import MultiPersonaResponse, PartError, metadata_view
from ion_host_aiohttp.v2.pace import time_for
from ion_host_aiohttp.v2.schema import RequestIdQuery, check_given
from ion_host_aiohttp.v2.unanswered import failure_of

BLEND = "multi-persona-blend"
"""The original's resonance key of every joint answer; each part has its own."""


@attrs.frozen(kw_only=True)
class MultiPersonaProcessRequest:
    """The body of ``POST /api/v2/chat/multi-persona``.

    Attributes:
        user_input: what the user writes.
        force_multi: whether at least two personas answer, even where the message speaks to one.
        merge_strategy: how the answers become one; by default ``weighted`` where all answer at
            the same time, and ``hierarchical`` otherwise.
    """

    user_input: MessageText
    force_multi: bool = False
    merge_strategy: Annotated[str, one_of(MergeStrategy)] | None = None


class _Purse:
    """Pays for what a request of several turns takes beyond the one that was paid at the door."""

    def __init__(self, service: Service, call: Call[MultiPersonaProcessRequest]) -> None:
        self._service = service
        self._call = call
        self.fields: Mapping[str, str] = {}

    async def admit(self, plan: Plan) -> None:
        """Take the requests that a plan means.

        Raises:
            RequestFailed: 429.
        """
        turns = len(plan.personas) + (plan.strategy is MergeStrategy.SYNTHESIS)
        if turns > 1:
            self.fields = await self._service.limiter.spend(
                self._call.caller, turns - 1, runs_turns=True, paid=1
            )

    async def respond(self, request: TurnRequest) -> Reply:
        """Answer one part; what it spends of tokens is taken from the caller's budget."""
        reply = await timed_turn(self._service, request)
        self._service.traffic.replied(reply.persona)
        if reply.receipt.cache.status in SERVED_FROM_CACHE:
            self._service.traffic.from_cache += 1
        else:
            await self.book((reply.usage,))
        return reply

    async def book(self, spent: Iterable[Usage]) -> None:
        """Take tokens from the caller's budget."""
        for usage in spent:
            await self._service.limiter.book(self._call.caller, spent_tokens(usage))


async def multi_persona(call: Call[MultiPersonaProcessRequest], service: Service) -> Answer:
    """Answer one message with as many personas as it speaks to."""
    check_given(call.body.user_input, "user_input")
    time_s = time_for(call.deadline_s, service)
    request = _request(call, service, time_s)
    purse, started = _Purse(service, call), service.clock.monotonic()
    try:
        joint = await Ensemble(service.ion, purse.respond).respond(request, purse.admit)
    except PluginOrderError as error:
        raise RequestFailed(_circle(error).about(call.body.user_input)) from error
    except TurnError as error:
        failure = _failure_of(error, call.request_id, service, time_s)
        raise RequestFailed(failure.about(call.body.user_input)) from error
    await purse.book(joint.beside)
    duration_ms = round((service.clock.monotonic() - started) * 1000, 3)
    body = _response(call, joint, service, duration_ms)
    answer = reply_answer(joint.alone, body) if joint.alone else _joint_answer(joint, body)
    return attrs.evolve(answer, headers={**answer.headers, **purse.fields})


def _request(
    call: Call[MultiPersonaProcessRequest], service: Service, time_s: float
) -> EnsembleRequest:
    body = call.body
    text = body.user_input.strip()
    issues = list(check_message(text, "user_input", service.limits.message_chars))
    strategy = None
    if body.merge_strategy is not None:
        try:
            strategy = MergeStrategy(body.merge_strategy)
        except ValueError:
            path, valid = ("merge_strategy",), tuple(MergeStrategy)
            issues.append(not_a_choice(path, body.merge_strategy, valid))
    if issues:
        raise RequestFailed(unfit(*issues).failure.about(text))
    turn = TurnRequest(
        text=text,
        principal=call.caller.principal_for(None),
        tenant=call.caller.tenant,
        deadline_s=time_s,
        request_id=call.request_id,
        trace=call.trace,
    )
    return EnsembleRequest(turn, body.force_multi, strategy)


def _circle(error: PluginOrderError) -> Failure:
    return Failure(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="MULTI_PERSONA_ERROR",
        message=say("personas_in_circle"),
        details={"reason": str(error)},
    )


def _failure_of(error: TurnError, request_id: str, service: Service, time_s: float) -> Failure:
    """The failure that tells of an error: 502 where an answer broke off while there was time."""
    if not isinstance(error, BrokenOffError) or error.late:
        return failure_of(error, request_id, service, time_s)
    service.logger.warning(
        "answer broken off",
        request_id=request_id,
        persona=error.reply.persona,
        generator=error.reply.generator,
        detail=error.detail,
    )
    return failures.broken_off()


def _response(
    call: Call[MultiPersonaProcessRequest], joint: JointReply, service: Service, duration_ms: float
) -> MultiPersonaResponse:
    names = shown_names(service.ion.personas)
    shown = [names.get(name, name) for name in joint.personas]
    alone = joint.alone

    def tell(part: Contribution) -> PartError:
        assert part.error is not None  # noqa: S101  only who has no reply is asked for
        failure = _failure_of(
            part.error, part.request_id, service, time_for(call.deadline_s, service)
        ).about(call.body.user_input)
        telling = telling_of(failure, service.catalogue, call.asked)
        return PartError(code=failure.code, message=telling.text(failure.message))

    return MultiPersonaResponse(
        success=True,
        content=joint.content,
        persona_used=shown[0] if alone else f"Multi: {'+'.join(shown)}",
        resonance_key=str(alone.resonance.key) if alone else BLEND,
        routing=routing_view(service, alone) if alone else None,
        confidence=joint.confidence,
        performance=performance_view(alone, duration_ms) if alone else None,
        metadata=metadata_view(joint, names, usage_document(_total(joint)), tell),
        timestamp=iso_time(service.clock.time()),
        request_id=call.request_id,
        cache_status=_cache_status(joint).value.upper(),
    )


def _joint_answer(joint: JointReply, body: object) -> Answer:
    cache = _cache_status(joint).value
    found = {headers.CACHE: cache, hdrs.CONTENT_LANGUAGE: joint.language.value}
    log = {"persona": "+".join(joint.personas), "cache": cache}
    if joint.degraded:
        found[headers.DEGRADED] = headers.header_safe(joint.degraded)
        log["degraded"] = joint.degraded
    return Answer(body=body, headers=found, log=log)


def _cache_status(joint: JointReply) -> CacheStatus:
    """What the cache did for all parts: a hit only where every one was served from it."""
    found = {reply.receipt.cache.status for reply in joint.replies}
    if len(found) == 1:
        return found.pop()
    return CacheStatus.STALE if found <= set(SERVED_FROM_CACHE) else CacheStatus.MISS


def _total(joint: JointReply) -> Usage:
    """What was spent on this request; what the cache served costs nothing again."""
    replies = (*joint.replies, *joint.broken)
    made = (r for r in replies if r.receipt.cache.status not in SERVED_FROM_CACHE)
    spent = [*(reply.usage for reply in made), *joint.beside]
    sums = {
        field.name: [getattr(usage, field.name) for usage in spent] for field in attrs.fields(Usage)
    }
    return Usage(**{name: None if None in values else sum(values) for name, values in sums.items()})


MULTI_PERSONA = Endpoint(
    method="POST",
    path="/api/v2/chat/multi-persona",
    handler=multi_persona,
    style=ErrorStyle.V2,
    summary="Answer a message with as many personas as it speaks to.",
    description=(
        "The message is read sentence by sentence; every persona that a large enough share of it "
        "speaks to answers its own part in a turn of its own, after those on whose answers it "
        "builds. Counts as many requests as turns are run. Where a part fails, the others are "
        "given: `metadata.parts` says which, and `ION-Degraded` is set; a part whose answer broke "
        "off has failed, too. `confidence` is the mean of the confidences with which each part "
        "belongs to its persona, by weight; a part without an answer counts as 0."
    ),
    request=MultiPersonaProcessRequest,
    query=RequestIdQuery,
    response=MultiPersonaResponse,
    errors=(
        ErrorCase(HTTPStatus.BAD_REQUEST, "INVALID_INPUT", "The message is blank."),
        ErrorCase(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "MULTI_PERSONA_ERROR",
            "The personas build on each other in a circle.",
        ),
    ),
    scope=Scope.CHAT,
    runs_turns=True,
)
