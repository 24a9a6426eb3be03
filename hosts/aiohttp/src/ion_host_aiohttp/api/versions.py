"""What endpoints of API v1 announce of its end (RFC 9745, RFC 8594, RFC 5829)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

import attrs
from aiohttp import hdrs

from ion_framework.settings.serving import ApiSettings
from ion_host_aiohttp.api.path import shown_path

DEPRECATION, SUNSET = "Deprecation", "Sunset"

V1: Mapping[str, str | None] = {
    "/": None,
    "/health": "/api/v2/health",
    "/chat": "/api/v2/process",
    "/chat/end": None,
    "/sessions/{id}/messages": None,
    "/summaries/preview": None,
    "/summaries/{id}": None,
}
"""The paths of API v1, each with what succeeds it in API v2."""


@attrs.frozen
class Versioning:
    """The headers of API v1.

    Attributes:
        shared: the headers that all its endpoints have; empty where nothing is announced.
    """

    shared: Mapping[str, str]

    @classmethod
    def by(cls, settings: ApiSettings) -> Versioning:
        """What the settings announce."""
        shared = {}
        if settings.v1_deprecated:
            shared[DEPRECATION] = f"@{int(_day(settings.v1_deprecated).timestamp())}"
        if settings.v1_sunset:
            shared[SUNSET] = format_datetime(_day(settings.v1_sunset), usegmt=True)
        return cls(shared)

    def fields_of(self, path: str) -> Mapping[str, str]:
        """The headers of every response at a path pattern, errors included."""
        path = shown_path(path)
        if path not in V1 or not self.shared:
            return {}
        successor = V1[path]
        if successor is None:
            return self.shared
        return {**self.shared, hdrs.LINK: f'<{successor}>; rel="successor-version"'}


def _day(text: str) -> datetime:
    """The beginning of a day, in UTC."""
    return datetime.combine(date.fromisoformat(text), time(), UTC)
