"""Finds the cues of a lexicon in a message, with their positions.

Fixed cues stand in tables by their first letters, so that each place of a message is compared with
the few cues that can begin there; a regular expression is tried where a text holds what it cannot
do without. Per component the leftmost cue wins, of those that begin at one place the longest; found
cues do not overlap, so no word counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from ion_resonance.packaged import COMMON, VALUES
from ion_resonance.surface import Surface
from ion_resonance.tables import (
    PREFIXES,
    Cues,
    Expression,
    Groups,
    Index,
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


_PLACE = itemgetter(Found._fields.index("start"), Found._fields.index("end"))

_new = tuple.__new__

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
        self._expressions = [
            ({needle[0] for needle in expression.needles}, expression, groups)
            for expression, groups in cues.expressions
        ]
        self._starts = re.compile(f"{before}[{inside}]" if inside else "(?!)")

    def find(self, text: str) -> list[Found]:
        """The cues in a surface, from left to right, without the negated ones."""
        return self.search(text, set(text))[0]

    def search(self, text: str, letters: AbstractSet[str]) -> tuple[list[Found], list[Found]]:
        """The cues in a surface, and feelings that are not the writer's, with what remains.

        Args:
            text: the surface.
            letters: every character that it holds.
        """
        free = dict.fromkeys(VALUES, 0)
        seen: dict[str, dict[str, int]] = {component: {} for component in VALUES}
        context: _Context | None = None
        found: list[Found] = []
        denied: list[Found] = []
        for start, minus_end, _, key, groups in sorted(self._matches(text, letters)):
            for component, says in groups:
                if start < free[component]:
                    continue
                end, share = -minus_end, 1.0
                if component == "tone":
                    context = context or _Context(self._cues, text)
                    share = context.share(start, end)
                    if share < 1.0:
                        denied += _told(component, says, share, start, end)
                    if not share and start in context.negations:
                        continue  # of "not worried" that is denied the worry is left
                free[component] = end
                counts = seen[component]
                counts[key] = count = counts.get(key, 0) + 1
                if share and count <= REPEATS:
                    for value, weight in says:
                        # As `Found` itself is made, in half the time; there are dozens of them.
                        found.append(_new(Found, (component, value, weight * share, start, end)))
        return found, denied

    def _matches(self, text: str, letters: AbstractSet[str]) -> list[_Match]:
        """Every place where a cue stands."""
        found: list[_Match] = []
        whole, part = self._cues.whole, self._cues.part
        if whole.entries:
            starts = [place.start() for place in self._starts.finditer(text)]
            self._add(found, whole, text, _spelled(whole, text, starts))
        if not part.firsts.isdisjoint(letters):
            firsts = part.firsts
            starts = [start for start, letter in enumerate(text) if letter in firsts]
            self._add(found, part, text, _spelled(part, text, starts))
        for heads, expression, groups in self._expressions:
            if heads and letters.isdisjoint(heads):
                continue
            pattern = expression.concerning(text)
            if pattern is not None:
                for match in pattern.finditer(text):
                    start, end = match.span()
                    found.append((start, -end, len(found), expression.written, groups))
        return found

    def _add(
        self, found: list[_Match], index: Index, text: str, spelled: Iterable[tuple[int, str]]
    ) -> None:
        """Add what these spellings may be; behind a closed one there is no letter."""
        entries, letter_at = index.entries, self._letter.match
        for start, written in spelled:
            end = start + len(written)
            for closed, key, groups in entry(entries[written]):
                if not (closed and letter_at(text, end)):
                    found.append((start, -end, len(found), key or written, groups))


def _spelled(index: Index, text: str, starts: Sequence[int]) -> list[tuple[int, str]]:
    """Where the spellings begin that stand at one of these places, and what they are."""
    singles, entries, lengths_of = index.singles, index.entries, index.lengths.get
    size = len(text)
    found = [(start, text[start]) for start in starts if text[start] in singles]
    for start in starts:
        lengths = lengths_of(text[start : start + 2])
        deeper = 0
        while lengths:
            for length in lengths:
                written = text[start : start + length]
                # At the end of the text a slice may be shorter than what was asked for.
                if written in entries and start + length <= size:
                    found.append((start, written))
            if lengths[-1]:
                break
            deeper += 1
            if start + PREFIXES[deeper] > size:
                break
            lengths = lengths_of(text[start : start + PREFIXES[deeper]])
    return found


class _Context:
    """What stands around a cue: whether it is negated, or somebody else's.

    Attributes:
        negations: where something begins that negates what follows it.

    Args:
        cues: whose `negation` and `reported` count.
        text: where the cues stand.
    """

    def __init__(self, cues: Cues, text: str) -> None:
        self._text = text
        self.negations, self._negated = _negated(cues.negation.before, text)
        self._reported = _ends(cues.reported.before, text)
        self._negates = _concerning(cues.negation.after, text)
        self._reports = _concerning(cues.reported.after, text)

    def share(self, start: int, end: int) -> float:
        """What remains of the weight of a feeling: 0 where it is negated, once and not twice."""
        behind = self._negates is not None and self._negates.match(self._text, end) is not None
        if (start in self._negated) != behind:
            return 0.0
        if start in self._reported or (self._reports and self._reports.match(self._text, end)):
            return REPORTED
        return 1.0


def _negated(expression: Expression | None, text: str) -> tuple[Collection[int], Collection[int]]:
    """Where in a text negations begin, and where something is negated by one that is not itself."""
    before = _concerning(expression, text)
    begun: set[int] = set()
    negated: set[int] = set()
    for each in before.finditer(text) if before else ():
        start, end = each.span()
        begun.add(start)
        if start not in negated:
            negated.add(end)
    return begun, negated


def _told(
    component: str, says: Sequence[tuple[str, float]], share: float, start: int, end: int
) -> list[Found]:
    return [Found(component, value, weight * share, start, end) for value, weight in says]


def _ends(expression: Expression | None, text: str) -> Collection[int]:
    """Where in a text that ends which stands before a cue."""
    before = _concerning(expression, text)
    return () if before is None else {each.end() for each in before.finditer(text)}


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


def search(surface: Surface) -> tuple[list[Found], list[Found]]:
    """Every cue in a message in the order of position, and the feelings denied or reported.

    Of those the weight is what remains of it: 0 where a feeling is denied.

    The cues of a language are looked for where its letters occur, whatever the language of the
    message: Korean engineers write ``ASAP`` and ``deadline`` between Korean words.
    """
    text = surface.line
    letters = set(text)
    found: list[Found] = []
    denied: list[Found] = []
    for name in (*spoken(text), COMMON):
        more, not_felt = matcher(name).search(text, letters)
        found += more
        denied += not_felt
    return sorted(found, key=_PLACE), denied


def without(text: str, denied: Iterable[Found]) -> str:
    """The text with the words of some feelings blanked out, positions as they were.

    The linear model knows words, no negation: it is not shown feelings that are denied or reported.
    """
    for _, _, _, start, end in denied:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


def totals(found: Iterable[Found], component: str) -> list[float]:
    """What the cues of a component add up to for each of its values, in their order."""
    sums = dict.fromkeys(VALUES[component], 0.0)
    for part, value, weight, _, _ in found:
        if part == component:
            sums[value] += weight
    return list(sums.values())
