"""Requests that web pages make: preflights, pages that may not call, names that are not ours.

A browser lets any page send requests anywhere and only keeps the answers from it. Before a host
without authentication on the same machine that is not enough: the page need not read the answer to
have done harm. So what changes something is refused to pages that are not listed.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web

from ion_host_aiohttp.api.endpoint import ErrorStyle
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import say
from ion_host_aiohttp.service import Service

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

ALLOWED_HEADERS = (
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "ION-Deadline-Ms",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-API-Key",
    "X-Request-ID",
    "traceparent",
    "tracestate",
)
"""The request headers that the API takes."""

OPENAI_HEADERS = (
    "OpenAI-Organization",
    "OpenAI-Project",
    "X-Stainless-Arch",
    "X-Stainless-Custom-Poll-Interval",
    "X-Stainless-Helper-Method",
    "X-Stainless-Lang",
    "X-Stainless-OS",
    "X-Stainless-Package-Version",
    "X-Stainless-Poll-Helper",
    "X-Stainless-Retry-Count",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Timeout",
)
"""What the official client of OpenAI's protocol sends besides from a page; the host reads none."""

_ALLOWED_HEADERS = ", ".join(ALLOWED_HEADERS)
_ALLOWED_WITH_OPENAI = ", ".join((*ALLOWED_HEADERS, *OPENAI_HEADERS))


def is_allowed_origin(request: web.BaseRequest, service: Service) -> bool:
    """Whether a request comes from no web page, from the host's own pages, or from a listed one.

    Browsers do not ask before they open a WebSocket: its endpoint has to ask this.
    """
    return service.origins.admits(request, https=service.addresses.is_https(request))


def answer_to_browser(request: web.Request, service: Service) -> web.Response | None:
    """The answer to a preflight; None where what is asked for may be done.

    Raises:
        RequestFailed: 403: a page that is not listed wants to change something, or the host is
            called by a name that is not its own.
    """
    origins = service.origins
    if not origins.answers_to(request):
        raise RequestFailed(_host_refused(service))
    if hdrs.ORIGIN not in request.headers:
        return None
    is_preflight = _is_preflight(request)
    if is_preflight and origins.listed(request) is not None:
        methods = _methods_at(request)
        if methods:
            of_openai = ErrorStyle.of_path(request.path) is ErrorStyle.OPENAI
            allowed = _ALLOWED_WITH_OPENAI if of_openai else _ALLOWED_HEADERS
            return _preflight_answer(methods, allowed, origins.settings.max_age_s)
    elif (request.method not in SAFE or is_preflight) and not is_allowed_origin(request, service):
        raise RequestFailed(origin_refused())
    return None


def _is_preflight(request: web.Request) -> bool:
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ORIGIN in request.headers
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    )


def _methods_at(request: web.Request) -> frozenset[str]:
    """The methods of the endpoints at an address; empty where there is none."""
    match = request.match_info
    if isinstance(match.http_exception, web.HTTPMethodNotAllowed):
        return frozenset(match.http_exception.allowed_methods)
    resource = match.route.resource
    return frozenset(route.method for route in resource) if resource is not None else frozenset()


def _preflight_answer(methods: frozenset[str], allowed: str, max_age_s: int) -> web.Response:
    """What the page may send; who it is, every response says."""
    return web.Response(
        status=HTTPStatus.NO_CONTENT,
        headers={
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: ", ".join(sorted(methods)),
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: allowed,
            hdrs.ACCESS_CONTROL_MAX_AGE: str(max_age_s),
            hdrs.VARY: (
                f"{hdrs.ACCESS_CONTROL_REQUEST_METHOD}, {hdrs.ACCESS_CONTROL_REQUEST_HEADERS}"
            ),
        },
    )


def origin_refused() -> Failure:
    """The page that sent a request is not listed: 403."""
    return Failure(
        status=HTTPStatus.FORBIDDEN, code="ORIGIN_REFUSED", message=say("origin_refused")
    )


def _host_refused(service: Service) -> Failure:
    names = ", ".join(("localhost", "127.0.0.1", "[::1]", *service.origins.settings.hosts))
    return Failure(
        status=HTTPStatus.FORBIDDEN, code="HOST_REFUSED", message=say("host_refused", names=names)
    )
