"""The name of a request: the caller's, where it is harmless, else a fresh one."""

from __future__ import annotations

import re

from aiohttp import web

from ion_framework.pipeline.turn import new_request_id

HEADER = "X-Request-ID"
QUERY = "request_id"
_VALID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_KEY = web.RequestKey("request_id", str)


def request_id_of(request: web.BaseRequest) -> str:
    """The request's id: of the header, else of the query, else new; the same at every call."""
    known = request.get(_KEY)
    if known is None:
        given = (request.headers.get(HEADER, ""), request.query.get(QUERY, ""))
        known = next((name for name in given if _VALID.fullmatch(name)), None) or new_request_id()
        request[_KEY] = known
    return known
