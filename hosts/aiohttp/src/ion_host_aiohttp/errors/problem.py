"""Failures in the one envelope of API v2: the original's fields and the members of RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from ion_framework.domain.language import Language
from ion_host_aiohttp.api.languages import Asked
from ion_host_aiohttp.errors.failure import Failure, Issue, Path
from ion_host_aiohttp.errors.messages import Catalogue, Telling, say
from ion_host_aiohttp.times import iso_time

MEDIA_TYPE = "application/problem+json"
DEFAULT_LANGUAGE = Language.ENGLISH


def telling_of(failure: Failure, catalogue: Catalogue, asked: Asked) -> Telling:
    """What puts a v2 error into words: as asked, else in the language of the user's message.

    Args:
        failure: what went wrong.
        catalogue: the sentences.
        asked: the languages that the caller asked for.
    """
    return catalogue.telling(asked, failure.language or DEFAULT_LANGUAGE)


def body(  # noqa: PLR0913, PLR0917  the members of the envelope come from as many places
    failure: Failure,
    telling: Telling,
    request_id: str,
    at: float,
    instance: str,
    trace_id: str | None = None,
) -> dict[str, object]:
    """The body of a v2 error.

    Args:
        failure: what went wrong.
        telling: puts it into words.
        request_id: names the request.
        at: now, seconds since the Unix epoch.
        instance: the path of the request.
        trace_id: the caller's trace, None without one.
    """
    message = telling.text(failure.message)
    details = dict(failure.details)
    if failure.hint:
        details["hint"] = telling.text(failure.hint)
    if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        details["report"] = telling.text(say("internal_detail", request_id=request_id))
    return {
        **failure.extensions,
        "type": failure.problem_type,
        "title": failure.status.phrase,
        "status": failure.status.value,
        "detail": message,
        "instance": instance,
        "success": False,
        "error": {
            "code": failure.code,
            "message": message,
            "field": failure.field,
            "details": details or None,
        },
        "errors": [_item(issue, telling) for issue in failure.issues] or None,
        "request_id": request_id,
        "trace_id": trace_id,
        "timestamp": iso_time(at),
    }


def _item(issue: Issue, telling: Telling) -> dict[str, object]:
    item: dict[str, object] = {
        "pointer": pointer(issue.path),
        "detail": telling.text(issue.message),
        "type": issue.kind,
    }
    return item | dict(issue.limits)


def pointer(path: Path) -> str:
    """A path as the URI fragment form of a JSON pointer (RFC 6901), ``#/context/user_id``."""
    steps = (str(step)[:_SHOWN].replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{quote(step, safe='~')}" for step in steps)


_SHOWN = 100
