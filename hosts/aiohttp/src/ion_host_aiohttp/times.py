"""Times as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_time(at: float) -> str:
    """Seconds since the Unix epoch as ISO 8601 in UTC, with the offset."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
