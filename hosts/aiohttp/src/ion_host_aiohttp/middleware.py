"""What surrounds every endpoint: the log line, the figures, the time limit, and error envelopes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Handler

from ion_framework.pipeline.events import RequestCompleted
from ion_host_aiohttp import failures
from ion_host_aiohttp.failure import Failure, RequestFailed
from ion_host_aiohttp.request_id import request_id_of
from ion_host_aiohttp.responses import failure_response
from ion_host_aiohttp.service import SERVICE, Service

LOG_FIELDS = web.RequestKey("log_fields", Mapping[str, str])

CLIENT_GONE = 499
"""Status in the log of a request whose caller left before the answer; never sent."""


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
        _report(request, service, status, service.clock.monotonic() - started)


def _report(request: web.Request, service: Service, status: int, duration_s: float) -> None:
    service.traffic.count(status)
    event = RequestCompleted(
        method=request.method,
        route=route_of(request),
        status=status,
        request_id=request_id_of(request),
        at=service.clock.time(),
        duration_s=duration_s,
    )
    service.logger.info(
        "request",
        method=event.method,
        route=event.route,
        status=status,
        duration_ms=round(duration_s * 1000, 3),
        request_id=event.request_id,
        **request.get(LOG_FIELDS, {}),
    )
    service.ion.emit(event)


def route_of(request: web.Request) -> str:
    """The pattern of the route that the request met, empty without one; never the raw path."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else ""


@web.middleware
async def contain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Bound the time of a request, and turn whatever goes wrong into its error envelope."""
    service = request.app[SERVICE]
    limit = asyncio.timeout(service.limits.handler_s)
    try:
        async with limit:
            return await handler(request)
    except RequestFailed as error:
        failure = error.failure
    except web.HTTPException as error:
        failure = failures.of_http_error(error, request.method)
    except TimeoutError as error:
        if limit.expired():
            failure = failures.took_too_long(service.limits.handler_s)
        else:
            failure = _unforeseen(request, service, error)
    except Exception as error:  # noqa: BLE001  the last line of defence: logged whole, sent as 500
        failure = _unforeseen(request, service, error)
    return failure_response(request, failure, service.clock.time())


def _unforeseen(request: web.Request, service: Service, error: Exception) -> Failure:
    service.logger.error(
        "request failed",
        route=route_of(request),
        request_id=request_id_of(request),
        exc_info=error,
    )
    return failures.internal()
