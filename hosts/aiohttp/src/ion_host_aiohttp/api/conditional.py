"""Answers that a caller has already, by their entity tag (RFC 9110, section 13)."""

from __future__ import annotations

from http import HTTPStatus

import attrs
from aiohttp import hdrs, web

from ion_host_aiohttp.api.endpoint import Answer


def unless_known(request: web.Request, answer: Answer) -> Answer:
    """The answer, or 304 without a body where the caller's copy has the same entity tag.

    Only answers with a header ``ETag`` can be known; its tag is a strong one.
    """
    tag = answer.headers.get(hdrs.ETAG)
    if tag is None or answer.status is not HTTPStatus.OK:
        return answer
    known = request.if_none_match
    if not known:
        return answer
    if any(item.value in ("*", tag.strip('"')) for item in known):
        return attrs.evolve(answer, body=b"", status=HTTPStatus.NOT_MODIFIED)
    return answer
