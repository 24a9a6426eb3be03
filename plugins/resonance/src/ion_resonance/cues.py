"""Finds the cues of a lexicon in a message, with their positions.

Fixed cues stand in tables by their first letters, so that each place of a message is compared with
the few cues that can begin there; a regular expression is tried where a text holds what it cannot
do without. Per component the leftmost cue wins, of those that begin at one place the longest; found
cues do not overlap, so no word counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from operator import add, attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ion_resonance.packaged import COMMON, VALUES
from ion_resonance.surface import Surface
from ion_resonance.tables import (
    PREFIXES,
    Cues,
    Expression,
    Groups,
    Index,
    Sides,
    Tables,
    entry,
    spoken,
    tables,
    tables_of,
)

if TYPE_CHECKING:
    from ion_resonance.lexicon import Lexicon

REPEATS = 2
"""How often one cue counts in a message, so that a long text does not shout by repetition."""

REPORTED = 0.15
"""What remains of a cue's weight where somebody else's feeling is told ("my boss is furious")."""


class Found(NamedTuple):
    """A cue found in a message.

    Attributes:
        component: ``"tone"``, ``"pace"`` or ``"intent"``.
        value: what it speaks for.
        weight: how loudly.
        start: index of its first character on the surface.
        end: index after its last character on the surface.
    """

    component: str
    value: str
    weight: float
    start: int
    end: int


Span = tuple[int, int]
"""The first character of a stretch of the surface and the one after its last."""

_Place = tuple[int, Sequence[int] | None]
"""Where a spelling may begin, and how long those are that begin with these two letters."""

_Match = tuple[int, int, int, str, Groups]
"""A place where a cue stands, before it is known whether a longer one covers it: its start, its end
below zero, a running number, the cue and what it says. In the order of tuples the leftmost comes
first, of those the longest."""


class Matcher:
    """The cues of one lexicon, ready to be looked for.

    Args:
        lexicon: the lexicon, or its tables.
    """

    def __init__(self, lexicon: Lexicon | Tables) -> None:
        stated = lexicon if isinstance(lexicon, Tables) else tables_of(lexicon)
        self._letter = stated.letter
        self._cues = cues = stated.cues
        inside = stated.letters + cues.others
        before = f"(?<![{stated.letters}])" if stated.letters else ""
        self._starts = re.compile(f"{before}[{inside}]" if inside else "(?!)")

    def find(self, text: str) -> list[Found]:
        """The cues in a surface, from left to right, without the negated ones."""
        return self.search(text)[0]

    def search(self, text: str) -> tuple[list[Found], list[Span]]:
        """The cues in a surface, and where feelings are named that are not the writer's."""
        free = dict.fromkeys(VALUES, 0)
        seen: dict[tuple[str, str], int] = {}
        judged = _Context(self._cues, text)
        found: list[Found] = []
        denied: list[Span] = []
        for start, minus_end, _, key, groups in sorted(self._matches(text)):
            for component, says in groups:
                if start < free[component]:
                    continue
                free[component] = end = -minus_end
                name = component, key
                seen[name] = count = seen.get(name, 0) + 1
                share = judged.share(start, end) if component == "tone" else 1.0
                if share < 1.0:
                    denied.append((start, end))
                if share and count <= REPEATS:
                    found += [
                        Found(component, value, weight * share, start, end)
                        for value, weight in says
                    ]
        return found, denied

    def _matches(self, text: str) -> list[_Match]:
        """Every place where a cue stands."""
        found: list[_Match] = []
        whole, part = self._cues.whole, self._cues.part
        pairs = [*map(add, text, text[1:]), text[-1:]]
        if whole.entries:
            starts = [place.start() for place in self._starts.finditer(text)]
            self._single(whole, text, starts, found)
            lengths_of = whole.lengths.get
            self._spelled(whole, text, [(at, lengths_of(pairs[at])) for at in starts], found)
        if not part.firsts.isdisjoint(text):
            self._single(part, text, range(len(text)), found)
            anywhere = enumerate(map(part.lengths.get, pairs))
            self._spelled(part, text, [place for place in anywhere if place[1]], found)
        for expression, groups in self._cues.expressions:
            pattern = expression.concerning(text)
            if pattern is not None:
                for match in pattern.finditer(text):
                    start, end = match.span()
                    found.append((start, -end, len(found), expression.written, groups))
        return found

    def _single(self, index: Index, text: str, starts: Iterable[int], found: list[_Match]) -> None:
        """Add the spellings of one letter that stand at one of these places."""
        if not index.singles.isdisjoint(text):
            for start in [start for start in starts if text[start] in index.singles]:
                self._matched(index.entries[text[start]], text[start], text, start, found)

    def _spelled(
        self, index: Index, text: str, places: Iterable[_Place], found: list[_Match]
    ) -> None:
        """Add every spelling that stands at one of these places, each with the lengths to try."""
        lengths_of, said_of, size = index.lengths.get, index.entries.get, len(text)
        for start, given in places:
            lengths = given
            deeper = 0
            while lengths:
                for length in lengths:
                    written = text[start : start + length]
                    said = said_of(written)
                    # At the end of the text a slice may be shorter than what was asked for.
                    if said is not None and start + length <= size:
                        self._matched(said, written, text, start, found)
                deeper += 1
                if lengths[-1] or start + PREFIXES[deeper] > size:
                    break
                lengths = lengths_of(text[start : start + PREFIXES[deeper]])

    def _matched(self, said: str, written: str, text: str, start: int, found: list[_Match]) -> None:
        """Add what a spelling may be; behind a closed one there is no letter."""
        end = start + len(written)
        for closed, key, groups in entry(said):
            if not (closed and self._letter.match(text, end)):
                found.append((start, -end, len(found), key or written, groups))


class _Context:
    """What stands around a cue: whether it is negated, or somebody else's."""

    def __init__(self, cues: Cues, text: str) -> None:
        self._cues, self._text = cues, text
        self._sides: tuple[_Around, _Around] | None = None

    def share(self, start: int, end: int) -> float:
        """What remains of the weight of a feeling: 0 where it is negated."""
        if self._sides is None:
            self._sides = (
                _Around(self._cues.negation, self._text),
                _Around(self._cues.reported, self._text),
            )
        negated, reported = self._sides
        if negated.holds(start, end):
            return 0.0
        return REPORTED if reported.holds(start, end) else 1.0


class _Around:
    """Where in a text something of one kind stands before or behind.

    Args:
        sides: what stands there.
        text: the text.
    """

    def __init__(self, sides: Sides, text: str) -> None:
        before, after = _concerning(sides.before, text), _concerning(sides.after, text)
        self._ends = {each.end() for each in before.finditer(text)} if before else ()
        self._after, self._text = after, text

    def holds(self, start: int, end: int) -> bool:
        """Whether it stands right before or right behind a cue."""
        if start in self._ends:
            return True
        return self._after is not None and self._after.match(self._text, end) is not None


def _concerning(expression: Expression | None, text: str) -> re.Pattern[str] | None:
    return None if expression is None else expression.concerning(text)


@cache
def matcher(lexicon: str) -> Matcher:
    """The matcher of a packaged lexicon, made when it is first asked for.

    From the compiled file where that is up to date; else from the TOML files, which takes a tenth
    of a second and gives the same.
    """
    return Matcher(tables(lexicon))


def find(surface: Surface) -> list[Found]:
    """Every cue in a message, in the order of position."""
    return search(surface)[0]


def search(surface: Surface) -> tuple[list[Found], list[Span]]:
    """Every cue in a message in the order of position, and where feelings are denied or reported.

    The cues of a language are looked for where its letters occur, whatever the language of the
    message: Korean engineers write ``ASAP`` and ``deadline`` between Korean words.
    """
    text = surface.line
    found: list[Found] = []
    denied: list[Span] = []
    for name in (*spoken(text), COMMON):
        more, not_felt = matcher(name).search(text)
        found += more
        denied += not_felt
    return sorted(found, key=attrgetter("start", "end")), denied


def without(text: str, spans: Iterable[Span]) -> str:
    """The text with some stretches blanked out, positions as they were.

    The linear model knows words, no negation: it is not shown feelings that are denied or reported.
    """
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def totals(found: Iterable[Found], component: str) -> list[float]:
    """What the cues of a component add up to for each of its values, in their order."""
    sums = dict.fromkeys(VALUES[component], 0.0)
    for cue in found:
        if cue.component == component:
            sums[cue.value] += cue.weight
    return list(sums.values())
