"""How familiar the style of a message is.

Every public source that taught the tones has habits: which tones are found in it, and what a word
says there. They help with messages like its own, and mislead with all others. So the model tells
for each of these sources how much a message is written like it. Where it is, the weights learned
from the public sources count, and the source's own starting point; where it is like none, the cues
decide nearly alone. For a source s, with the sum over the message's features,

    share(s) = 1 / (1 + exp(-(bias(s) + scale * sum + small(s) if there is no capital letter)))

where faint shares count as none, and shares that add up to more than 1 are divided by their sum.
All of them shrink where the gate is sure of a message to a mentor.
Talk that was written down is all in small letters, posts hardly ever: that tells more than any
word.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any, NamedTuple

import attrs

from ion_resonance.surface import Surface

SOURCES = ("goemotions", "goemotions-ko-mt", "icsi-mrda", "kote", "persuasion4good")
"""The public sources that taught the tones, in the order of their columns."""

FAINT = 0.01
"""Smaller shares count as none: most messages are like no source, and take no time then."""

LENIENCE = 2.0
"""Added to the gate's score for the share that all shares are multiplied by: what is surely written
to a mentor is not familiar, however it is written."""

_FAINTEST = log(FAINT / (1.0 - FAINT))
_NONE = (0.0,) * len(SOURCES)
_FLATTEST = 30.0
_LETTER = re.compile("[a-z]")
_CAPITAL = re.compile("[A-Z]")


class Style(NamedTuple):
    """What else than its words tells the style of a message.

    Attributes:
        small: it has Latin letters, and no capital is among them.
        even: its pace is medium.
    """

    small: bool = False
    even: bool = True


PLAIN = Style()


@attrs.frozen
class Known:
    """What is known of the familiar sources, in the order of `SOURCES`, in the units of the cues.

    Attributes:
        small: what is added to a source's score where a message is in small letters.
        starts: what each tone has in a source before a word is read.
        uneven: what the neutral tone has besides where the pace is not medium. Short and long
            messages without a marked tone have a persona of their own, which would otherwise be
            found less often than any other.
        shift: added to the gate's score where it weighs tones.
    """

    small: tuple[float, ...]
    starts: tuple[tuple[float, ...], ...]
    uneven: float
    shift: float

    def shares(self, scores: Sequence[float], *, small: bool) -> Sequence[float]:
        """How much a message is written like each source; together 1 at most.

        Args:
            scores: a score per source.
            small: whether the message is in small letters.
        """
        if small:
            scores = [score + more for score, more in zip(scores, self.small, strict=True)]
        if max(scores) <= _FAINTEST:
            return _NONE
        shares = [logistic(score) if score > _FAINTEST else 0.0 for score in scores]
        most = sum(shares)
        return shares if most <= 1.0 else [share / most for share in shares]


def known_of(stated: Mapping[str, Any]) -> Known:
    """What ``model.toml`` states of the familiar sources."""
    return Known(
        tuple(stated["small"][name] for name in SOURCES),
        tuple(tuple(stated["starts"][name]) for name in SOURCES),
        stated["uneven"],
        stated["shift"],
    )


def logistic(score: float) -> float:
    """A share from a score, more than 0 and less than 1."""
    return 1.0 / (1.0 + exp(-min(max(score, -_FLATTEST), _FLATTEST)))


def in_small_letters(surface: Surface) -> bool:
    """Whether what the writer says has Latin letters, and no capital among them."""
    text, original = surface.text, surface.original
    if not _LETTER.search(text):
        return False
    # A letter of the surface is small always; courtesies and quotations are none there.
    for capital in _CAPITAL.finditer(original):
        place = capital.start()
        if surface.offsets is not None:
            place = bisect_left(surface.offsets, place)
        if "a" <= text[place : place + 1] <= "z":
            return False
    return True
