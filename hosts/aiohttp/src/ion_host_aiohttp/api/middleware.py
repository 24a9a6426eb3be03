"""What surrounds every endpoint: the log line, the figures, the time limit, and error envelopes."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ion_framework.pipeline.events import RequestCompleted
from ion_framework.pipeline.supervision import Overrun
from ion_host_aiohttp.api.gate import count_stray
from ion_host_aiohttp.api.passage import NOTHING, Passage, passage_of
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import failure_response
from ion_host_aiohttp.api.tracing import trace_of
from ion_host_aiohttp.browser.cors import answer_to_browser
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.run.time_limits import TimeLimit
from ion_host_aiohttp.service import Service

CLIENT_GONE = 499
"""Status in the log of a request whose caller left before the answer; never sent."""


_RESERVED = frozenset(
    {
        "event",
        "timestamp",
        "level",
        "exc_info",
        "exception",
        "stack_info",
        "stack",
        "self",
        "method_name",
    }
)
"""Names with a meaning for the logger itself."""


def log_fields(given: object) -> Mapping[str, object]:
    """Of the fields that an endpoint gives for its log line, those that a line can have."""
    if not isinstance(given, Mapping):
        return NOTHING
    return {
        name: value
        for name, value in given.items()
        if isinstance(name, str) and name not in _RESERVED
    }


def surrounding(service: Service) -> Middleware:
    """The middleware of all endpoints, and of addresses without one.

    It is one for all that surrounds them: each further one costs every request some microseconds.
    """

    @web.middleware
    async def surround(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = service.clock.monotonic()
        passage, status = passage_of(request), CLIENT_GONE
        limit = passage.limit = service.lifecycle.within(service.limits.handler_s)
        try:
            try:
                with limit:
                    response = answer_to_browser(request, service) or await handler(request)
            except Exception as error:  # noqa: BLE001  the last line of defence: logged whole, sent as 500
                failure = await _failure(error, request, service, limit)
                response = _told(request, failure, service)
            status = response.status
            return response
        finally:
            _report(request, passage, service, status, started)

    return surround


def _report(
    request: web.Request, passage: Passage, service: Service, status: int, started: float
) -> None:
    """Leave one log line and one event for a request, and count it."""
    event = _event(request, passage, service, status, started)
    service.traffic.count(event.outcome, None if event.lasting else event.duration_s)
    service.lines.add(event, passage.log_fields)
    service.ion.emit(event)


def _event(
    request: web.Request, passage: Passage, service: Service, status: int, started: float
) -> RequestCompleted:
    ended = service.clock.monotonic()
    begun, failure = passage.begun_at, passage.broken_by
    return RequestCompleted(
        method=request.method,
        route=route_of(request),
        status=status,
        request_id=passage.request_id or request_id_of(request),
        at=service.clock.time(),
        duration_s=(ended if begun is None else begun) - started,
        trace=passage.trace if passage.trace_is_known else trace_of(request),
        lasted_s=None if begun is None else ended - started,
        lasting=passage.lasting,
        failure="" if failure is None else failure.code,
        failure_status=None if failure is None else int(failure.status),
    )


async def unbound(request: web.Request, service: Service) -> None:
    """Lift the bound of a request's time, because another one takes its place."""
    limit = passage_of(request).limit
    if limit is not None:
        await service.lifecycle.release(limit)


def route_of(request: web.Request) -> str:
    """The pattern of the route that the request met, empty without one; never the raw path."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


async def _failure(
    error: Exception, request: web.Request, service: Service, limit: TimeLimit
) -> Failure:
    """The failure that an exception stands for."""
    if isinstance(error, RequestFailed):
        return error.failure
    if isinstance(error, web.HTTPException):
        return await _of_http_error(request, service, error)
    if isinstance(error, Overrun) or (isinstance(error, TimeoutError) and limit.expired):
        return _out_of_time(service)
    return unforeseen(request, service, error)


async def _of_http_error(
    request: web.Request, service: Service, error: web.HTTPException
) -> Failure:
    """What aiohttp refuses; of those who ask for what does not exist, so many may do so."""
    if request.match_info.http_exception is error:
        try:
            await count_stray(request, service)
        except RequestFailed as refusal:
            return refusal.failure
    return failures.of_http_error(error, request.method)


def _told(request: web.Request, failure: Failure, service: Service) -> web.Response:
    try:
        return failure_response(request, failure, service.catalogue, service.clock.time())
    except Exception as error:  # noqa: BLE001  a plugin's failure may have no words, or no form in JSON
        internal = unforeseen(request, service, error)
        return failure_response(request, internal, service.catalogue, service.clock.time())


def _out_of_time(service: Service) -> Failure:
    if service.lifecycle.is_cut_off:
        return failures.cut_off()
    return failures.took_too_long(service.limits.handler_s)


def unforeseen(request: web.Request, service: Service, error: Exception) -> Failure:
    """The failure of what nobody foresaw; the log has it whole."""
    service.logger.error(
        "request failed",
        route=route_of(request),
        request_id=request_id_of(request),
        exc_info=error,
    )
    return failures.internal()
