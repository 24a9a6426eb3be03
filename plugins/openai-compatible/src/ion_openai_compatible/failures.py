"""What the failures of a server mean, as errors of generators.

The texts are our own: they name the status and codes that are known here, and nothing else of what
the server wrote, because servers repeat prompts and keys in their messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience import http_answers
from ion_framework.resilience.http_answers import CAUSES, cause_of_status, number_of
from ion_openai_compatible.documents import table

PROMPT_REFUSED = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
"""Codes by which a server says that it does not answer this prompt."""

_CODES = {
    "context_length_exceeded": FailureCause.REJECTED,
    "exceed_context_size_error": FailureCause.REJECTED,
    "string_above_max_length": FailureCause.REJECTED,
    "insufficient_quota": FailureCause.DENIED,
    "billing_hard_limit_reached": FailureCause.DENIED,
    "invalid_api_key": FailureCause.DENIED,
    "model_not_found": FailureCause.UNKNOWN_MODEL,
    "rate_limit_exceeded": FailureCause.RATE_LIMITED,
    "rate_limit_error": FailureCause.RATE_LIMITED,
    "overloaded_error": FailureCause.UNAVAILABLE,
    "server_error": FailureCause.UNAVAILABLE,
    "invalid_request_error": FailureCause.REJECTED,
}
"""What the codes and types of error documents mean, whatever the status."""

_GENERAL = frozenset({"invalid_request_error", "server_error"})
"""Types that go with many a status, and say less than it."""

_REMEDIES = {
    FailureCause.DENIED: "; check ION_OPENAI_API_KEY and what the account may do",
    FailureCause.UNKNOWN_MODEL: "; check ION_OPENAI_MODEL and the path of ION_OPENAI_BASE_URL, "
    "which ends in /v1 at most servers",
}


def refuses_prompt(found: Mapping[str, Any]) -> bool:
    """Whether an error document says that the prompt itself is not answered."""
    return bool(PROMPT_REFUSED & set(_codes(found)))


def of_status(
    status: int, found: Mapping[str, Any], retry_after_s: float | None
) -> GenerationError:
    """The error of an answer whose status is not 200.

    Args:
        status: the HTTP status.
        found: its error document, empty where there is none.
        retry_after_s: seconds that the server asked for, None if it did not.
    """
    known = next((code for code in _codes(found) if code in _CODES and code not in _GENERAL), "")
    cause = _CODES[known] if known else cause_of_status(status)
    said = f" ({known})" if known else ""
    return GenerationError(
        cause,
        f"the server answered {_named(status)}{said}{_REMEDIES.get(cause, '')}",
        retry_after_s=retry_after_s,
    )


def of_error_event(found: Mapping[str, Any]) -> GenerationError:
    """The error that a server sends instead of an answer although its status was 200."""
    codes = _codes(found)
    known = next((code for code in codes if code in _CODES), "")
    if known:
        return GenerationError(_CODES[known], f"the server sent an error ({known})")
    number = next((int(code) for code in codes if code.isdecimal() and len(code) == len("500")), 0)
    cause = CAUSES.get(number, FailureCause.UNAVAILABLE)
    said = f" ({_named(number)})" if number else ""
    return GenerationError(cause, f"the server sent an error{said}")


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds after which a server wants to be asked again; None where it does not say.

    Read are ``retry-after-ms`` (milliseconds), then ``Retry-After`` (seconds or a date).

    Args:
        headers: the headers of its answer.
        now: seconds since the Unix epoch.
    """
    milliseconds = number_of(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    return http_answers.retry_after_s(headers.get("Retry-After"), now)


def _codes(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Code and type of an error document, whose fields some servers do not nest in ``error``."""
    error = table(found.get("error")) or found
    return tuple(
        str(error[key]) for key in ("code", "type") if isinstance(error.get(key), str | int)
    )


def _named(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"
