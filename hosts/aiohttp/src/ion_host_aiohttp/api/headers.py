"""The headers of every response, and how text becomes safe to stand in one."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import hdrs, web

from ion_framework.settings.serving import Hsts
from ion_host_aiohttp.api.idempotency import REPLAYED
from ion_host_aiohttp.api.request_id import HEADER as REQUEST_ID
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.service import SERVICE, Service

RATE_FIELDS = web.RequestKey("rate_fields", Mapping[str, str])
"""Header fields of the rate limit; they go on every response to the request, errors included."""

VERSION_FIELDS = web.RequestKey("version_fields", Mapping[str, str])
"""Header fields on the end of an API version; they go on errors, too."""

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
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # By now aiohttp has named itself and its version.
    response.headers[hdrs.SERVER] = ""
    strict = _TRANSPORT_SECURITY.get(service.ion.settings.api.hsts)
    if strict is not None and service.addresses.is_https(request):
        response.headers.setdefault("Strict-Transport-Security", strict)
    for name, value in {**request.get(RATE_FIELDS, {}), **request.get(VERSION_FIELDS, {})}.items():
        response.headers.setdefault(name, value)
    response.headers[REQUEST_ID] = request_id_of(request)
    _add_origin(request, response, service)


def _add_origin(request: web.BaseRequest, response: web.StreamResponse, service: Service) -> None:
    """Let a listed page read the response; tell caches that others get another one."""
    _add_vary(response)
    origin = service.origins.listed(request)
    for name in _ORIGIN_HEADERS:
        response.headers.popall(name, None)
    if origin is None:
        return
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = _EXPOSED
    if service.origins.settings.credentials:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"


def _add_vary(response: web.StreamResponse) -> None:
    given = ", ".join(response.headers.getall(hdrs.VARY, ()))
    named = {name.strip().lower() for name in given.split(",")}
    if "*" not in named and "origin" not in named:
        response.headers[hdrs.VARY] = f"{given}, {hdrs.ORIGIN}" if given else hdrs.ORIGIN


_ORIGIN_HEADERS = (
    hdrs.ACCESS_CONTROL_ALLOW_ORIGIN,
    hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS,
    hdrs.ACCESS_CONTROL_EXPOSE_HEADERS,
)
"""Only the settings say who may read a response: no endpoint, and no plugin's."""


async def on_response_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler of aiohttp: headers on every response that the application gives."""
    add_headers(request, response, request.app[SERVICE])


def bare_lines() -> str:
    """The headers of every response as lines, for one to nobody's request in particular."""
    headers = {**SECURITY_HEADERS, hdrs.SERVER: "", hdrs.VARY: hdrs.ORIGIN}
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def header_safe(text: str) -> str:
    """The printable ASCII of a text, on one line and of bounded length; ``yes`` if nothing is."""
    kept = "".join(character if " " <= character <= "~" else " " for character in text)
    return " ".join(kept.split())[:_LONGEST] or "yes"
