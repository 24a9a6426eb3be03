r"""The lexicon: cue files that a native speaker can read, as frozen classes.

A folder ``lexicon/<language>`` holds its files: ``language.toml`` says which letters its words are
made of, what negates and how sentences end, the others list cues per component and value::

    [[tone.frustrated]]
    weight = 3.0
    cues = ["fed up", "frustrat*", "*답답*"]
    regex = ['\bha(?:ha)+']

A cue stands alone between other characters than letters of the file; ``*`` behind it allows more
letters, in front of it more letters before, so that ``급하*`` is a stem and ``*나요`` an ending.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

import attrs

from ion_resonance.packaged import COMMON, VALUES, texts

__all__ = ["COMMON", "VALUES", "Cue", "Lexicon", "LexiconError", "Surroundings", "load", "parse"]

_KEYS = {"letters", "spaces", "negation", "reported", "courtesies", "rhythm", *VALUES}
_GROUP_KEYS = {"weight", "cues", "regex"}
_SYLLABLES = range(0xAC00, 0xD7A4)
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FINAL = re.compile(r"\{([ㄱ-ㅎ])\}")


@attrs.frozen
class Cue:
    """One cue as the file states it.

    Attributes:
        component: ``"tone"``, ``"pace"`` or ``"intent"``.
        value: what it speaks for.
        weight: how loudly.
        text: the words, without stars; of a regular expression, the expression.
        open_start: letters may stand before it.
        open_end: letters may follow it.
        regex: it is a regular expression.
    """

    component: str
    value: str
    weight: float
    text: str
    open_start: bool = False
    open_end: bool = False
    regex: bool = False


@attrs.frozen
class Surroundings:
    """What stands beside a cue and changes what it means.

    Attributes:
        before: what ends right before such a cue, None where the language has nothing of the kind.
        after: what begins right after such a cue, None likewise.
    """

    before: re.Pattern[str] | None = None
    after: re.Pattern[str] | None = None


@attrs.frozen
class Lexicon:
    """One file of cues.

    Attributes:
        name: name of the file without its ending.
        letters: the letters of its words, as the inside of a character class; empty for signs.
        loose_spaces: a space inside a cue may also be left out.
        cues: its cues.
        negation: what takes a feeling back ("not worried", "걱정은 안 해요").
        reported: what shows that a feeling is somebody else's ("she is worried", "걱정된대요").
        courtesies: what opens and what closes a message for politeness alone.
        words_per_syllable: how many English words one of its syllables is worth, for rhythm.
        sentence_end: where a sentence ends without a mark, None where it does not.
    """

    name: str
    letters: str
    loose_spaces: bool
    cues: tuple[Cue, ...]
    negation: Surroundings = attrs.field(factory=Surroundings)
    reported: Surroundings = attrs.field(factory=Surroundings)
    courtesies: Surroundings = attrs.field(factory=Surroundings)
    words_per_syllable: float = 1.0
    sentence_end: re.Pattern[str] | None = None


class LexiconError(ValueError):
    """A lexicon file says something that cannot be used; names the file and the place."""


@cache
def load(name: str) -> Lexicon:
    """The lexicon of a packaged folder, read once."""
    return parse(name, *texts(files(__package__).joinpath("lexicon", name)))


def parse(name: str, *sources: str) -> Lexicon:
    """Read the texts of a lexicon's files.

    Raises:
        LexiconError: an unknown key, an unknown value, a key or a cue stated twice, or an
            expression that does not compile.
    """
    table: dict[str, Any] = {}
    for source in sources:
        stated = tomllib.loads(source)
        if twice := sorted(table.keys() & stated.keys()):
            raise LexiconError(f"{name}: two files state {twice[0]!r}; each key has one file")
        table |= stated
    if unknown := sorted(table.keys() - _KEYS):
        raise LexiconError(f"{name}: unknown key {unknown[0]!r}; valid are {sorted(_KEYS)}")
    cues = tuple(chain.from_iterable(_cues(name, component, table) for component in VALUES))
    _refuse_duplicates(name, cues)
    rhythm = table.get("rhythm", {})
    return Lexicon(
        name=name,
        letters=table["letters"],
        loose_spaces=table["spaces"] == "optional",
        cues=cues,
        negation=_surroundings(name, "negation", table),
        reported=_surroundings(name, "reported", table),
        courtesies=_surroundings(name, "courtesies", table, ("opening", "closing")),
        words_per_syllable=rhythm.get("words_per_syllable", 1.0),
        sentence_end=_compiled(name, "rhythm.sentence_end", rhythm.get("sentence_end")),
    )


def _cues(name: str, component: str, table: Mapping[str, Any]) -> Iterator[Cue]:
    for value, groups in table.get(component, {}).items():
        where = f"{name}: {component}.{value}"
        if value not in VALUES[component]:
            raise LexiconError(f"{where}: unknown value; valid are {list(VALUES[component])}")
        for group in groups:
            if group.keys() - _GROUP_KEYS or "weight" not in group:
                raise LexiconError(f"{where}: a group has a weight, and cues or regex or both")
            for text in group.get("cues", ()):
                yield _glob(component, value, float(group["weight"]), text)
            for text in group.get("regex", ()):
                expression = expand_finals(text)
                _compiled(name, f"{component}.{value}", expression)
                yield Cue(component, value, float(group["weight"]), expression, regex=True)


def _glob(component: str, value: str, weight: float, text: str) -> Cue:
    return Cue(
        component,
        value,
        weight,
        text.strip("*").strip(),
        open_start=text.startswith("*"),
        open_end=text.endswith("*"),
    )


def _refuse_duplicates(name: str, cues: tuple[Cue, ...]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for cue in cues:
        key = (cue.component, cue.value, cue.text)
        if key in seen:
            raise LexiconError(f"{name}: {cue.component}.{cue.value} states {cue.text!r} twice")
        seen.add(key)


def _compiled(name: str, where: str, expression: str | None) -> re.Pattern[str] | None:
    if expression is None:
        return None
    try:
        pattern = re.compile(expression)
    except re.error as error:
        raise LexiconError(f"{name}: {where}: {expression!r} does not compile: {error}") from error
    if pattern.groups:
        raise LexiconError(f"{name}: {where}: {expression!r} captures; write (?:...) instead")
    return pattern


def _surroundings(
    name: str, key: str, table: Mapping[str, Any], sides: tuple[str, str] = ("before", "after")
) -> Surroundings:
    stated = table.get(key, {})
    if unknown := sorted(stated.keys() - set(sides)):
        raise LexiconError(f"{name}: unknown key {key}.{unknown[0]}; valid are {list(sides)}")
    before, after = (_either(name, f"{key}.{side}", stated.get(side, ())) for side in sides)
    return Surroundings(before, after)


def _either(name: str, where: str, expressions: Sequence[str]) -> re.Pattern[str] | None:
    return _compiled(name, where, "|".join(expressions) or None)


def expand_finals(expression: str) -> str:
    """Write ``{ㄹ}`` out as all syllables with that final; stands in a class ``[...]``."""
    return _FINAL.sub(lambda match: "".join(_with_final(match.group(1))), expression)


def _with_final(final: str) -> Iterator[str]:
    return map(chr, _SYLLABLES[_FINALS.index(final) :: len(_FINALS)])
