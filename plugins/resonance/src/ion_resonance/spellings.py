"""The ways in which people write one cue.

``don't work`` is also written ``dont work`` and ``do not work``; where a language leaves spaces to
taste, a cue with a space is also written without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

FULL_FORMS = {"n't": " not", "'m": " am", "'re": " are", "'ve": " have", "'ll": " will"}
"""Shortened words and their full forms. ``'s`` and ``'d`` stand for several and are left alone."""

OPTIONAL_APOSTROPHE = ("n't", "'m", "'ve")
"""Where hurried writers leave out the apostrophe (``dont``, ``im``, ``ive``).

Not in ``'ll`` and ``'re``: *well*, *ill* and *were* are words of their own.
"""

IRREGULAR = {"can't": "cannot", "won't": "will not"}

_SHORTENED = re.compile(rf"\b(?:{'|'.join(IRREGULAR)})\b|n't\b|'(?:m|re|ve|ll)\b")
_LOOSE = re.compile(rf"{_SHORTENED.pattern}| ")


def spellings(text: str, *, loose_spaces: bool) -> Iterator[str]:
    """Every spelling of a cue, itself first.

    Args:
        text: the cue with its apostrophes and single spaces.
        loose_spaces: a space may be missing.
    """
    pattern = _LOOSE if loose_spaces else _SHORTENED
    fixed: list[str] = []
    choices: list[tuple[str, ...]] = []
    done = 0
    for match in pattern.finditer(text):
        fixed.append(text[done : match.start()])
        choices.append(_written(match.group()))
        done = match.end()
    fixed.append(text[done:])
    for chosen in product(*choices):
        yield fixed[0] + "".join(map(str.__add__, chosen, fixed[1:]))


def _written(found: str) -> tuple[str, ...]:
    """How one shortened word or space may be written, the given way first."""
    if found == " ":
        return " ", ""
    full = IRREGULAR.get(found) or FULL_FORMS[found]
    if found in IRREGULAR or found in OPTIONAL_APOSTROPHE:
        return found, found.replace("'", ""), full
    return found, full
