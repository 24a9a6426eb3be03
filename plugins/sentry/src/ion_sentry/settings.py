"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import attrs

_ENVIRONMENT = re.compile(r"[^\s/]{1,64}")
_RELEASE = re.compile(r"[^\r\n\t/\\]{1,200}")


@attrs.frozen(kw_only=True)
class SentrySettings:
    """Where events go, and how many.

    Attributes:
        dsn: address, key and project.
        environment: environment of the events.
        release: release of the events, None for that of the core.
        traces_sample_rate: share of traces that are sent, 0 to 1.
        traces_per_minute: most of turns, requests and figures in a minute.
        errors_per_minute: most failures in a minute.
        slow_request_ms: milliseconds from which a request counts as slow.
        ignore_routes: routes whose requests are not sent.
        cache_report_s: seconds between two figures of the cache.
        queue_size: events that wait to be sent.
        timeout_s: seconds for connecting, and for an answer.
        flush_s: seconds that the end waits for what is queued.
        include_detail: whether failures hold what plugins said of them.
    """

    dsn: str = attrs.field(repr=False)
    environment: str = "production"
    release: str | None = None
    traces_sample_rate: float = 0.1
    traces_per_minute: int = 600
    errors_per_minute: int = 60
    slow_request_ms: float = 2000.0
    ignore_routes: tuple[str, ...] = ()
    cache_report_s: float = 60.0
    queue_size: int = 200
    timeout_s: float = 5.0
    flush_s: float = 1.5
    include_detail: bool = False

    def problems(self) -> list[str]:
        """What cannot work, one sentence each, the key first."""
        found = []
        if not _is_dsn(self.dsn):
            found.append("dsn: must be as https://KEY@HOST/PROJECT, with a number as PROJECT")
        if not _ENVIRONMENT.fullmatch(self.environment):
            found.append("environment: must have 1 to 64 characters, no '/' and no spaces")
        if self.release and not _RELEASE.fullmatch(self.release):
            found.append("release: must have at most 200 characters, no line breaks, '/' or '\\'")
        return found


def dsn_secrets(dsn: str) -> tuple[str, ...]:
    """What of a DSN nobody may read: the whole, its key, and the password that old ones have."""
    parts = urlsplit(dsn)
    return tuple(text for text in (dsn, parts.username, parts.password) if text)


def _is_dsn(dsn: str) -> bool:
    try:
        parts = urlsplit(dsn)
        project = parts.path.rpartition("/")[2]
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    whole = parts.scheme in {"http", "https"} and parts.hostname and parts.username
    return bool(whole) and known and project.isascii() and project.isdecimal()
