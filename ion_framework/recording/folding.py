"""A text as patterns read it: one form for what looks alike, with the way back to each place.

Full-width digits and letters become plain ones (Unicode NFKC), a letter written with a separate
accent or a Korean syllable written letter by letter becomes one character, every dash a hyphen,
and what has no width is passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import attrs

_CLUSTER = re.compile(
    r"[\u1100-\u115f][\u1160-\u11a7]?[\u11a8-\u11ff]?|[\s\S][\u0300-\u036f\u3099\u309a]{0,8}"
)
"""A syllable in letters, or a character with its accents; bounded, because sorting accents costs
the square of their number."""

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"), "-")
_NO_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"), "")


@attrs.frozen
class Folded:
    """A text in its folded form.

    Attributes:
        text: the form.
        starts: for each of its characters, where in the original what it stands for begins; None
            where the form is the original.
        ends: where that ends.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that a span of the form, not empty, stands for."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def folded(text: str) -> Folded:
    """The folded form of a text."""
    if text.isascii():
        return Folded(text)
    pieces = list(_pieces(text))
    places = [(start, end) for form, start, end in pieces for _ in form]
    return Folded(
        "".join(form for form, _, _ in pieces),
        tuple(start for start, _ in places),
        tuple(end for _, end in places),
    )


def _pieces(text: str) -> Iterator[tuple[str, int, int]]:
    for match in _CLUSTER.finditer(text):
        yield _form(match.group()), match.start(), match.end()


@lru_cache(maxsize=4096)
def _form(cluster: str) -> str:
    plain = unicodedata.normalize("NFKC", cluster.translate(_DASHES))
    return plain.translate(_DASHES).translate(_NO_WIDTH)
