"""The way to Sentry: one connection that is kept, directly or by a proxy."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from urllib.request import getproxies, proxy_bypass

import attrs
import certifi
import urllib3
from sentry_sdk.consts import EndpointType
from sentry_sdk.utils import Dsn

AGENT = "ion-sentry/1"

UNREACHABLE = (urllib3.exceptions.HTTPError, OSError)
"""What is raised where Sentry cannot be reached."""

_DROPPED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


@attrs.frozen
class Answer:
    """What Sentry says to an envelope.

    Attributes:
        status: status of HTTP.
        limits: what it asks for, as ``X-Sentry-Rate-Limits``; empty without.
        retry_after: the header of this name; empty without.
    """

    status: int
    limits: str
    retry_after: str


@attrs.frozen
class Wire:
    """A way to Sentry, for one thread.

    Attributes:
        post: hands over a packed envelope; raises one of `UNREACHABLE`.
        close: closes the connection.
    """

    post: Callable[[bytes], Answer]
    close: Callable[[], None]


def wire_to(dsn: Dsn, timeout_s: float) -> Wire:
    """The way to Sentry; nothing is connected yet.

    Args:
        dsn: where it is.
        timeout_s: seconds for connecting, and for an answer.
    """
    auth = dsn.to_auth(AGENT)
    url = auth.get_api_url(EndpointType.ENVELOPE)
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "Content-Encoding": "gzip",
        "User-Agent": AGENT,
        "X-Sentry-Auth": auth.to_header(),
    }
    pool = _pool(dsn)
    timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)

    def ask(body: bytes) -> Answer:
        response = pool.request(
            "POST", url, body=body, headers=headers, retries=False, timeout=timeout
        )
        return _answer(response)

    def post(body: bytes) -> Answer:
        try:
            return ask(body)
        except urllib3.exceptions.HTTPError as error:
            if not _was_dropped(error):
                raise
        # The kept connection ended in this very moment. What comes twice counts once at Sentry.
        return ask(body)

    return Wire(post, pool.clear)


def _pool(dsn: Dsn) -> urllib3.PoolManager:
    trusted = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
    trusted = trusted or certifi.where()
    proxies = {} if proxy_bypass(dsn.host) else getproxies()
    proxy = proxies.get(dsn.scheme) or proxies.get("all") or ""
    if proxy.startswith(("http://", "https://")):
        return urllib3.ProxyManager(proxy, ca_certs=trusted, maxsize=1)
    return urllib3.PoolManager(ca_certs=trusted, maxsize=1)


def _was_dropped(error: urllib3.exceptions.HTTPError) -> bool:
    """Whether a connection broke, for which neither its certificate nor the time is the reason."""
    if isinstance(error, urllib3.exceptions.SSLError):
        return any(isinstance(each, _DROPPED) for each in error.args)
    return isinstance(error, urllib3.exceptions.ProtocolError)


def _answer(response: urllib3.BaseHTTPResponse) -> Answer:
    headers = response.headers
    limits, retry_after = headers.get("X-Sentry-Rate-Limits"), headers.get("Retry-After")
    return Answer(response.status, limits or "", retry_after or "")
