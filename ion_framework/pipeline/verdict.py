"""What a guard says of a turn."""

from __future__ import annotations

import attrs


@attrs.frozen
class Refusal:
    """A guard's no.

    Attributes:
        code: machine-readable cause, in the guard's own words (``prompt_injection``).
        message: a sentence for the person who asked.
    """

    code: str
    message: str
