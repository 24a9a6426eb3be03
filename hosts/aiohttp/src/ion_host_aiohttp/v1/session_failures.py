"""What can go wrong with sessions, as failures of requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import hdrs

from ion_host_aiohttp.api.endpoint import ErrorCase
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v1.sessions import SessionFullError, SessionsUnavailableError
from ion_host_aiohttp.v1.summary_jobs import BusyError

BUSY_S = 5
"""Seconds to wait where too many summaries are being made."""

FULL = ErrorCase(
    HTTPStatus.CONFLICT, "SESSION_FULL", "The session holds as much as it may; end it."
)
UNAVAILABLE = ErrorCase(
    HTTPStatus.SERVICE_UNAVAILABLE, "SESSIONS_UNAVAILABLE", "Sessions cannot be read or written."
)
BUSY = (
    ErrorCase(
        HTTPStatus.TOO_MANY_REQUESTS,
        "TOO_MANY_SUMMARIES",
        "The caller has too many summaries in the making.",
    ),
    ErrorCase(
        HTTPStatus.SERVICE_UNAVAILABLE, "SUMMARIES_BUSY", "Too many summaries are being made."
    ),
)


@contextmanager
def told(service: Service) -> Iterator[None]:
    """Errors of sessions as failures of the request.

    Raises:
        RequestFailed: 409, 429 or 503.
    """
    try:
        yield
    except SessionFullError as error:
        failure = Failure(status=FULL.status, code=FULL.code, message=_full(error))
        raise RequestFailed(failure) from error
    except BusyError as error:
        raise RequestFailed(_busy(error)) from error
    except SessionsUnavailableError as error:
        service.logger.warning("sessions unavailable", reason=str(error))
        raise RequestFailed(_later(UNAVAILABLE, say("sessions_unavailable"), 1)) from error


def _full(error: SessionFullError) -> Message:
    if error.bound == "messages":
        return say("session_full_messages", limit=error.limit)
    return say("session_full_characters", limit=error.limit)


def _busy(error: BusyError) -> Failure:
    if error.by_caller:
        return _later(BUSY[0], say("too_many_summaries"), BUSY_S)
    return _later(BUSY[1], say("summaries_busy"), BUSY_S)


def _later(case: ErrorCase, message: Message, seconds: int) -> Failure:
    return Failure(
        status=case.status,
        code=case.code,
        message=message,
        headers={hdrs.RETRY_AFTER: str(seconds)},
    )
