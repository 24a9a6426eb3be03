"""The headers of every response, and how text becomes safe to stand in one."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import hdrs, web

from ion_host_aiohttp.api.request_id import HEADER as REQUEST_ID
from ion_host_aiohttp.api.request_id import request_id_of

RATE_FIELDS = web.RequestKey("rate_fields", Mapping[str, str])
"""Header fields of the rate limit; they go on every response to the request, errors included."""

CACHE = "ION-Cache"
DEGRADED = "ION-Degraded"

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    hdrs.CACHE_CONTROL: "no-store",
}
TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"
_LONGEST = 200


def add_headers(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Put the headers of every response on one; what an endpoint set itself stays."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # By now aiohttp has named itself and its version.
    response.headers[hdrs.SERVER] = ""
    if request.scheme == "https":
        response.headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
    for name, value in request.get(RATE_FIELDS, {}).items():
        response.headers.setdefault(name, value)
    response.headers[REQUEST_ID] = request_id_of(request)


async def on_response_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler of aiohttp: headers on every response that the application gives."""
    add_headers(request, response)


def header_safe(text: str) -> str:
    """The printable ASCII of a text, on one line and of bounded length; ``yes`` if nothing is."""
    kept = "".join(character if " " <= character <= "~" else " " for character in text)
    return " ".join(kept.split())[:_LONGEST] or "yes"
