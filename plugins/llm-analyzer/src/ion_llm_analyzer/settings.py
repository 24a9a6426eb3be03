"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs


@attrs.frozen
class AnalyzerSettings:
    """When the model is asked, and for how long.

    Attributes:
        enabled: whether it is asked at all.
        minimum_confidence: it is asked where the offline reading is less confident than this.
        timeout_s: seconds that it may take.
        max_message_chars: messages of more characters are read offline alone.
        max_calls_per_minute: most questions in a minute.
    """

    enabled: bool
    minimum_confidence: float
    timeout_s: float
    max_message_chars: int
    max_calls_per_minute: int
