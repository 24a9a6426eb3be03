"""Finds the cues of a lexicon in a message, with their positions.

Per lexicon and component there is one compiled expression. The leftmost cue wins, of those that
begin at one place the longest; found cues do not overlap, so no word counts twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain

import attrs

from ion_resonance.lexicon import COMMON, Cue, Lexicon, Negation, load
from ion_resonance.surface import Surface
from ion_resonance.trie import OPTIONAL_APOSTROPHE, trie_pattern

LANGUAGES = ("ko", "en")
"""The languages with a lexicon, in the order in which they are asked."""

REPEATS = 2
"""How often one cue counts in a message, so that a long text does not shout by repetition."""

_NEVER = r"(?!)"
_DROPPED = re.compile(f"'(?=[{''.join(sorted(OPTIONAL_APOSTROPHE))}])")


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


class Matcher:
    """The cues of one component of one lexicon, compiled.

    Args:
        lexicon: the lexicon.
        component: the component.
    """

    def __init__(self, lexicon: Lexicon, component: str) -> None:
        cues = [cue for cue in lexicon.cues if cue.component == component]
        fixed = [cue for cue in cues if not cue.regex]
        self._loose = lexicon.loose_spaces
        # Only feelings are negated: "I can't fix it" is about fixing all the same.
        self._negation = lexicon.negation if component == "tone" else Negation()
        self._words = self._by_key(cue for cue in fixed if not cue.open_start)
        self._parts = self._by_key(cue for cue in fixed if cue.open_start)
        self._expressions = _by_expression(cue for cue in cues if cue.regex)
        before = f"(?<![{lexicon.letters}])" if lexicon.letters else ""
        branches = (
            f"(?P<word>{before}{self._tree(self._words, lexicon)})",
            f"(?P<part>{self._tree(self._parts, lexicon)})",
            # Without groups of their own, expressions are skipped by their first character.
            *(expression.pattern for expression in self._expressions),
        )
        self._pattern = re.compile("|".join(branches))

    def find(self, text: str) -> Iterator[Found]:
        """The cues in a surface, from left to right, without the negated ones."""
        seen: dict[str, int] = {}
        negated = self._negated(text)
        for match in self._pattern.finditer(text):
            start, end = match.span()
            name, cues = self._meant(match)
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > REPEATS or start in negated or self._taken_back(text, end):
                continue
            for cue in cues:
                yield Found(cue.component, cue.value, cue.weight, start, end)

    def _meant(self, match: re.Match[str]) -> tuple[str, Sequence[Cue]]:
        """Which cues a match stands for, under a name that is the same for the same cue."""
        key = self._key(match.group())
        if match.lastgroup == "word":
            return key, self._words[key]
        if match.lastgroup == "part":
            return f"*{key}", self._parts[key]
        return next(
            (expression.pattern, cues)
            for expression, cues in self._expressions.items()
            if (own := expression.match(match.string, match.start())) and own.end() == match.end()
        )

    def _negated(self, text: str) -> AbstractSet[int]:
        """The places where a cue would be negated by what stands before it."""
        before = self._negation.before
        return {match.end() for match in before.finditer(text)} if before else frozenset()

    def _taken_back(self, text: str, end: int) -> bool:
        """Whether a cue that ends here is negated by what follows."""
        after = self._negation.after
        return after is not None and after.match(text, end) is not None

    def _key(self, text: str) -> str:
        """What the ways of writing one cue have in common."""
        return ("" if self._loose else " ").join(_DROPPED.sub("", text).split())

    def _by_key(self, cues: Iterable[Cue]) -> dict[str, list[Cue]]:
        found: dict[str, list[Cue]] = {}
        for cue in cues:
            found.setdefault(self._key(cue.text), []).append(cue)
        return found

    def _tree(self, cues: Mapping[str, Sequence[Cue]], lexicon: Lexicon) -> str:
        """The expression that matches the longest of these cues."""
        if not cues:
            return _NEVER
        closed = f"(?![{lexicon.letters}])" if lexicon.letters else ""
        texts: dict[str, str] = {}
        for cue in chain.from_iterable(cues.values()):
            # Where a stem and a word share their letters, the stem is the more generous one.
            texts[cue.text] = "" if cue.open_end or texts.get(cue.text) == "" else closed
        return trie_pattern(texts, r"\s{0,2}" if self._loose else r"\s{1,3}")


def _by_expression(cues: Iterable[Cue]) -> dict[re.Pattern[str], list[Cue]]:
    found: dict[re.Pattern[str], list[Cue]] = {}
    for cue in cues:
        found.setdefault(re.compile(cue.text), []).append(cue)
    return found


@cache
def matcher(lexicon: str, component: str) -> Matcher:
    """The matcher of a packaged lexicon, compiled when it is first asked for."""
    return Matcher(load(lexicon), component)


@cache
def _letter(lexicon: str) -> re.Pattern[str]:
    return re.compile(f"[{load(lexicon).letters}]")


def find(surface: Surface, component: str) -> list[Found]:
    """Every cue for a component, in the order of position.

    The cues of a language are looked for where its letters occur, whatever the language of the
    message: Korean engineers write ``ASAP`` and ``deadline`` between Korean words.
    """
    names = [name for name in LANGUAGES if _letter(name).search(surface.text)]
    matchers = (matcher(name, component) for name in (*names, COMMON))
    found = chain.from_iterable(each.find(surface.text) for each in matchers)
    return sorted(found, key=lambda cue: (cue.start, cue.end))
