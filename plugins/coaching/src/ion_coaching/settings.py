"""Settings of the plugin; ranges stand in the manifest."""

from __future__ import annotations

import attrs


@attrs.frozen
class CoachingSettings:
    """What can be configured.

    Attributes:
        interval_s: seconds after which a conversation enters its next phase; 0 with every message.
        threshold: quality score below which an answer is marked as worth another try.
        max_conversations: conversations whose phase is remembered.
    """

    interval_s: float = 280.0
    threshold: float = 0.7
    max_conversations: int = 10000
