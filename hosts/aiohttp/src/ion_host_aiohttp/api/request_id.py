"""The name of a request: the caller's, where it is harmless, else a fresh one."""

from __future__ import annotations

import os
import re

from aiohttp import web
from multidict import istr

from ion_host_aiohttp.api.passage import passage_of

HEADER = "X-Request-ID"
QUERY = "request_id"
_VALID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_BYTES, _DIGITS, _AT_ONCE = 16, 32, 256
_HEADER = istr(HEADER)


def request_id_of(request: web.BaseRequest) -> str:
    """The request's id: of the header, else of the query, else new; the same at every call."""
    passage = passage_of(request)
    if not passage.request_id:
        passage.request_id = _given(request) or _fresh()
    return passage.request_id


def _fresh() -> str:
    """A random id of 32 hexadecimal digits."""
    if not _drawn:
        # Many at once: to ask the system for each takes longer than all else here.
        block = os.urandom(_BYTES * _AT_ONCE).hex()
        _drawn.extend(block[at : at + _DIGITS] for at in range(0, len(block), _DIGITS))
    return _drawn.pop()


_drawn: list[str] = []
"""Ids that are still to be given; a process that was forked off draws its own."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)


def _given(request: web.BaseRequest) -> str:
    """The id that the caller gave, empty where it gave none that is harmless."""
    name = request.headers.get(_HEADER, "")
    if name and _VALID.fullmatch(name):
        return name
    # To take the query apart takes longer than all else here, and most requests have none.
    name = request.query.get(QUERY, "") if "?" in request.raw_path else ""
    return name if _VALID.fullmatch(name) else ""
