"""What the errors of the SDK, of HTTP and of Google's login mean.

Nothing of what the service wrote goes into a `GenerationError`: its messages quote prompts.
"""

from __future__ import annotations

import functools
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ion_framework.errors import FailureCause, GenerationError
from ion_framework.resilience.http_answers import cause_of_status, retry_after_s

_SAID = {
    400: "found the request invalid",
    401: "did not accept the credentials",
    402: "wants to be paid",
    403: "does not allow this with these credentials",
    404: "does not know this model in this version of its API",
    408: "gave up waiting",
    413: "found the request too large",
    422: "found the request invalid",
    429: "has no quota left",
    500: "failed inside",
    502: "could not be reached behind its gateway",
    503: "is overloaded or down",
    504: "took too long for its gateway",
}
_REDIRECTS = range(300, 400)
_KEY_REASONS = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")


def failure_of(error: Exception, *, now: Callable[[], float] = time.time) -> GenerationError:
    """The typed error for whatever was raised while asking.

    Args:
        error: what was raised.
        now: seconds since the Unix epoch, for dates in Retry-After.
    """
    if isinstance(error, GenerationError):
        return error
    from google.genai import errors  # loaded by now: the client is made

    if isinstance(error, errors.APIError):
        return _api_failure(error, now)
    for kinds, cause, said in (*_login_failures(), *_http_failures(), *_OTHER_FAILURES):
        if isinstance(error, kinds):
            return GenerationError(cause, said)
    return GenerationError(
        FailureCause.BAD_ANSWER, f"google-genai failed with {type(error).__name__}"
    )


def client_failure(error: Exception) -> tuple[FailureCause, str]:
    """Cause and text for whatever was raised while the SDK's client was made.

    Nobody was asked yet, so that it lies in this installation: its packages, its variables, or
    Google's login of a project.

    Args:
        error: what was raised.
    """
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("google"):
        return (
            FailureCause.MISCONFIGURED,
            "google-genai cannot be imported: install ion-gemini again, with its dependencies",
        )
    logins = _login_failures() if "google.auth" in sys.modules else ()
    for kinds, cause, said in logins:
        if isinstance(error, kinds):
            return cause, said
    return (
        FailureCause.MISCONFIGURED,
        f"the SDK's client cannot be made ({type(error).__name__}): check the proxy in "
        "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY (http:// and https:// are known) and the "
        "certificates in SSL_CERT_FILE and SSL_CERT_DIR",
    )


_Failure: TypeAlias = tuple[tuple[type[Exception], ...], FailureCause, str]

_OTHER_FAILURES: tuple[_Failure, ...] = (
    ((TimeoutError,), FailureCause.TIMEOUT, "the service gave nothing in time"),
    ((OSError,), FailureCause.UNREACHABLE, "no connection to the service"),
    ((ValueError,), FailureCause.BAD_ANSWER, "the answer is not in the API's form"),
)


@functools.cache
def _login_failures() -> tuple[_Failure, ...]:
    """The errors of Google's login, the narrower first."""
    from google.auth import exceptions  # loaded by now, with the SDK

    return (
        (
            (exceptions.TransportError,),
            FailureCause.UNREACHABLE,
            "Google's login could not be reached",
        ),
        (
            (exceptions.GoogleAuthError,),
            FailureCause.DENIED,
            "Google's login failed: see that the application default credentials exist and may "
            "use the project",
        ),
    )


@functools.cache
def _http_failures() -> tuple[_Failure, ...]:
    """The errors of HTTP, the narrower first."""
    import httpx2  # loaded by now, with the SDK

    return (
        (
            (httpx2.PoolTimeout,),
            FailureCause.BUSY,
            "none of our connections was free within connect_s: raise max_connections",
        ),
        ((httpx2.ConnectTimeout,), FailureCause.UNREACHABLE, "no connection within connect_s"),
        (
            (httpx2.TimeoutException,),
            FailureCause.TIMEOUT,
            "the service gave nothing in time",
        ),
        (
            (httpx2.ConnectError, httpx2.ProxyError),
            FailureCause.UNREACHABLE,
            "no connection to the service",
        ),
        (
            (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.StreamError),
            FailureCause.CUT_OFF,
            "the connection broke off",
        ),
        ((httpx2.DecodingError,), FailureCause.BAD_ANSWER, "the answer could not be unpacked"),
        (
            (httpx2.UnsupportedProtocol, httpx2.InvalidURL),
            FailureCause.MISCONFIGURED,
            "no request could be made for this address: check base_url and the proxy variables",
        ),
        (
            (httpx2.HTTPError,),
            FailureCause.UNREACHABLE,
            "no request could be sent to the service",
        ),
    )


def _api_failure(error: Any, now: Callable[[], float]) -> GenerationError:
    status = error.code if isinstance(error.code, int) else 0
    cause, said = cause_of_status(status), _SAID.get(status, "answered unexpectedly")
    if status in _REDIRECTS:
        said = "answered with a redirect, which is not followed: see base_url"
    details = tuple(_details(error.details))
    if cause is FailureCause.REJECTED and _blames_the_caller(error, details):
        cause, said = FailureCause.DENIED, "does not accept this key, or not from here"
    headers = getattr(error.response, "headers", {})
    asked = [*_retry_infos(details), retry_after_s(headers.get("retry-after"), now())]
    waits = [seconds for seconds in asked if seconds is not None]
    return GenerationError(
        cause, f"the service {said} (HTTP {status})", retry_after_s=max(waits, default=None)
    )


def _details(document: object) -> Iterator[dict[str, Any]]:
    """The details of an error document, whatever its form."""
    error = document.get("error", document) if isinstance(document, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    if isinstance(details, list):
        yield from (detail for detail in details if isinstance(detail, dict))


def _blames_the_caller(error: Any, details: tuple[dict[str, Any], ...]) -> bool:
    """Whether a 400 means the key or the place it is used from, which the API says in this way."""
    reasons = {str(detail.get("reason")) for detail in details}
    return bool(_KEY_REASONS & reasons) or error.status == "FAILED_PRECONDITION"


def _retry_infos(details: tuple[dict[str, Any], ...]) -> Iterator[float]:
    """The seconds in google.rpc.RetryInfo."""
    for detail in details:
        delay = _DURATION.fullmatch(str(detail.get("retryDelay")))
        if delay and str(detail.get("@type", "")).endswith("google.rpc.RetryInfo"):
            yield float(delay[1])
