"""Summaries on behalf of a caller: made by the installation, paid from the caller's budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.summarizing.summary import Summary, SummaryBounds
from ion_host_aiohttp.api.endpoint import Call
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.turns import spent_tokens
from ion_host_aiohttp.v1.sessions import Owner
from ion_host_aiohttp.v1.summary_jobs import Made


async def summary_of(
    messages: Sequence[str], call: Call[Any], service: Service, bounds: SummaryBounds
) -> Summary:
    """The summary of messages; its tokens are booked even where the caller does not wait for it.

    Args:
        messages: the messages, oldest first.
        call: who asks.
        service: the running host.
        bounds: how it is made.
    """
    request = TurnRequest(
        text="summary",
        principal=call.caller.principal,
        tenant=call.caller.tenant,
        request_id=call.request_id,
        trace=call.trace,
    )
    spent: list[Usage] = []
    try:
        return await service.ion.summarize(
            messages, bounds=bounds, request=request, on_spent=spent.append
        )
    finally:
        tokens = sum(map(spent_tokens, spent))
        if tokens:
            await service.limiter.book(call.caller, tokens)


async def begin_summary(call: Call[Any], service: Service, session: str) -> None:
    """End a session and begin its summary in the background.

    Raises:
        BusyError: too many are being made; the session goes on.
        SessionsUnavailableError: the session cannot be read.
    """
    owner, sessions = Owner.of(call.caller), service.sessions
    async with sessions.jobs.ticket(owner) as ticket:
        messages = await sessions.log.begin_summary(owner, session, ticket.token)
        if messages:
            sessions.jobs.start(ticket, lambda: _made(messages, call, service))


async def resume_summary(call: Call[Any], service: Service, session: str) -> None:
    """Go on with a summary whose process is silent.

    Raises:
        BusyError: too many are being made.
        SessionsUnavailableError: the messages cannot be read.
    """
    owner, sessions = Owner.of(call.caller), service.sessions
    async with sessions.jobs.ticket(owner) as ticket:
        messages = await sessions.log.take_over(owner, session, ticket.token)
        if messages:
            sessions.jobs.start(ticket, lambda: _made(messages, call, service))


async def _made(messages: tuple[str, ...], call: Call[Any], service: Service) -> Made:
    summary = await summary_of(messages, call, service, SummaryBounds())
    if summary.failures:
        service.logger.warning(
            "summary without the model's help",
            request_id=call.request_id,
            method=summary.method.value,
            failures="; ".join(summary.failures),
        )
    return Made(summary.text, summary.method.value)
