"""What was taken out of one text of a turn, found again in the others of the same turn.

A persona that is told ``the secret is tomato7soup`` may answer ``keep tomato7soup to yourself``:
there nothing says that it is a secret. So every value that is found in a turn is looked for, as it
is and in other capitals, everywhere in that turn, the longest first; a number of eight digits or
more whatever stands between its digits. A value that is a word or a short one counts where it
stands alone.

The work is bounded: of more than `MOST` values the longest are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from ion_framework.recording.credentials import looks_secret
from ion_framework.recording.folding import folded
from ion_framework.recording.patterns import MarkKind

MOST = 512
"""Values that are looked for at most in one turn."""

_KEY = 2
"""Characters by which values are found; shorter ones are no longer told from any other word."""

_HEAD = 100
"""Characters of a value that have to be there; of a longer one what follows goes as well."""

_SAME_HEAD = 8
"""Values with the same head that are told apart."""

_SHORT = 6
_DIGITS, _LEAST_DIGITS = 8, 6
_NUMBER = re.compile(r"[\d\s().·*+-]+")
_RUN = re.compile(r"\d(?:[ .·()-]{0,3}\d){7,80}")
_PART = re.compile(r"[^\s=&;:#?/]{4,200}")
_ALONE = re.compile(r"[A-Za-z0-9]")


class Known:
    """The values of a turn.

    Args:
        values: what was taken out, with its kind.
    """

    def __init__(self, values: Iterable[tuple[MarkKind, str]]) -> None:
        every = {_low(value): kind for kind, text in values for value in _worth(kind, text)}
        longest = sorted(every, key=lambda value: (-len(value), value))[:MOST]
        self._heads: dict[str, list[tuple[str, MarkKind]]] = {}
        self._lengths: dict[str, list[int]] = {}
        self._numbers: dict[str, list[tuple[str, MarkKind]]] = {}
        for value in longest:
            head = value[:_HEAD]
            same = self._heads.setdefault(head, [])
            if len(same) < _SAME_HEAD:
                same.append((value, every[value]))
            lengths = self._lengths.setdefault(value[:_KEY], [])
            if len(head) not in lengths:
                lengths.append(len(head))
            digits = "".join(filter(str.isdecimal, value))
            if len(digits) >= _DIGITS and _NUMBER.fullmatch(value):
                self._numbers.setdefault(digits[:_DIGITS], []).append((digits, every[value]))

    def spans(self, text: str) -> Iterator[tuple[MarkKind, int, int]]:
        """Where in a folded text one of them stands; none overlaps another of its sort."""
        if self._heads:
            yield from self._as_they_are(_low(text))
        if self._numbers:
            for run in _RUN.finditer(text):
                yield from self._in_run(run)

    def _as_they_are(self, text: str) -> Iterator[tuple[MarkKind, int, int]]:
        place = 0
        while place < len(text):
            found = self._at(text, place)
            if found is None:
                place += 1
                continue
            kind, end = found
            yield kind, place, end
            place = end

    def _at(self, text: str, place: int) -> tuple[MarkKind, int] | None:
        for length in self._lengths.get(text[place : place + _KEY], ()):
            same = self._heads.get(text[place : place + length], ())
            found = max(((_end(value, text, place), kind) for value, kind in same), default=None)
            if found is not None:
                end, kind = found
                if not _needs_room(text[place:end]) or _is_alone(text, place, end):
                    return kind, end
        return None

    def _in_run(self, run: re.Match[str]) -> Iterator[tuple[MarkKind, int, int]]:
        places = [n for n, character in enumerate(run.group()) if character.isdecimal()]
        digits = "".join(run.group()[n] for n in places)
        place = 0
        while place < len(digits):
            candidates = self._numbers.get(digits[place : place + _DIGITS], ())
            fits = (item for item in candidates if digits.startswith(item[0], place))
            value, kind = next(fits, ("", MarkKind.SECRET))
            if value:
                last = places[place + len(value) - 1]
                yield kind, run.start() + places[place], run.start() + last + 1
            place += len(value) or 1


def _worth(kind: MarkKind, text: str) -> Iterator[str]:
    """The value, and what in it opens something by itself.

    A plain word out of an address (``#install``) is not looked for: it would go from every text.
    """
    value = folded(text).text.strip()
    if len(value) >= _KEY and not (kind is MarkKind.URL and value.isalpha()):
        yield value
    if kind in {MarkKind.URL, MarkKind.SECRET}:
        for part in _PART.findall(value):
            if looks_secret(part) and (len(part) >= _LEAST_DIGITS or not part.isdecimal()):
                yield part


def _end(value: str, text: str, place: int) -> int:
    """Where a value ends whose head stands at a place: where the text goes on otherwise."""
    rest = zip(value[_HEAD:], text[place + _HEAD : place + len(value)], strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    return place + min(len(value), _HEAD) + same


def _low(text: str) -> str:
    """Small letters, each in its place."""
    low = text.lower()
    return low if len(low) == len(text) else text


def _needs_room(value: str) -> bool:
    plain = value.isalpha() or value.isdecimal()
    return len(value) < _SHORT or (plain and len(value) < _HEAD)


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether no word goes on: before it any letter, after it Latin ones (particles may follow)."""
    before, after = text[start - 1 : start], text[end : end + 1]
    goes_on = before.isalnum() and (text[start].isascii() == before.isascii())
    return not goes_on and not (_ALONE.match(text[end - 1]) and _ALONE.match(after))
