"""The failures that the host itself finds, and those that a turn ends with."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs, web

from ion_framework.errors import NoAnswerError, TurnRefusedError, UnknownPersonaError
from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import Message, said_by, say

RETRY_AFTER_S = 1
INSTALL_S = 60
"""Seconds to wait where somebody has to install something first."""


def internal() -> Failure:
    """Something unforeseen: 500."""
    return Failure(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code="INTERNAL_ERROR",
        message=say("internal"),
    )


def took_too_long(seconds: float) -> Failure:
    """The answer was not ready in time: 503."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="TIMEOUT",
        message=say("took_too_long", seconds=f"{seconds:g}"),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
    )


def stream_too_long(seconds: float) -> Failure:
    """A stream did not end within the time that streams have: 503."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="STREAM_TOO_LONG",
        message=say("stream_too_long", seconds=f"{seconds:g}"),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
    )


def unknown_persona(error: UnknownPersonaError, field: str) -> Failure:
    """There is no such persona: 404.

    Args:
        error: who was asked for.
        field: name of the member that asks for it.
    """
    return Failure(
        status=HTTPStatus.NOT_FOUND,
        code="INVALID_PERSONA",
        message=say("unknown_persona", known=", ".join(error.known) or "-"),
        field=field,
        details={"given": error.name[:_SHOWN_NAME], "known": error.known},
    )


def broken_off() -> Failure:
    """The model began to answer and broke off: 502, and what came of it is no answer."""
    return Failure(
        status=HTTPStatus.BAD_GATEWAY,
        code="ANSWER_BROKEN_OFF",
        message=say("answer_broken_off"),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
    )


def cut_off() -> Failure:
    """The host ends before the answer is ready: 503, and the connection ends with it."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="DRAINING",
        message=say("draining"),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
        close=True,
    )


def malformed() -> Failure:
    """Bytes that are not a valid HTTP request: 400, and the connection ends."""
    return Failure(
        status=HTTPStatus.BAD_REQUEST,
        code="MALFORMED_REQUEST",
        message=say("http_malformed"),
        close=True,
    )


def not_granted(scope: str) -> Failure:
    """The caller is known and lacks a scope: 403."""
    return Failure(
        status=HTTPStatus.FORBIDDEN,
        code="SCOPE_MISSING",
        message=say("scope_missing", scope=scope),
        details={"scope": scope},
        headers={
            hdrs.WWW_AUTHENTICATE: (
                f'Bearer realm="ion", error="insufficient_scope", scope="{scope}"'
            )
        },
    )


def of_http_error(error: web.HTTPException, method: str) -> Failure:
    """What aiohttp refuses by itself: unknown address, wrong method, unknown expectation."""
    status = HTTPStatus(error.status)
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Failure(
            status=status,
            code="METHOD_NOT_ALLOWED",
            message=say("method_not_allowed", method=method[:_SHOWN], allowed=allowed),
            headers={hdrs.ALLOW: allowed},
        )
    if status is HTTPStatus.NOT_FOUND:
        return Failure(status=status, code="NOT_FOUND", message=say("not_found"))
    message = say("http_refused", reason=status.phrase)
    return Failure(status=status, code=status.name, message=message)


def refused(error: TurnRefusedError) -> Failure:
    """A guard, or the model, said no: 403 in its own words."""
    own_words = _OWN_REFUSALS.get(error.code)
    return Failure(
        status=HTTPStatus.FORBIDDEN,
        code="TURN_REFUSED",
        message=say(own_words) if own_words else said_by(error.guard, error.code, str(error)),
        details={"reason": error.code},
    )


_OWN_REFUSALS = {"guard_failed": "guard_failed"}
"""Refusals that the host words itself. What a model declined is told in the persona's voice."""


def out_of_time(stage: str, seconds: float, retry_after_s: int | None = None) -> Failure:
    """The turn's own deadline passed, the caller's or that of the settings: 504.

    Args:
        stage: what the turn was at.
        seconds: how long the turn had.
        retry_after_s: seconds after which it may be asked again, where somebody knows.
    """
    return Failure(
        status=HTTPStatus.GATEWAY_TIMEOUT,
        code="DEADLINE_EXCEEDED",
        message=say("took_too_long", seconds=f"{seconds:g}"),
        details={"stage": stage},
        headers={hdrs.RETRY_AFTER: str(max(RETRY_AFTER_S, retry_after_s or 0))},
    )


def no_answer(error: NoAnswerError, missing: tuple[Message, ...]) -> Failure:
    """Nobody could answer. What a plugin said about its failure stays in the log.

    422 where the same request would end like this again; 503 where it may be answered later, or
    once somebody has installed or set something.

    Args:
        error: the end of the turn.
        missing: what the host lacks, if anything; the first of it is the cure.
    """
    details: dict[str, object] = {"stage": error.stage}
    if error.repeatable:
        return Failure(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="MESSAGE_REJECTED",
            message=say("rejected"),
            details=details,
        )
    if missing or error.retry_after_s is None:
        return Failure(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code="NOT_EQUIPPED",
            message=say("not_equipped"),
            details=details,
            hint=missing[0] if missing else say("see_log"),
            headers={hdrs.RETRY_AFTER: str(INSTALL_S)},
        )
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="NO_ANSWER",
        message=say("no_answer"),
        details=details,
        headers={hdrs.RETRY_AFTER: str(max(RETRY_AFTER_S, error.retry_after_s))},
    )


_SHOWN = 20
_SHOWN_NAME = 100
