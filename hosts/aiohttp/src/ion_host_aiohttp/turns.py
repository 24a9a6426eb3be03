"""Running a turn for an endpoint: from words to a reply, its headers and its log fields."""

from __future__ import annotations

from aiohttp import hdrs

from ion_framework.conversations.model import Owner
from ion_framework.errors import InvalidRequestError, NoAnswerError, TurnError, TurnRefusedError
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.receipt import CacheStatus
from ion_framework.pipeline.reply import Reply
from ion_framework.pipeline.turn import TurnRequest
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.api import headers
from ion_host_aiohttp.api.endpoint import Answer
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, Issue, RequestFailed, unfit
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.health import missing_parts
from ion_host_aiohttp.receipts import receipt_json
from ion_host_aiohttp.service import Service

SERVED_FROM_CACHE = (CacheStatus.HIT, CacheStatus.STALE)


async def run_turn(
    service: Service, caller: Caller, request: TurnRequest, text_field: str
) -> Reply:
    """The reply to a request. What it spends of tokens is taken from the caller's budget.

    Args:
        service: the running host.
        caller: who asks.
        request: what is asked.
        text_field: name of the body's member that holds the message.

    Raises:
        RequestFailed: the turn ended without an answer.
    """
    try:
        reply = await timed_turn(service, request)
    except TurnError as error:
        raise turn_failure(error, request, service, text_field) from error
    await settle(service, caller, reply)
    remember(service, caller, request, reply)
    return reply


def turn_failure(
    error: TurnError, request: TurnRequest, service: Service, text_field: str
) -> RequestFailed:
    """What the caller of a turn without an answer is told; what is for operators is logged.

    Args:
        error: how the turn ended.
        request: what was asked.
        service: the running host.
        text_field: name of the body's member that holds the message.

    Raises:
        TurnError: one that is none of a turn's own ends.
    """
    if isinstance(error, InvalidRequestError):
        path = (text_field if error.field == "text" else error.field,)
        issue = Issue("value_error", path, say("verbatim", text=str(error)))
        return RequestFailed(unfit(issue).failure.about(request.text))
    if isinstance(error, TurnRefusedError):
        return RequestFailed(failures.refused(error).about(request.text))
    if not isinstance(error, NoAnswerError):
        raise error
    service.logger.warning(
        "turn unanswered",
        request_id=request.request_id,
        stage=error.stage,
        error=str(error),
        detail=error.detail,
    )
    return RequestFailed(_unanswered(error, request, service).about(request.text))


def unless_broken_off(reply: Reply, request: TurnRequest, service: Service) -> Reply:
    """The reply, where it did not break off.

    Raises:
        RequestFailed: it did: 504 where its time was up, 502 otherwise, which nobody takes for a
            whole answer.
    """
    if reply.finish_reason is not FinishReason.TRUNCATED:
        return reply
    service.logger.warning(
        "answer broken off",
        request_id=request.request_id,
        persona=reply.persona,
        generator=reply.generator,
        detail=_failed_attempts(reply),
    )
    if _is_late(reply):
        failure = failures.out_of_time("generate", _time_s(request, service))
    else:
        failure = failures.broken_off()
    raise RequestFailed(failure.about(request.text))


def _is_late(reply: Reply) -> bool:
    """Whether it broke off because its time was up, whoever was at work at that moment."""
    receipt = reply.receipt
    is_told = bool(receipt.attempts) and receipt.attempts[-1].late
    return is_told or receipt.spent_ms >= receipt.deadline_ms


async def settle(service: Service, caller: Caller, reply: Reply) -> None:
    """Count a reply, and take what it spent of tokens from its caller's budget."""
    service.traffic.replied(reply.persona)
    if reply.receipt.cache.status in SERVED_FROM_CACHE:
        service.traffic.from_cache += 1
    else:
        await service.limiter.book(caller, spent_tokens(reply.usage))


def remember(service: Service, caller: Caller, request: TurnRequest, reply: Reply) -> None:
    """Keep a turn in mind for feedback on it, where feedback can be kept at all."""
    if service.conversations is None or not service.recent_turns.is_on:
        return
    owner = Owner(tenant=caller.tenant, principal=caller.principal)
    receipt = receipt_json(reply.receipt)
    service.recent_turns.add(owner, request.request_id, request.text, request.user_id, receipt)


async def timed_turn(service: Service, request: TurnRequest) -> Reply:
    """The reply to a request; how long the turn took is counted, whatever came of it.

    Raises:
        TurnError: the turn ended without an answer.
    """
    started = service.clock.monotonic()
    try:
        return await service.ion.respond(request)
    finally:
        service.traffic.turn_ended(service.clock.monotonic() - started)


def spent_tokens(usage: Usage) -> int:
    """The tokens that an answer cost, 0 where its generator does not tell."""
    return (usage.input_tokens or 0) + (usage.output_tokens or 0)


def _unanswered(error: NoAnswerError, request: TurnRequest, service: Service) -> Failure:
    if not error.late:
        return failures.no_answer(error, missing_parts(service))
    return failures.out_of_time(error.stage, _time_s(request, service), error.retry_after_s)


def _time_s(request: TurnRequest, service: Service) -> float:
    """Seconds that a turn had."""
    own_s = service.ion.settings.turn.deadline_s
    return min(own_s, request.deadline_s or own_s)


def reply_answer(reply: Reply, body: object) -> Answer:
    """The answer that carries a reply, with the headers and log fields that tell of it."""
    cache = reply.receipt.cache
    found = {headers.CACHE: cache.status.value, hdrs.CONTENT_LANGUAGE: reply.language.value}
    if cache.age_s is not None:
        found[hdrs.AGE] = str(int(cache.age_s))
    degraded = second_best(reply)
    if degraded:
        found[headers.DEGRADED] = headers.header_safe(degraded)
    log = {"persona": reply.persona, "cache": cache.status.value}
    if degraded:
        log["degraded"] = degraded
        # Callers learn who failed; why is for operators.
        log["failed_attempts"] = _failed_attempts(reply)
    return Answer(body=body, headers=found, log=log)


def _failed_attempts(reply: Reply) -> str:
    return "; ".join(
        f"{item.plugin}: {item.error}" for item in reply.receipt.attempts if not item.succeeded
    )


def second_best(reply: Reply) -> str:
    """Why an answer is second best, empty where it is not; one that broke off always is."""
    is_broken = reply.finish_reason is FinishReason.TRUNCATED
    return reply.degraded or ("the answer broke off before its end" if is_broken else "")
