"""Answers and failures as responses of aiohttp."""

from __future__ import annotations

import re

from aiohttp import hdrs, web

from ion_framework.domain.language import Language
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Answer, ErrorStyle
from ion_host_aiohttp.api.languages import accepted_language
from ion_host_aiohttp.api.request_id import request_id_of
from ion_host_aiohttp.api.tracing import trace_id_of
from ion_host_aiohttp.errors import problem
from ion_host_aiohttp.errors import v1 as errors_v1
from ion_host_aiohttp.errors.failure import Failure

STYLE = web.RequestKey("error_style", ErrorStyle)


def answer_response(answer: Answer) -> web.Response:
    """An answer as a response.

    Raises:
        ValueError: its status or one of its headers cannot be sent. aiohttp would find out when
            the response has begun, and drop the connection.
    """
    _check(answer)
    return web.Response(
        body=answer.body if isinstance(answer.body, bytes) else encode(answer.body),
        status=answer.status,
        headers=answer.headers,
        content_type=answer.media_type,
        charset="utf-8" if _is_text(answer.media_type) else None,
    )


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "xml"))


def _check(answer: Answer) -> None:
    if not _FIRST_STATUS <= answer.status <= _LAST_STATUS:
        raise ValueError(f"{answer.status} is not the status of an answer; valid are 200 to 599")
    for name, value in answer.headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"an endpoint cannot set a header {name!r}")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"the value of the header {name} holds what no header can")


_FIRST_STATUS, _LAST_STATUS = 200, 599
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile("[\t -~\u0080-\ud7ff\ue000-\U0010ffff]*")
_FRAMING = frozenset({"connection", "content-length", "content-type", "transfer-encoding"})
"""Headers that the host itself derives from the body."""


def failure_response(request: web.BaseRequest, failure: Failure, at: float) -> web.Response:
    """A failure as a response in the style of the endpoint, or of the address without one.

    Args:
        request: what was asked.
        failure: why it is not answered as asked.
        at: now, seconds since the Unix epoch.
    """
    style = request.get(STYLE) or ErrorStyle.of_path(request.path)
    asked = asked_language(request)
    request_id = request_id_of(request)
    if style is ErrorStyle.V2:
        body = problem.body(failure, asked, request_id, at, request.path, trace_id_of(request))
        media_type, language = problem.MEDIA_TYPE, asked or problem.DEFAULT_LANGUAGE
    else:
        body = errors_v1.body(failure, asked, request_id)
        media_type, language = errors_v1.MEDIA_TYPE, errors_v1.language_of(failure, asked)
    response = web.Response(
        body=encode(body),
        status=failure.status,
        headers={
            hdrs.CONTENT_LANGUAGE: language.value,
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
            **failure.headers,
        },
        content_type=media_type,
        charset="utf-8",
    )
    if failure.close:
        response.force_close()
    return response


def asked_language(request: web.BaseRequest) -> Language | None:
    """The language that the caller asked for, None without a wish."""
    return accepted_language(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
