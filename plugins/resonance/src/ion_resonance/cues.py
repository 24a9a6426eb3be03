"""Finds the cues of a lexicon in a message, with their positions.

Fixed cues stand in tables by their first letters, so that each place of a message is compared with
the few cues that can begin there; only regular expressions are tried one by one. Per component the
leftmost cue wins, of those that begin at one place the longest; found cues do not overlap, so no
word counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import attrs

from ion_resonance.lexicon import COMMON, VALUES, Cue, Lexicon, languages, load
from ion_resonance.spellings import spellings
from ion_resonance.surface import Surface

REPEATS = 2
"""How often one cue counts in a message, so that a long text does not shout by repetition."""

REPORTED = 0.3
"""What remains of a cue's weight where somebody else's feeling is told ("my boss is furious")."""

_PREFIXES = (6, 5, 4, 3, 2, 1)
"""Numbers of letters by which spellings are found, the longest first."""


@attrs.frozen
class Found:
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


class _Spelling(NamedTuple):
    """One way to write some cues. A tuple, like a match: thousands are made at the start."""

    text: str
    closed: bool
    key: str
    cues: tuple[Cue, ...]


class _Match(NamedTuple):
    """A place where a cue stands, before it is known whether a longer one covers it."""

    start: int
    end: int
    key: str
    cues: tuple[Cue, ...]


class _Index:
    """Spellings by their first letters.

    Args:
        spelled: the spellings.
        before: an expression of no width that must hold where one of them begins.
    """

    def __init__(self, spelled: Iterable[_Spelling], before: str = "") -> None:
        tables: dict[int, dict[str, list[_Spelling]]] = {size: {} for size in _PREFIXES}
        for spelling in sorted(spelled, key=lambda each: -len(each.text)):
            size = min(len(spelling.text), _PREFIXES[0])
            tables[size].setdefault(spelling.text[:size], []).append(spelling)
        self._tables = [(size, table) for size, table in tables.items() if table]
        firsts = {prefix[0] for _, table in self._tables for prefix in table}
        inside = "".join(map(re.escape, sorted(firsts)))
        self._starts = re.compile(f"{before}[{inside}]" if firsts else "(?!)")

    def matches(self, text: str, letter: re.Pattern[str]) -> Iterator[_Match]:
        """Every place where a spelling stands; behind a closed one there is no letter."""
        for place in self._starts.finditer(text):
            start = place.start()
            for size, table in self._tables:
                for spelling in table.get(text[start : start + size], ()):
                    written, closed, key, cues = spelling
                    if text.startswith(written, start):
                        end = start + len(written)
                        if not (closed and letter.match(text, end)):
                            yield _Match(start, end, key, cues)


class Matcher:
    """The cues of one lexicon, ready to be looked for.

    Args:
        lexicon: the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        letters = f"[{lexicon.letters}]" if lexicon.letters else "(?!)"
        self._lexicon = lexicon
        self._letter = re.compile(letters)
        fixed = [cue for cue in lexicon.cues if not cue.regex]
        whole = (cue for cue in fixed if not cue.open_start)
        self._words = _Index(_spelled(lexicon, whole), before=f"(?<!{letters})")
        self._parts = _Index(_spelled(lexicon, (cue for cue in fixed if cue.open_start)))
        self._expressions = _by_expression(cue for cue in lexicon.cues if cue.regex)

    def speaks_in(self, text: str) -> bool:
        """Whether any letter of this lexicon occurs in a text."""
        return not self._lexicon.letters or self._letter.search(text) is not None

    def find(self, text: str) -> Iterator[Found]:
        """The cues in a surface, from left to right, without the negated ones."""
        free = {"tone": 0, "pace": 0, "intent": 0}
        seen: dict[tuple[str, str], int] = {}
        judged = _Context(self._lexicon, text)
        ranked = sorted(self._matches(text), key=_leftmost_longest)
        for match in ranked:
            for component in {cue.component for cue in match.cues}:
                if match.start < free[component]:
                    continue
                free[component] = match.end
                name = component, match.key
                seen[name] = seen.get(name, 0) + 1
                share = judged.share(match) if component == "tone" else 1.0
                if seen[name] > REPEATS or not share:
                    continue
                for cue in match.cues:
                    if cue.component == component:
                        weight = cue.weight * share
                        yield Found(component, cue.value, weight, match.start, match.end)

    def _matches(self, text: str) -> Iterator[_Match]:
        yield from self._words.matches(text, self._letter)
        yield from self._parts.matches(text, self._letter)
        for expression, cues in self._expressions:
            for match in expression.finditer(text):
                yield _Match(match.start(), match.end(), expression.pattern, cues)


class _Context:
    """What stands around a cue: whether it is negated, or somebody else's."""

    def __init__(self, lexicon: Lexicon, text: str) -> None:
        self._negation, self._reported, self._text = lexicon.negation, lexicon.reported, text
        self._ends: dict[re.Pattern[str], set[int]] = {}

    def share(self, match: _Match) -> float:
        """What remains of the weight of a feeling: 0 where it is negated."""
        if self._holds(self._negation.before, self._negation.after, match):
            return 0.0
        told = self._holds(self._reported.before, self._reported.after, match)
        return REPORTED if told else 1.0

    def _holds(
        self, before: re.Pattern[str] | None, after: re.Pattern[str] | None, match: _Match
    ) -> bool:
        if before is not None:
            if before not in self._ends:
                self._ends[before] = {each.end() for each in before.finditer(self._text)}
            if match.start in self._ends[before]:
                return True
        return after is not None and after.match(self._text, match.end) is not None


def _leftmost_longest(match: _Match) -> tuple[int, int]:
    return match.start, -match.end


def _spelled(lexicon: Lexicon, cues: Iterable[Cue]) -> Iterator[_Spelling]:
    """Every way of writing the cues, those that share one taken together."""
    grouped: dict[tuple[str, bool], list[Cue]] = {}
    for cue in cues:
        for text in spellings(cue.text, loose_spaces=lexicon.loose_spaces):
            grouped.setdefault((text, not cue.open_end), []).append(cue)
    for (text, closed), same in grouped.items():
        yield _Spelling(text, closed, same[0].text, tuple(same))


def _by_expression(cues: Iterable[Cue]) -> Sequence[tuple[re.Pattern[str], tuple[Cue, ...]]]:
    found: dict[re.Pattern[str], tuple[Cue, ...]] = {}
    for cue in cues:
        pattern = re.compile(cue.text)
        found[pattern] = (*found.get(pattern, ()), cue)
    return tuple(found.items())


@cache
def matcher(lexicon: str) -> Matcher:
    """The matcher of a packaged lexicon, made when it is first asked for."""
    return Matcher(load(lexicon))


def find(surface: Surface) -> list[Found]:
    """Every cue in a message, in the order of position.

    The cues of a language are looked for where its letters occur, whatever the language of the
    message: Korean engineers write ``ASAP`` and ``deadline`` between Korean words.
    """
    text = surface.line
    matchers = (matcher(name) for name in (*languages(), COMMON))
    found = chain.from_iterable(each.find(text) for each in matchers if each.speaks_in(text))
    return sorted(found, key=lambda cue: (cue.start, cue.end))


def totals(found: Iterable[Found], component: str) -> list[float]:
    """What the cues of a component add up to for each of its values, in their order."""
    sums = dict.fromkeys(VALUES[component], 0.0)
    for cue in found:
        if cue.component == component:
            sums[cue.value] += cue.weight
    return list(sums.values())
