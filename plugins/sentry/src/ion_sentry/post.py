"""Handing an envelope to Sentry over HTTP: one at a time, in a thread that may wait."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping

from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from ion_sentry.settings import SentrySettings
from ion_sentry.tally import Tally
from ion_sentry.wire import UNREACHABLE, Answer, Wire, wire_to

_EFFORT, _GZIP = 5, 31
_TOO_MANY, _SUCCESS = 429, range(200, 300)
_ASKED_WAIT_S = 60.0
"""Seconds to wait where Sentry says that it is too much, but not for how long."""

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0


class Post(Transport):
    """Sends envelopes, waits in between where Sentry asks for it or cannot be reached, and counts.

    The SDK's own transport logs every failed attempt through other libraries; here a service that
    is down costs one attempt a minute and one line of the plugin's.

    Args:
        settings: where to, and how long that may take.
        tally: where what became of events is counted.
        monotonic: seconds on a clock that never goes back.
    """

    def __init__(
        self,
        settings: SentrySettings,
        tally: Tally,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__({"dsn": settings.dsn})
        self._tally = tally
        self._timeout_s = settings.timeout_s
        self._monotonic = monotonic
        self._wire: Wire | None = None
        self._until: dict[str, float] = {}
        self._failures = 0

    def capture_envelope(self, envelope: Envelope) -> None:
        """Send an envelope, within the limits; never raises for what the network does."""
        kinds = {item.data_category for item in envelope.items}
        now = self._monotonic()
        if any(now < self._until.get(kind, 0.0) for kind in ("", *kinds)):
            self._tally.held_back += 1
            return
        try:
            answer = self._asked(zlib.compress(envelope.serialize(), _EFFORT, wbits=_GZIP))
        except UNREACHABLE:
            self._tally.failed += 1
            self._wait_for_return()
            return
        self._failures = 0
        self._heed(answer)

    def kill(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    def _asked(self, body: bytes) -> Answer:
        if self._wire is None:
            assert self.parsed_dsn is not None  # noqa: S101  the settings were checked
            self._wire = wire_to(self.parsed_dsn, self._timeout_s)
        return self._wire.post(body)

    def _heed(self, answer: Answer) -> None:
        if answer.status in _SUCCESS:
            self._tally.sent += 1
        else:
            self._tally.failed += 1
        now, limits = self._monotonic(), answer.limits
        for kind, seconds in rate_limits(limits).items():
            self._until[kind] = now + seconds
        if answer.status == _TOO_MANY and not limits:
            self._until[""] = now + _seconds(answer.retry_after)

    def _wait_for_return(self) -> None:
        """Leave Sentry alone for a while that doubles as long as it stays away."""
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self._failures, 10))
        self._failures += 1
        self._until[""] = self._monotonic() + wait_s


def rate_limits(header: str) -> Mapping[str, float]:
    """Seconds for which Sentry wants no more, by category; the empty one stands for all.

    Args:
        header: ``X-Sentry-Rate-Limits``, such as ``60:transaction;error:organization, 5::key``.
    """
    found: dict[str, float] = {}
    for limit in filter(None, header.split(",")):
        seconds, _, rest = limit.strip().partition(":")
        for kind in rest.partition(":")[0].split(";"):
            found[kind.strip()] = max(found.get(kind.strip(), 0.0), _seconds(seconds))
    return found


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdecimal() else _ASKED_WAIT_S
