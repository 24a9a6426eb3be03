"""Reading a request body: as bytes, within a time and a size, and only where it claims to be JSON.

aiohttp's own ``request.json()`` decodes with whatever charset the caller names and inflates what
the caller compressed; both can stall the process, so neither happens here.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import attrs
from aiohttp import hdrs, web

from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import Message, say

_CHARSETS = ("utf-8", "utf8")


@attrs.frozen
class BodyLimits:
    """How much of a body is read, and for how long.

    Attributes:
        size: bytes.
        seconds: time until the last of it has to be there.
    """

    size: int = 262144
    seconds: float = 10.0


async def read_body(request: web.BaseRequest, limits: BodyLimits) -> bytes:
    """The body of a request that carries JSON.

    Raises:
        RequestFailed: 415 for a body that is compressed or not JSON in UTF-8, 413 for one that is
            too large, 408 for one that does not arrive in time, 400 for one that breaks off.
    """
    _check_headers(request)
    if request.content.is_eof() and request.content.exception() is None:
        # Most bodies come with their head: nothing is left to wait for.
        return _bounded(request.content.read_nowait(), limits)
    if request.content_length is not None and request.content_length > limits.size:
        raise _too_large(limits)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _collect(request, limits)
    except TimeoutError:
        message = say("body_timeout", seconds=f"{limits.seconds:g}")
        raise _failed(HTTPStatus.REQUEST_TIMEOUT, "BODY_TIMEOUT", message) from None
    except (web.RequestPayloadError, web.PayloadAccessError):
        message = say("body_broken")
        raise _failed(HTTPStatus.BAD_REQUEST, "BODY_BROKEN", message) from None


def _check_headers(request: web.BaseRequest) -> None:
    headers = request.headers
    encoding = headers.get(hdrs.CONTENT_ENCODING)
    if encoding is not None and encoding.strip().lower() != "identity":
        raise RequestFailed(
            Failure(
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                code="CONTENT_ENCODING",
                message=say("body_encoded"),
                headers={hdrs.ACCEPT_ENCODING: "identity"},
            )
        )
    is_plainly_json = headers.get(hdrs.CONTENT_TYPE) == "application/json"
    if not (is_plainly_json or (_is_json(request.content_type) and _is_utf8(request.charset))):
        message = say("body_media_type")
        raise RequestFailed(
            Failure(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="CONTENT_TYPE", message=message)
        )


def _is_json(content_type: str) -> bool:
    return content_type == "application/json" or (
        content_type.startswith("application/") and content_type.endswith("+json")
    )


def _is_utf8(charset: str | None) -> bool:
    return charset is None or charset.lower() in _CHARSETS


async def _collect(request: web.BaseRequest, limits: BodyLimits) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > limits.size:
            raise _too_large(limits)
    return bytes(body)


def _bounded(body: bytes, limits: BodyLimits) -> bytes:
    if len(body) > limits.size:
        raise _too_large(limits)
    return body


def _too_large(limits: BodyLimits) -> RequestFailed:
    message = say("body_too_large", limit=limits.size)
    return _failed(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "REQUEST_TOO_LARGE", message)


def _failed(status: HTTPStatus, code: str, message: Message) -> RequestFailed:
    # The rest of the body is of no use, so the connection ends with the response.
    return RequestFailed(Failure(status=status, code=code, message=message, close=True))
