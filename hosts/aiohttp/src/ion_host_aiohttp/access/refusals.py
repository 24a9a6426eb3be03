"""Why somebody is not let in: in one word for him, in a sentence for the log."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import hdrs

from ion_host_aiohttp.errors.failure import Failure
from ion_host_aiohttp.errors.messages import say

RETRY_AFTER_S = 5
CHALLENGE = 'Bearer realm="ion"'


class RefusedError(Exception):
    """What a request presents lets nobody in.

    Its text is the reason, for the log: it holds nothing of what was presented but a key id.
    """


class UnavailableError(Exception):
    """It cannot be known now whom something lets in; its text is the reason, for the log."""


def nothing_presented() -> Failure:
    """The request presents neither key nor token: 401. By RFC 6750 without an error code."""
    return Failure(
        status=HTTPStatus.UNAUTHORIZED,
        code="AUTHENTICATION_REQUIRED",
        message=say("authentication_required"),
        headers={hdrs.WWW_AUTHENTICATE: CHALLENGE},
    )


def not_valid() -> Failure:
    """What it presents lets nobody in: 401; the same for every reason."""
    return Failure(
        status=HTTPStatus.UNAUTHORIZED,
        code="CREDENTIALS_REFUSED",
        message=say("credentials_refused"),
        headers={hdrs.WWW_AUTHENTICATE: f'{CHALLENGE}, error="invalid_token"'},
    )


def not_known_now() -> Failure:
    """Keys cannot be read at the moment: 503, and nobody is let in."""
    return Failure(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="AUTHENTICATION_UNAVAILABLE",
        message=say("authentication_unavailable"),
        headers={hdrs.RETRY_AFTER: str(RETRY_AFTER_S)},
    )
