"""What can go wrong with conversations, as failures of requests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from aiohttp import hdrs

from ion_framework.conversations import failures as causes
from ion_framework.conversations.conversations import Conversations
from ion_framework.conversations.store import StoreError
from ion_host_aiohttp.api.endpoint import ErrorCase
from ion_host_aiohttp.errors.failure import Failure, RequestFailed
from ion_host_aiohttp.errors.failures import INSTALL_S
from ion_host_aiohttp.errors.messages import Message, say
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.times import iso_time

RETRY_AFTER_S = 1

UNKNOWN = ErrorCase(
    HTTPStatus.NOT_FOUND, "CONVERSATION_NOT_FOUND", "The caller has no such conversation."
)
EXPIRED = ErrorCase(HTTPStatus.GONE, "CONVERSATION_EXPIRED", "The conversation has expired.")
COMPLETED = ErrorCase(HTTPStatus.CONFLICT, "CONVERSATION_COMPLETED", "The conversation is closed.")
FULL = ErrorCase(
    HTTPStatus.CONFLICT, "CONVERSATION_FULL", "The conversation has as many turns as it may have."
)
BUSY = ErrorCase(
    HTTPStatus.CONFLICT, "CONVERSATION_BUSY", "Another turn of the conversation is being made."
)
IN_PROGRESS = ErrorCase(
    HTTPStatus.CONFLICT, "TURN_IN_PROGRESS", "The turn of this `Idempotency-Key` is being made."
)
OVERTAKEN = ErrorCase(
    HTTPStatus.CONFLICT, "TURN_OVERTAKEN", "The conversation went on without this request."
)
REUSED = ErrorCase(
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "IDEMPOTENCY_KEY_REUSED",
    "The `Idempotency-Key` names another message already.",
)
UNAVAILABLE = ErrorCase(
    HTTPStatus.SERVICE_UNAVAILABLE, "STORE_UNAVAILABLE", "Conversations cannot be read or written."
)
NOT_EQUIPPED = ErrorCase(
    HTTPStatus.SERVICE_UNAVAILABLE, "NOT_EQUIPPED", "No store of conversations is active."
)
BAD_CURSOR = ErrorCase(HTTPStatus.NOT_FOUND, "INVALID_CURSOR", "`cursor` is none of this list.")
STORE = (UNAVAILABLE, NOT_EQUIPPED)
TURN = (*STORE, UNKNOWN, EXPIRED, COMPLETED, FULL, BUSY, IN_PROGRESS, OVERTAKEN, REUSED)


def equipped(service: Service) -> Conversations:
    """The conversations of the host.

    Raises:
        RequestFailed: 503, there is no store for them.
    """
    if service.conversations is not None:
        return service.conversations
    raise RequestFailed(
        Failure(
            status=NOT_EQUIPPED.status,
            code=NOT_EQUIPPED.code,
            message=say("not_equipped"),
            hint=say("no_store"),
            headers={hdrs.RETRY_AFTER: str(INSTALL_S)},
        )
    )


def bad_cursor() -> Failure:
    """A cursor that is none of its list: no such part exists."""
    return Failure(
        status=BAD_CURSOR.status,
        code=BAD_CURSOR.code,
        message=say("invalid_cursor"),
        field="cursor",
    )


@contextmanager
def told(service: Service, request_id: str) -> Iterator[None]:
    """Errors of conversations as failures of the request.

    Args:
        service: the running host.
        request_id: names the request in the log.

    Raises:
        RequestFailed: 404, 409, 410, 422 or 503.
    """
    try:
        yield
        service.store_watch.note(served=True)
    except causes.ConversationError as error:
        raise RequestFailed(failure_of(error)) from error
    except StoreError as error:
        service.store_watch.note(served=False)
        service.logger.warning(
            "store of conversations out of order", request_id=request_id, reason=str(error)
        )
        failure = _failure(UNAVAILABLE, say("store_unavailable"), after_s=RETRY_AFTER_S)
        raise RequestFailed(failure) from error


def failure_of(error: causes.ConversationError) -> Failure:  # noqa: PLR0911  one line a cause
    """Why a conversation does not go on as asked, as a failure of the request."""
    match error:
        case causes.ExpiredError():
            return _failure(EXPIRED, say("conversation_expired", at=iso_time(error.at)))
        case causes.CompletedError():
            return _failure(COMPLETED, say("conversation_completed"))
        case causes.FullError():
            return _failure(FULL, say("conversation_full", most=error.most))
        case causes.BusyError() if error.same:
            return _failure(IN_PROGRESS, say("turn_in_progress"), after_s=_until_free(error))
        case causes.BusyError():
            return _failure(BUSY, say("conversation_busy"), after_s=_until_free(error))
        case causes.OvertakenError():
            return _failure(OVERTAKEN, say("turn_overtaken"), after_s=RETRY_AFTER_S)
        case causes.ReusedKeyError():
            return _failure(REUSED, say("idempotency_key_reused"))
    return _failure(UNKNOWN, say("conversation_unknown"))


def _until_free(error: causes.BusyError) -> int:
    """Seconds after which it is certain that the turn has ended, or that its maker lives."""
    return max(RETRY_AFTER_S, math.ceil(error.left_s))


def _failure(case: ErrorCase, message: Message, *, after_s: int | None = None) -> Failure:
    headers: dict[str, str] = {} if after_s is None else {hdrs.RETRY_AFTER: str(after_s)}
    return Failure(status=case.status, code=case.code, message=message, headers=headers)
