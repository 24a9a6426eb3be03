"""Failures in the shape of OpenAI's protocol: ``{"error": {"message", "type", "param", "code"}}``.

Its clients tell failures apart by their status, so that what they do not know of is told as what
they do: 422 as 400, and a message that a guard refuses as 400, because 403 means the key to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs

from ion_framework.domain.language import Language
from ion_host_aiohttp.api.languages import Asked
from ion_host_aiohttp.errors.failure import Failure, Issue, Path
from ion_host_aiohttp.errors.messages import Catalogue, Telling, say

MEDIA_TYPE = "application/json"
DEFAULT_LANGUAGE = Language.ENGLISH
SHOULD_RETRY = "x-should-retry"
RETRY_AFTER_MS = "retry-after-ms"
LONGEST_WAIT_S = 120
"""Seconds that the official client is willing to wait before another try."""

EMPTY_ARRAY = "empty_array"
UNSUPPORTED = "unsupported_parameter"
"""Kind of the issue of a parameter that this host does nothing with, and its code."""

ISSUE_CODES = {
    "missing_required_parameter": "A member is missing; `param` names it.",
    "invalid_type": "A value is of another type; `param` names it.",
    "invalid_value": "A value is not valid; `param` names it.",
    EMPTY_ARRAY: "A list that needs an item has none; `param` names it.",
    UNSUPPORTED: "A parameter asks for what this server does not do; `param` names it.",
}
"""The codes of values that do not fit, each with its meaning."""

REFUSED_CODE = "content_policy_violation"
_CODES = {
    "AUTHENTICATION_REQUIRED": "invalid_api_key",
    "CREDENTIALS_REFUSED": "invalid_api_key",
    "RATE_LIMITED": "rate_limit_exceeded",
    "TOO_MANY_FAILED_LOGINS": "rate_limit_exceeded",
    "TOO_MANY_STREAMS": "rate_limit_exceeded",
    "TURN_REFUSED": REFUSED_CODE,
}
"""Codes that clients know under another name; the rest is the same in small letters."""
_TOO_SHORT = "too_short"
"""Kind of the issue of a list with too few items: in this protocol only one needs any."""
_GUARD_FAILED = "guard_failed"
_SHOWN = 100


def telling_of(catalogue: Catalogue, asked: Asked) -> Telling:
    """What puts an error of this protocol into words: as asked, else in English.

    Args:
        catalogue: the sentences.
        asked: the languages that the caller asked for.
    """
    return catalogue.telling(asked, DEFAULT_LANGUAGE)


def body(failure: Failure, telling: Telling, request_id: str) -> dict[str, object]:
    """The body of an error.

    Args:
        failure: what went wrong.
        telling: puts it into words.
        request_id: names the request.
    """
    issue = failure.issues[0] if failure.issues else None
    return {
        "error": {
            "message": _message(failure, issue, telling, request_id),
            "type": _type(failure),
            "param": parameter(issue.path) if issue else failure.field,
            "code": _code_of_issue(issue) if issue else _code(failure),
        }
    }


def status_of(failure: Failure) -> HTTPStatus:
    """The HTTP status under which a failure is told."""
    if _is_failed_guard(failure):
        return failure.status
    return shown_status(failure.status, failure.code)


def shown_status(status: HTTPStatus, code: str) -> HTTPStatus:
    """The HTTP status of this protocol for one of the host's.

    Args:
        status: the host's.
        code: the host's code.
    """
    if status is HTTPStatus.UNPROCESSABLE_ENTITY or code == "TURN_REFUSED":
        return HTTPStatus.BAD_REQUEST
    return status


def shown_code(code: str) -> str:
    """The code of this protocol for one of the host's."""
    return _CODES.get(code, code.lower())


def retry_fields(failure: Failure) -> Mapping[str, str]:
    """The header fields that tell a client whether to come again, and when."""
    wait = failure.headers.get(hdrs.RETRY_AFTER, "")
    found = {SHOULD_RETRY: "true" if _may_help(failure, wait) else "false"}
    if wait.isdecimal():
        found[RETRY_AFTER_MS] = str(int(wait) * 1000)
    return found


def _may_help(failure: Failure, wait: str) -> bool:
    """Whether the same request may be answered a little later."""
    if wait.isdecimal() and int(wait) > LONGEST_WAIT_S:
        return False
    if failure.code == "NOT_EQUIPPED":
        return False
    return failure.status in _PASSING or failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR


_PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


def parameter(path: Path) -> str | None:
    """A path as the protocol writes it, ``messages[0].content``; None for the whole body."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step[:_SHOWN]}" if text else step[:_SHOWN]
    return text or None


def _message(failure: Failure, issue: Issue | None, telling: Telling, request_id: str) -> str:
    if issue is not None:
        issue = _in_own_words(issue)
        reason, where = telling.text(issue.message), parameter(issue.path)
        if issue.kind == EMPTY_ARRAY or (issue.kind == UNSUPPORTED and len(issue.path) == 1):
            return reason
        return telling.text(say("openai_at", param=where, reason=reason)) if where else reason
    parts = [telling.text(failure.message)]
    if failure.hint:
        parts.append(telling.text(failure.hint))
    if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        parts.append(telling.text(say("internal_detail", request_id=request_id)))
    return " ".join(parts)


def _in_own_words(issue: Issue) -> Issue:
    """The issue of an empty list as this protocol words it; every other one as it is."""
    if issue.kind != _TOO_SHORT:
        return issue
    where, least = parameter(issue.path) or "", issue.limits["min_length"]
    message = say("openai_empty_list", param=where, min_length=least)
    return Issue(EMPTY_ARRAY, issue.path, message)


def _type(failure: Failure) -> str:
    if failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    if failure.status is not HTTPStatus.TOO_MANY_REQUESTS:
        return "invalid_request_error"
    violated = failure.extensions.get("violated-policies")
    is_tokens = isinstance(violated, list) and any("token" in str(name) for name in violated)
    return "tokens" if is_tokens else "requests"


def _code(failure: Failure) -> str:
    return _GUARD_FAILED if _is_failed_guard(failure) else shown_code(failure.code)


def _is_failed_guard(failure: Failure) -> bool:
    """Whether nobody refused the message: a guard could not say, which is no fault of it."""
    return failure.code == "TURN_REFUSED" and failure.details.get("reason") == _GUARD_FAILED


def _code_of_issue(issue: Issue) -> str:
    if issue.kind == "missing":
        return "missing_required_parameter"
    if issue.kind == _TOO_SHORT:
        return EMPTY_ARRAY
    if issue.kind == UNSUPPORTED:
        return UNSUPPORTED
    return "invalid_type" if issue.kind.endswith("type") else "invalid_value"
