"""Failures in the shapes of API v1: ``{"error", "status_code"}`` and ``{"detail": …}``."""

from __future__ import annotations

from http import HTTPStatus

from ion_framework.domain.language import Language
from ion_host_aiohttp.errors.failure import Failure, Issue
from ion_host_aiohttp.errors.messages import say

MEDIA_TYPE = "application/json"
DEFAULT_LANGUAGE = Language.KOREAN

BARE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED)
_COMPARED = (*BARE, HTTPStatus.TOO_MANY_REQUESTS)
"""Statuses whose English text clients of v1 compare with, so that it stays unless asked."""


def body(failure: Failure, asked: Language | None, request_id: str) -> dict[str, object]:
    """The body of a v1 error.

    Args:
        failure: what went wrong.
        asked: the language that the caller asked for, None without a wish.
        request_id: names the request.
    """
    language = language_of(failure, asked)
    if failure.issues:
        return {"detail": [_item(issue, language) for issue in failure.issues]}
    if failure.status in BARE:
        # Clients of v1 compare these two with the standard phrase, so it stays unless asked.
        return {"detail": failure.message.text(asked) if asked else failure.status.phrase}
    answer: dict[str, object] = {
        "error": failure.message.text(language),
        "status_code": failure.status.value,
    }
    if failure.status is HTTPStatus.INTERNAL_SERVER_ERROR:
        detail = say("internal_detail", request_id=request_id)
        answer["detail"] = detail.text(language)
    elif failure.hint:
        answer["detail"] = failure.hint.text(language)
    return answer


def language_of(failure: Failure, asked: Language | None) -> Language:
    """The language that the body of a v1 error is in."""
    if failure.status in _COMPARED and not failure.issues:
        return asked or Language.ENGLISH
    return asked or DEFAULT_LANGUAGE


def _item(issue: Issue, language: Language) -> dict[str, object]:
    location: list[str | int] = ["body", *issue.path]
    if issue.kind == "string_too_long" and issue.path == ("message",):
        location.append("max_message_length")
    return {
        "type": issue.kind,
        "loc": location,
        "msg": issue.message.text(language),
        "input": issue.given,
        "ctx": dict(issue.limits),
    }
