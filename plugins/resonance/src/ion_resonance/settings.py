"""The plugin's settings; the manifest says what each accepts and what it is by default."""

from __future__ import annotations

import attrs


@attrs.frozen
class ResonanceSettings:
    """When the analyser commits itself.

    Attributes:
        abstain_below: probability, 0 to 1, below which a tone falls back to calm and an intent to
            learning.
    """

    abstain_below: float
