"""What surrounds every endpoint: the log line, the figures, the time limit, and error envelopes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from ion_framework.pipeline.events import RequestCompleted
from ion_framework.pipeline.supervision import Overrun
from ion_host_aiohttp.api.gate import count_stray
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import failure_response
from ion_host_aiohttp.api.tracing import trace_of
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.service import SERVICE, Service

LOG_FIELDS = web.RequestKey("log_fields", Mapping[str, object])

LIMIT = web.RequestKey("limit", asyncio.Timeout)
"""The bound of the request's time."""

BEGUN_AT = web.RequestKey("begun_at", float)
"""When a stream or a WebSocket began: reading of the clock. How long it lasts is up to its reader,
so that it says nothing of how fast the host is."""

LASTING = web.RequestKey("lasting", bool)
"""Whether what has begun goes on for as long as its caller likes."""

BROKEN_BY = web.RequestKey("broken_by", Failure)
"""What ended a stream early, after its status was sent."""

CLIENT_GONE = 499
"""Status in the log of a request whose caller left before the answer; never sent."""


_RESERVED = frozenset(
    {"event", "timestamp", "level", "exc_info", "exception", "stack_info", "stack", "self"}
)
"""Names with a meaning for the logger itself."""


def log_fields(given: object) -> Mapping[str, object]:
    """Of the fields that an endpoint gives for its log line, those that a line can have."""
    if not isinstance(given, Mapping):
        return {}
    return {
        name: value
        for name, value in given.items()
        if isinstance(name, str) and name not in _RESERVED
    }


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Leave one log line and one event for every request, and count it."""
    service = request.app[SERVICE]
    started = service.clock.monotonic()
    status = CLIENT_GONE
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        _report(request, service, status, started)


def _report(request: web.Request, service: Service, status: int, started: float) -> None:
    event = _event(request, service, status, started)
    service.traffic.count(event.outcome, None if event.lasting else event.duration_s)
    own = {
        "method": event.method,
        "route": event.route,
        "status": status,
        "duration_ms": round(event.duration_s * 1000, 3),
        "request_id": event.request_id,
    }
    if event.lasted_s is not None:
        own["lasted_ms"] = round(event.lasted_s * 1000, 3)
    if event.trace is not None:
        own["trace_id"] = event.trace.trace_id
    # The host's own win: an endpoint adds to the line and takes nothing from it.
    service.logger.info("request", **(own | request.get(LOG_FIELDS, {}) | own))
    service.ion.emit(event)


def _event(request: web.Request, service: Service, status: int, started: float) -> RequestCompleted:
    ended = service.clock.monotonic()
    begun, failure = request.get(BEGUN_AT), request.get(BROKEN_BY)
    return RequestCompleted(
        method=request.method,
        route=route_of(request),
        status=status,
        request_id=request_id_of(request),
        at=service.clock.time(),
        duration_s=(ended if begun is None else begun) - started,
        trace=trace_of(request),
        lasted_s=None if begun is None else ended - started,
        lasting=request.get(LASTING, False),
        failure="" if failure is None else failure.code,
        failure_status=None if failure is None else int(failure.status),
    )


def route_of(request: web.Request) -> str:
    """The pattern of the route that the request met, empty without one; never the raw path."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


@web.middleware
async def contain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bound the time of a request, and turn whatever goes wrong into its error envelope."""
    service = request.app[SERVICE]
    limit: asyncio.Timeout | None = None
    try:
        async with service.lifecycle.within(service.limits.handler_s) as limit:
            request[LIMIT] = limit
            return await handler(request)
    except RequestFailed as error:
        failure = error.failure
    except web.HTTPException as error:
        failure = await _of_http_error(request, service, error)
    except TimeoutError as error:
        if limit is not None and limit.expired():
            failure = _out_of_time(service)
        else:
            failure = unforeseen(request, service, error)
    except Overrun:
        failure = _out_of_time(service)
    except Exception as error:  # noqa: BLE001  the last line of defence: logged whole, sent as 500
        failure = unforeseen(request, service, error)
    return _told(request, failure, service)


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
