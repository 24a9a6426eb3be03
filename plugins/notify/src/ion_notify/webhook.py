"""Sending by HTTP: one POST, no redirects, and nothing of the answer but its head."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Callable

import attrs

from ion_framework.clock import Clock
from ion_framework.resilience.http_answers import retry_after_s
from ion_framework.slo.notice import Notice
from ion_notify.delivery import NotDeliveredError

SIGNATURE = "ION-Signature"
"""Header ``t=SECONDS,v1=HEX``: HMAC-SHA256 of the seconds, a full stop and the body."""

_AGAIN = frozenset({408, 425, 429, *range(500, 600)})
_TAKEN = range(200, 300)
_REDIRECTS = range(300, 400)


@attrs.frozen
class HttpChannel:
    """A receiver that is sent notices by POST.

    Attributes:
        name: what it is called in the log.
        url: its address, which may hold a token.
        body: makes the body of a notice.
        clock: the clock.
        key: signs bodies where there is one.
        timeout_s: seconds for one attempt.
        tls: makes what certificates are checked by.
    """

    name: str
    url: str = attrs.field(repr=False)
    body: Callable[[Notice], bytes]
    clock: Clock
    key: str | None = attrs.field(default=None, repr=False)
    timeout_s: float = 10.0
    tls: Callable[[], ssl.SSLContext] = ssl.create_default_context

    async def send(self, notice: Notice) -> None:
        """Send a notice, once.

        Raises:
            NotDeliveredError: it was not taken; says whether to try again.
        """
        # Alerts are rare, and a host without any does not pay for the import.
        from aiohttp import ClientError, ClientSession, ClientTimeout

        body = self.body(notice)
        timeout = ClientTimeout(total=self.timeout_s)
        try:
            async with (
                ClientSession(timeout=timeout) as session,
                session.post(
                    self.url,
                    data=body,
                    headers=self._headers(body),
                    allow_redirects=False,
                    ssl=await self._certificates(),
                ) as answer,
            ):
                status, wait = answer.status, answer.headers.get("Retry-After")
        except TimeoutError:
            raise NotDeliveredError(f"no answer in {self.timeout_s:g} s", again=True) from None
        except (ClientError, OSError, ValueError) as error:
            # Their texts name the address, which may hold a token.
            raise NotDeliveredError(type(error).__name__, again=True) from None
        self._heed(status, wait)

    async def _certificates(self) -> ssl.SSLContext | bool:
        if self.url.startswith("http:"):
            return True
        # Reading all authorities takes some hundredths of a second.
        return await asyncio.to_thread(self.tls)

    def _heed(self, status: int, wait: str | None) -> None:
        if status in _TAKEN:
            return
        if status in _REDIRECTS:
            raise NotDeliveredError(f"answered {status}: redirects are not followed", again=False)
        asked_s = retry_after_s(wait, self.clock.time())
        raise NotDeliveredError(f"answered {status}", again=status in _AGAIN, asked_s=asked_s)

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "ion-notify/1"}
        if self.key is not None:
            headers[SIGNATURE] = signature(self.key, int(self.clock.time()), body)
        return headers


def signature(key: str, at: int, body: bytes) -> str:
    """The value of the header that says who sent a body, and when.

    Args:
        key: the key.
        at: seconds since the Unix epoch, so that an old one cannot be sent again.
        body: the body.
    """
    digest = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
