"""The way to Sentry: one connection that is kept, and the least of HTTP that an envelope needs.

urllib3 speaks where a proxy stands between. Directly it would take three times as long as this, and
hand the interpreter to and fro ten times for every envelope, each time while the event loop works.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs
import certifi
import urllib3
from sentry_sdk.consts import EndpointType
from sentry_sdk.utils import Dsn
from urllib3.util import wait_for_read

AGENT = "ion-sentry/1"

UNREACHABLE = (urllib3.exceptions.HTTPError, HTTPException, OSError)
"""What is raised where Sentry cannot be reached."""

_DROPPED = (HTTPException, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


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
    trusted = os.environ.get("SSL_CERT_FILE") or os.environ.get("REQUESTS_CA_BUNDLE")
    trusted = trusted or certifi.where()
    proxies = {} if proxy_bypass(dsn.host) else getproxies()
    proxy = proxies.get(dsn.scheme) or proxies.get("all") or ""
    if not proxy.startswith(("http://", "https://")):
        direct = _Direct(url, headers, timeout_s, trusted)
        return Wire(direct.post, direct.close)
    manager = urllib3.ProxyManager(proxy, ca_certs=trusted, maxsize=1)
    timeout = urllib3.Timeout(connect=timeout_s, read=timeout_s)

    def post(body: bytes) -> Answer:
        response = manager.request(
            "POST", url, body=body, headers=headers, retries=False, timeout=timeout
        )
        return _answer(response)

    return Wire(post, manager.clear)


class _Direct:
    """A connection of its own.

    Args:
        url: where envelopes go.
        headers: go with each of them.
        timeout_s: seconds for connecting, and for an answer.
        trusted: file of the certificates that are trusted.
    """

    def __init__(self, url: str, headers: dict[str, str], timeout_s: float, trusted: str) -> None:
        parts = urlsplit(url)
        self._connection = (
            HTTPSConnection(
                parts.hostname or "",
                parts.port,
                timeout=timeout_s,
                context=ssl.create_default_context(cafile=trusted),
            )
            if parts.scheme == "https"
            else HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
        )
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {text}" for name, text in headers.items()]
        self._head = "\r\n".join(lines).encode("latin-1")

    def post(self, body: bytes) -> Answer:
        """Hand over a packed envelope."""
        is_kept = self._keeps()
        try:
            return self._ask(body)
        except _DROPPED:
            if not is_kept:
                raise
        # It was closed in this very moment. An envelope that came twice counts once at Sentry.
        return self._ask(body)

    def close(self) -> None:
        """Close the connection; the next envelope opens another."""
        self._connection.close()

    def _keeps(self) -> bool:
        """Whether a connection is kept; one that is not fit for use any more is closed."""
        link = self._connection.sock
        if link is None:
            return False
        decrypted = link.pending() if isinstance(link, ssl.SSLSocket) else 0
        # Nothing has been asked, so this is its end, or what a proxy says of it (408): no answer.
        if decrypted or wait_for_read(link, timeout=0):
            self.close()
            return False
        return True

    def _ask(self, body: bytes) -> Answer:
        try:
            # In one piece: `HTTPConnection.request` would send the body after the head.
            self._connection.send(
                b"%b\r\nContent-Length: %d\r\n\r\n%b" % (self._head, len(body), body)
            )
            response = HTTPResponse(self._connection.sock, method="POST")
            response.begin()
            response.read()
        except BaseException:
            self.close()
            raise
        if response.will_close:
            self.close()
        return _answer(response)


def _answer(response: HTTPResponse | urllib3.BaseHTTPResponse) -> Answer:
    headers = response.headers
    limits, retry_after = headers.get("X-Sentry-Rate-Limits"), headers.get("Retry-After")
    return Answer(response.status, limits or "", retry_after or "")
