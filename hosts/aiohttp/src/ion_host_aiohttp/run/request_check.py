"""What a request must be like before anything looks at what it asks for.

aiohttp's parsers refuse what is not HTTP. What is left here is HTTP that this server does not
speak, or that a proxy before it may read differently.
"""

from __future__ import annotations

import re
from functools import lru_cache
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.http import HttpVersion10, HttpVersion11

from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import say

_VERSIONS = (HttpVersion10, HttpVersion11)
_REFUSED = frozenset({hdrs.METH_CONNECT})
"""Methods that make a server a tunnel. No route takes TRACE, so that it is answered 405."""
_HOST = re.compile(
    r"(?: [A-Za-z0-9._~!$&'()*+,;=-]++ | \[ [0-9A-Fa-f:.]++ (?: %25 [A-Za-z0-9._~-]++ )? \] )?"
    r"(?: : [0-9]{0,5} )?",
    re.VERBOSE,
)


def fault_of(request: web.BaseRequest) -> Failure | None:
    """Why a request is not served whatever it asks for; None where nothing is wrong.

    The connection ends with the answer: what follows may be meant otherwise than it is read.
    """
    if request.version not in _VERSIONS:
        return failures.malformed()
    if request.method in _REFUSED:
        status = HTTPStatus.NOT_IMPLEMENTED
        return _refused(status, "METHOD_REFUSED", "http_method_refused", method=request.method)
    host = request.headers.get(hdrs.HOST, "")
    if not (_is_known_host if len(host) <= _USUAL_LENGTH else _is_host)(host):
        return _refused(HTTPStatus.BAD_REQUEST, "INVALID_HOST", "http_host")
    if not _is_framed_plainly(request):
        return failures.malformed()
    return None


def _is_host(text: str) -> bool:
    return _HOST.fullmatch(text) is not None


_USUAL_LENGTH, _KNOWN = 256, 1024
_is_known_host = lru_cache(_KNOWN)(_is_host)
"""The same few names come again and again; long ones are not kept."""


def _is_framed_plainly(request: web.BaseRequest) -> bool:
    """Whether nobody can read another length from its head.

    RFC 9112, 6.1: HTTP/1.0 has no chunks. Of codings beside chunks a reader before this one may
    take the last, the first or none for what frames the message, and no client sends any.
    """
    codings = request.headers.getall(hdrs.TRANSFER_ENCODING, ())
    if not codings:
        return True
    return request.version == HttpVersion11 and [each.lower() for each in codings] == ["chunked"]


def _refused(status: HTTPStatus, code: str, sentence: str, **gaps: object) -> Failure:
    return Failure(status=status, code=code, message=say(sentence, **gaps), close=True)
