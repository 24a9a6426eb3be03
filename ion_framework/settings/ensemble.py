"""Settings of answers that several personas give together."""

from __future__ import annotations

import attrs

_RANGE = attrs.validators


@attrs.frozen
class EnsembleSettings:
    """How far one message is taken apart, and how many personas may work on it.

    Attributes:
        personas: personas that answer one message at most, 2 to 8.
        parts: parts of a message that are read each by itself, 1 to 32; each is one reading by
            the analyser. What lies beyond is read with the last one.
        share: share of a message that must speak for a persona before it is asked, 0 to 1.
        concurrency: parts that are answered at once at most, 1 to 8.
        handed_on_chars: characters of an answer that the personas after it see, 0 to 16000.
    """

    personas: int = attrs.field(default=4, validator=[_RANGE.ge(2), _RANGE.le(8)])
    parts: int = attrs.field(default=12, validator=[_RANGE.ge(1), _RANGE.le(32)])
    share: float = attrs.field(default=0.15, validator=[_RANGE.ge(0.0), _RANGE.le(1.0)])
    concurrency: int = attrs.field(default=4, validator=[_RANGE.ge(1), _RANGE.le(8)])
    handed_on_chars: int = attrs.field(default=2000, validator=[_RANGE.ge(0), _RANGE.le(16000)])
