"""Answers and failures as responses of aiohttp."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import hdrs, web

from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Answer, ErrorStyle
from ion_host_aiohttp.api.languages import Asked, asked_languages
from ion_host_aiohttp.api.passage import passage_of
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.tracing import trace_id_of
from ion_host_aiohttp.errors import openai as errors_openai
from ion_host_aiohttp.errors import problem
from ion_host_aiohttp.errors import v1 as errors_v1
from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import Catalogue

_KNOWN = 256
"""Names of headers and media types that are remembered; endpoints set a few."""


def answer_response(answer: Answer) -> web.Response:
    """An answer as a response.

    Raises:
        ValueError: its status or one of its headers cannot be sent. aiohttp would find out when
            the response has begun, and drop the connection.
    """
    if not _FIRST_STATUS <= answer.status <= _LAST_STATUS:
        raise ValueError(f"{answer.status} is not the status of an answer; valid are 200 to 599")
    check_headers(answer.headers)
    media_type = _content_type(answer.media_type)
    body = answer.body if isinstance(answer.body, bytes) else encode(answer.body)
    response = web.Response(body=body, status=answer.status, headers=answer.headers)
    response.headers[hdrs.CONTENT_TYPE] = media_type
    return response


@lru_cache(_KNOWN)
def _content_type(media_type: str) -> str:
    """The header of what is of a media type: texts are in UTF-8.

    Raises:
        ValueError: it names a charset itself.
    """
    if "charset" in media_type:
        raise ValueError(f"the media type {media_type!r} must not name a charset")
    return f"{media_type}; charset=utf-8" if _is_text(media_type) else media_type


def _is_text(media_type: str) -> bool:
    kind = media_type.partition(";")[0]
    return kind.startswith("text/") or kind.endswith(("json", "xml", "-text"))


def stream_response(media_type: str, headers: Mapping[str, str]) -> web.StreamResponse:
    """The head of an answer that arrives piece by piece.

    Args:
        media_type: what the pieces make together.
        headers: its headers.

    Raises:
        ValueError: one of the headers cannot be sent.
    """
    check_headers(headers)
    response = web.StreamResponse(headers=headers)
    response.content_type = media_type
    if _is_text(media_type):
        response.charset = "utf-8"
    # nginx would keep the pieces until it has some kilobytes of them.
    response.headers["X-Accel-Buffering"] = "no"
    return response


def check_headers(headers: Mapping[str, str]) -> None:
    """Whether an endpoint may set these headers.

    Raises:
        ValueError: one of them cannot be sent, or is the host's.
    """
    for name, value in headers.items():
        if not _is_settable(name):
            raise ValueError(f"an endpoint cannot set a header {name!r}")
        if not (value.isascii() and value.isprintable()) and not _VALUE.fullmatch(value):
            raise ValueError(f"the value of the header {name} holds what no header can")


@lru_cache(_KNOWN)
def _is_settable(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name.lower() not in _FRAMING


_FIRST_STATUS, _LAST_STATUS = 200, 599
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile("[\t -~\u0080-\ud7ff\ue000-\U0010ffff]*")
_FRAMING = frozenset({"connection", "content-length", "content-type", "transfer-encoding"})
"""Headers that the host itself derives from the body."""


def failure_response(
    request: web.BaseRequest, failure: Failure, catalogue: Catalogue, at: float
) -> web.Response:
    """A failure as a response in the style of the endpoint, or of the address without one.

    Args:
        request: what was asked.
        failure: why it is not answered as asked.
        catalogue: the sentences of the host.
        at: now, seconds since the Unix epoch.
    """
    style = passage_of(request).style or ErrorStyle.of_path(request.path)
    asked = asked_by(request)
    request_id = request_id_of(request)
    status, more = failure.status, failure.headers
    if style is ErrorStyle.OPENAI:
        telling, media_type = errors_openai.telling_of(catalogue, asked), errors_openai.MEDIA_TYPE
        body = errors_openai.body(failure, telling, request_id)
        status = errors_openai.status_of(failure)
        more = {**more, **errors_openai.retry_fields(failure)}
    elif style is ErrorStyle.V2:
        telling, media_type = problem.telling_of(failure, catalogue, asked), problem.MEDIA_TYPE
        body = problem.body(failure, telling, request_id, at, request.path, trace_id_of(request))
    else:
        telling, media_type = errors_v1.telling_of(failure, catalogue, asked), errors_v1.MEDIA_TYPE
        body = errors_v1.body(failure, telling, request_id)
    response = web.Response(
        body=encode(body),
        status=status,
        headers={
            hdrs.CONTENT_LANGUAGE: telling.content_language,
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
            **more,
        },
        content_type=media_type,
        charset="utf-8",
    )
    if failure.close:
        response.force_close()
    return response


def asked_by(request: web.BaseRequest) -> Asked:
    """The languages that the caller asked for."""
    return asked_languages(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
