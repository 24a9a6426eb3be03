"""Failures in the shapes of API v1: ``{"error", "status_code"}`` and ``{"detail": …}``."""

from __future__ import annotations

from http import HTTPStatus

from ion_framework.domain.language import Language
from ion_host_aiohttp.api.languages import Asked
from ion_host_aiohttp.errors.failure import Failure, Issue
from ion_host_aiohttp.errors.messages import Catalogue, Telling, say

MEDIA_TYPE = "application/json"
DEFAULT_LANGUAGE = Language.KOREAN

BARE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_COMPARED = (*BARE, HTTPStatus.TOO_MANY_REQUESTS)
"""Statuses whose English text clients of v1 compare with, so that it stays unless asked."""


def telling_of(failure: Failure, catalogue: Catalogue, asked: Asked) -> Telling:
    """What puts a v1 error into words: as asked, else in Korean, as the original did.

    Args:
        failure: what went wrong.
        catalogue: the sentences.
        asked: the languages that the caller asked for.
    """
    is_compared = failure.status in _COMPARED and not failure.issues
    return catalogue.telling(asked, Language.ENGLISH if is_compared else DEFAULT_LANGUAGE)


def body(failure: Failure, telling: Telling, request_id: str) -> dict[str, object]:
    """The body of a v1 error.

    Args:
        failure: what went wrong.
        telling: puts it into words.
        request_id: names the request.
    """
    if failure.issues:
        return {"detail": [_item(issue, telling) for issue in failure.issues]}
    if failure.status in BARE:
        # Clients of v1 compare these two with the standard phrase, so it stays unless asked.
        is_asked = telling.wants(failure.message)
        return {"detail": telling.text(failure.message) if is_asked else failure.status.phrase}
    answer: dict[str, object] = {
        "error": telling.text(failure.message),
        "status_code": failure.status.value,
    }
    if failure.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        answer["detail"] = telling.text(say("internal_detail", request_id=request_id))
    elif failure.hint:
        answer["detail"] = telling.text(failure.hint)
    return answer


def _item(issue: Issue, telling: Telling) -> dict[str, object]:
    location: list[str | int] = [issue.source, *issue.path]
    if issue.kind == "string_too_long" and issue.path == ("message",):
        location.append("max_message_length")
    return {
        "type": issue.kind,
        "loc": location,
        "msg": telling.text(issue.message),
        "input": issue.given,
        "ctx": dict(issue.limits),
    }
