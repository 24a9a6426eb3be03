"""Whether an endpoint can be served as declared. Plugins write them, so nothing is assumed."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ion_host_aiohttp.api.decoding import decoder_of
from ion_host_aiohttp.api.endpoint import Endpoint, ErrorStyle

METHODS = ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")


def fault_of(endpoint: Endpoint[Any]) -> str | None:
    """What is wrong with an endpoint and what is valid, one sentence; None where nothing is."""
    if endpoint.method not in METHODS:
        return f"the method is unknown; valid are: {', '.join(METHODS)}"
    return (
        _fault_of_parts(endpoint.handler, endpoint.style)
        or _fault_of_path(endpoint.path)
        or _fault_of_request(endpoint.request)
    )


def _fault_of_parts(handler: object, style: object) -> str | None:
    if not callable(handler):
        return "the handler cannot be called; give an async function of (call, service)"
    if not isinstance(style, ErrorStyle):
        return "the style is unknown; valid are the members of ErrorStyle"
    return None


def _fault_of_path(path: object) -> str | None:
    if not isinstance(path, str) or not path.startswith("/"):
        return "the path has to be text that begins with a slash"
    try:
        web.UrlDispatcher().add_resource(path)
    except ValueError as error:
        return f"the path is no pattern: {error}; variable parts are written {{name}}"
    return None


def _fault_of_request(request: type[Any] | None) -> str | None:
    if request is None:
        return None
    try:
        decoder_of(request)
    except Exception as error:  # noqa: BLE001  resolving foreign annotations may raise anything
        return f"its request class cannot be decoded: {error}"
    return None
