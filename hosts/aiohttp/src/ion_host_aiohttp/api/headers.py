"""The headers of every response, and how text becomes safe to stand in one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from multidict import CIMultiDict, istr

from ion_framework.settings.serving import Hsts
from ion_host_aiohttp.api.idempotency import REPLAYED
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.request_id import HEADER as REQUEST_ID
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.service import Service

CACHE = "ION-Cache"
DEGRADED = "ION-Degraded"
PERSONA = "ION-Persona"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # The filter that it controlled did harm and is gone; old browsers are told not to use it.
    "X-XSS-Protection": "0",
    hdrs.CACHE_CONTROL: "no-store",
}
EXPOSED_HEADERS = (
    REQUEST_ID,
    CACHE,
    DEGRADED,
    PERSONA,
    REPLAYED,
    hdrs.AGE,
    "RateLimit",
    "RateLimit-Policy",
    hdrs.RETRY_AFTER,
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
    "x-should-retry",
    "retry-after-ms",
    "Deprecation",
    "Sunset",
)
"""Response headers that a listed page may read besides those that every page may."""

_EXPOSED = ", ".join(EXPOSED_HEADERS)
_TRANSPORT_SECURITY = {
    Hsts.HOST: "max-age=31536000",
    Hsts.SUBDOMAINS: "max-age=31536000; includeSubDomains",
}
_LONGEST = 200


def add_headers(request: web.BaseRequest, response: web.StreamResponse, service: Service) -> None:
    """Put the headers of every response on one; what an endpoint set itself stays."""
    headers, passage = response.headers, passage_of(request)
    for name, value in _SECURITY:
        headers.setdefault(name, value)
    # By now aiohttp has named itself and its version.
    headers[hdrs.SERVER] = ""
    strict = _TRANSPORT_SECURITY.get(service.ion.settings.api.hsts)
    if strict is not None and service.addresses.is_https(request):
        headers.setdefault("Strict-Transport-Security", strict)
    for fields in (passage.rate_fields, passage.version_fields):
        for field, value in fields.items():
            headers.setdefault(field, value)
    headers[_REQUEST_ID] = passage.request_id or request_id_of(request)
    _add_origin(request, response, service)


_SECURITY = tuple((istr(name), value) for name, value in SECURITY_HEADERS.items())
_REQUEST_ID = istr(REQUEST_ID)


def _add_origin(request: web.BaseRequest, response: web.StreamResponse, service: Service) -> None:
    """Let a listed page read the response; tell caches that others get another one."""
    headers = response.headers
    if hdrs.VARY in headers:
        _add_vary(headers)
    else:
        headers[hdrs.VARY] = hdrs.ORIGIN
    for name in _ORIGIN_HEADERS:
        headers.popall(name, None)
    origin = service.origins.listed(request)
    if origin is None:
        return
    headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
    if service.origins.settings.credentials:
        headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"


def _add_vary(headers: CIMultiDict[str]) -> None:
    given = ", ".join(headers.getall(hdrs.VARY))
    named = {name.strip().lower() for name in given.split(",")}
    if "*" not in named and "origin" not in named:
        headers[hdrs.VARY] = f"{given}, {hdrs.ORIGIN}" if given else hdrs.ORIGIN


_ORIGIN_HEADERS = (
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN,
    hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS,
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS,
)
"""Only the settings say who may read a response: no endpoint, and no plugin's."""


def preparing(
    service: Service,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """The signal handler of aiohttp: headers on every response that the application gives."""

    async def prepare(request: web.Request, response: web.StreamResponse) -> None:
        add_headers(request, response, service)

    return prepare


def bare_lines() -> str:
    """The headers of every response as lines, for one to nobody's request in particular."""
    headers = {**SECURITY_HEADERS, hdrs.SERVER: "", hdrs.VARY: hdrs.ORIGIN}
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def header_safe(text: str) -> str:
    """The printable ASCII of a text, on one line and of bounded length; ``yes`` if nothing is."""
    kept = "".join(character if " " <= character <= "~" else " " for character in text)
    return " ".join(kept.split())[:_LONGEST] or "yes"
