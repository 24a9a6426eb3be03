"""Taking out of an event what must not leave the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ion_framework.domain.conversation import shorten
from ion_framework.pipeline.redaction import redact as hide

TEXT_CHARS = 500
"""Characters after which a text is cut."""

NEVER_SENT = frozenset(
    {"breadcrumbs", "extra", "modules", "request", "server_name", "threads", "user"}
)
"""Parts of an event that name people or machines, or hold what was said."""


class Scrubber:
    """What Sentry's SDK calls ``before_send``.

    Args:
        secrets: texts that no event may hold.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def scrub(self, event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
        """An event without what must not be sent."""
        kept = {name: value for name, value in event.items() if name not in NEVER_SENT}
        scrubbed: dict[str, Any] = self._without_secrets(kept)
        return scrubbed

    def _without_secrets(self, value: Any) -> Any:
        if isinstance(value, str):
            return hide(value, self._secrets)
        if isinstance(value, dict):
            return {name: self._without_secrets(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._without_secrets(item) for item in value]
        return value


def fit_to_send(text: str) -> str:
    """A text of somebody else's: without addresses, numbers and keys of people, and cut.

    Args:
        text: the text.
    """
    from ion_framework.recording.redaction import redact  # 20 ms of expressions

    return shorten(redact(text).text, TEXT_CHARS)
