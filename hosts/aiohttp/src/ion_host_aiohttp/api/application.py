"""The aiohttp application: made of endpoints, and of nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import attrs
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from multidict import istr

from ion_framework.pipeline.supervision import supervise, supervise_stream
from ion_host_aiohttp.access.caller import Caller
from ion_host_aiohttp.api.accepting import wants_events
from ion_host_aiohttp.api.body import read_body
from ion_host_aiohttp.api.catalog import OWN
from ion_host_aiohttp.api.conditional import unless_known
from ion_host_aiohttp.api.deadline import HEADER as DEADLINE
from ion_host_aiohttp.api.deadline import asked_deadline_s
from ion_host_aiohttp.api.decoding import decode, decoder_of, is_optional
from ion_host_aiohttp.api.documents import begin_all
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint
from ion_host_aiohttp.api.gate import charge, let_in
from ion_host_aiohttp.api.headers import preparing
from ion_host_aiohttp.api.incoming import ask_guards
from ion_host_aiohttp.api.middleware import log_fields, surrounding
from ion_host_aiohttp.api.passage import Passage, passage_of
from ion_host_aiohttp.api.path import decode_path
from ion_host_aiohttp.api.query import decode_query
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.responses import answer_response, asked_by
from ion_host_aiohttp.api.stream_writing import send_stream
from ion_host_aiohttp.api.streams import Stream
from ion_host_aiohttp.api.tracing import trace_of
from ion_host_aiohttp.api.upgrades import Upgrade, Wire
from ion_host_aiohttp.api.upgrading import SOCKET_S, check_upgrade, open_socket
from ion_host_aiohttp.api.versions import Versioning
from ion_host_aiohttp.browser.dashboard import DASHBOARD_PAGES
from ion_host_aiohttp.browser.pages import PAGES
from ion_host_aiohttp.browser.playground import PLAYGROUND_PAGES
from ion_host_aiohttp.openapi.document import document_of
from ion_host_aiohttp.service import SERVICE, Service


def build_application(service: Service, endpoints: Iterable[Endpoint[Any]]) -> web.Application:
    """The application that serves these endpoints.

    Args:
        service: what the endpoints share.
        endpoints: what is served.

    Raises:
        TypeError: an endpoint's request class cannot be decoded.
    """
    application = web.Application(middlewares=[surrounding(service)])
    application[SERVICE] = service
    application.on_response_prepare.append(preparing(service))
    served = served_endpoints(endpoints, service)
    paths = (endpoint.path for endpoint in served)
    service.published.by(partial(_document, served, service), paths)
    begin_all(served, service)
    for endpoint in served:
        handler = _handler(endpoint, service)
        if endpoint.method == "GET":
            application.router.add_get(endpoint.path, handler, allow_head=True)
        else:
            application.router.add_route(endpoint.method, endpoint.path, handler)
    return application


def served_endpoints(
    endpoints: Iterable[Endpoint[Any]], service: Service
) -> tuple[Endpoint[Any], ...]:
    """The endpoints without the pages that are turned off."""
    api = service.ion.settings.api
    off = (
        *(() if api.docs else PAGES),
        *(() if api.playground else PLAYGROUND_PAGES),
        *(() if api.dashboard else DASHBOARD_PAGES),
    )
    return tuple(item for item in endpoints if not any(item is page for page in off))


def _document(served: tuple[Endpoint[Any], ...], service: Service, closed: bool) -> bytes:
    return encode(document_of(served, service, closed=closed))


_Answering = Callable[[Call[Any]], Awaitable[Answer | Stream | Upgrade]]


def _handler(endpoint: Endpoint[Any], service: Service) -> Handler:
    if endpoint.request is not None:
        decoder_of(endpoint.request)
    is_own = any(endpoint is own for own in OWN)
    has_fixed_cost = isinstance(endpoint.cost, int)
    answering = _trusted(endpoint, service) if is_own else _contained(endpoint, service)
    versioning = Versioning.by(service.ion.settings.api).fields_of(endpoint.path) if is_own else {}

    async def handle(request: web.Request) -> web.StreamResponse:
        passage = passage_of(request)
        passage.style, passage.version_fields = endpoint.style, versioning
        path = decode_path(request.match_info, endpoint.parameters)
        if endpoint.upgrade:
            check_upgrade(request, service)
        caller = await let_in(request, endpoint, service)
        call = await _call(request, endpoint, service, caller, path)
        await ask_guards(request, endpoint, service, call)
        if not has_fixed_cost:
            await charge(request, endpoint, service, call)
        place = service.admission.place(endpoint.sheddable, call.deadline_s)
        waited_s = 0.0 if place.take() else await place.wait()
        try:
            answer = await answering(_after(call, waited_s) if waited_s else call)
            if isinstance(answer, Stream):
                return await send_stream(request, answer, service, caller.subject)
        finally:
            place.give_back()
        if isinstance(answer, Upgrade):
            return await open_socket(request, answer, endpoint, service, call)
        passage.log_fields = log_fields(answer.log)
        return answer_response(unless_known(request, answer))

    return handle


def _deadline_s(header: str | None, passage: Passage) -> float | None:
    """Seconds that the caller still gives the whole; not above 0 where they are over."""
    asked_s = asked_deadline_s(header)
    return None if asked_s is None else asked_s - passage.waited_s


def _after(call: Call[Any], waited_s: float) -> Call[Any]:
    """The call with the time that its caller still gives it."""
    if call.deadline_s is None:
        return call
    return attrs.evolve(call, deadline_s=max(_LEAST_S, call.deadline_s - waited_s))


_LEAST_S = 0.001


def _trusted(endpoint: Endpoint[Any], service: Service) -> _Answering:
    handler = endpoint.handler
    return lambda call: handler(call, service)


def _contained(endpoint: Endpoint[Any], service: Service) -> _Answering:
    """The handler of a plugin so that nothing it does ends more than its own request."""

    async def call_it(call: Call[Any]) -> Any:
        return await endpoint.handler(call, service)

    async def answering(call: Call[Any]) -> Answer | Stream | Upgrade:
        answer = await supervise(call_it(call), service.limits.handler_s)
        if isinstance(answer, Upgrade) and endpoint.upgrade:
            return attrs.evolve(answer, serve=_supervised(answer.serve))
        if isinstance(answer, Stream):
            # The stream has bounds of its own, so that none is needed between two pieces.
            pieces = supervise_stream(answer.chunks, lambda: service.limits.stream_s)
            return attrs.evolve(answer, chunks=pieces)
        if not isinstance(answer, Answer):
            raise TypeError(
                f"the handler of {endpoint.method} {endpoint.path} returned "
                f"{type(answer).__name__}; it has to return an Answer or a Stream"
            )
        return answer

    return answering


def _supervised(serve: Callable[[Wire], Awaitable[None]]) -> Callable[[Wire], Awaitable[None]]:
    async def contained(wire: Wire) -> None:
        await supervise(serve(wire), SOCKET_S)

    return contained


async def _sent(request: web.Request, endpoint: Endpoint[Any], service: Service) -> bytes:
    """The body of a request; none is an empty object where that will do."""
    needed = not is_optional(endpoint.request)
    if needed or request.body_exists:
        found = await read_body(request, service.limits.body)
        return found if needed or found.strip() else b"{}"
    return b"{}"


async def _call(
    request: web.Request,
    endpoint: Endpoint[Any],
    service: Service,
    caller: Caller,
    path: Mapping[str, Any],
) -> Call[Any]:
    headers = request.headers
    query = decode_query(request.query, endpoint.query) if endpoint.query is not None else None
    body = None
    if endpoint.request is not None:
        body = decode(await _sent(request, endpoint, service), endpoint.request, endpoint.style)
    asked, passage = asked_by(request), passage_of(request)
    accept = ",".join(headers.getall(hdrs.ACCEPT, ()))
    return Call(
        body=body,
        query=query,
        path=path,
        request_id=passage.request_id or request_id_of(request),
        language=asked.known,
        asked=asked,
        deadline_s=_deadline_s(headers.get(_DEADLINE), passage) if endpoint.runs_turns else None,
        caller=caller,
        trace=trace_of(request),
        accept=accept,
        wants_events=bool(accept) and wants_events(accept),
        last_event_id=headers.get(_LAST_EVENT_ID),
        idempotency_keys=tuple(headers.getall(_KEYS, ())) if endpoint.repeatable else (),
    )


_DEADLINE, _LAST_EVENT_ID, _KEYS = istr(DEADLINE), istr("Last-Event-ID"), istr("Idempotency-Key")
