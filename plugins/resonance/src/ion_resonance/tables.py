"""A lexicon as its matcher needs it, and the compiled file that holds one.

TOML is for people: to read the cues of a language, to work out their spellings and to sort them
takes a tenth of a second. ``python -m ion_resonance.compiling`` does it beforehand and writes
``lexicon/<language>/compiled.jsonl``, with the SHA-256 of the TOML files. Where that is no longer
theirs, somebody has edited a cue: the TOML files are read instead, so that the edit is seen at
once, and the first message waits the tenth of a second longer until the command is run again.

The first line is the heading, enough to tell whether a message concerns the language at all. The
second holds the rest and is read only then.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

from ion_resonance.packaged import languages, texts

if TYPE_CHECKING:
    from ion_resonance.lexicon import Lexicon

COMPILED = "compiled.jsonl"
"""Name of a language's compiled file."""

FORMAT = 2
"""Counts up when a compiled file changes its form, so that none of another form is used."""

PREFIXES = (2, 4, 7, 11)
"""Numbers of letters by which spellings are found; more are looked at where a few leave many."""

Groups = Sequence[tuple[str, Sequence[tuple[str, float]]]]
"""What a cue says: per component the values with their weights."""

Entry = Sequence[tuple[bool, str | None, Groups]]
"""What a spelling may be: whether no letter may follow, the cue where it is written otherwise, and
what that says."""


class Expression:
    """A regular expression that is compiled when a text first holds one of its needles.

    Args:
        written: the expression.
        needles: texts of which one stands wherever it matches; empty where that is not known.
    """

    __slots__ = ("_compiled", "needles", "written")

    def __init__(self, written: str, needles: Sequence[str]) -> None:
        self.written = written
        self.needles = needles
        self._compiled: re.Pattern[str] | None = None

    def concerning(self, text: str) -> re.Pattern[str] | None:
        """The compiled expression, None where it cannot match anywhere in the text."""
        if self.needles:
            for needle in self.needles:
                if needle in text:
                    break
            else:
                return None
        if self._compiled is None:
            self._compiled = re.compile(self.written)
        return self._compiled


class Sides:
    """What may stand on either side of a cue, or of a message.

    Args:
        stated: ``before`` and ``after``, each an expression with its needles or None.
    """

    def __init__(self, stated: Sequence[tuple[str, Sequence[str]] | None]) -> None:
        self.before, self.after = (each and Expression(*each) for each in stated)


class Index:
    """The spellings of some cues.

    Attributes:
        entries: what each spelling may be, as `entry` reads it.
        lengths: how long the spellings are that begin with these letters. A 0 at the end: more
            letters have to be looked at for the longer ones.
        firsts: what they begin with.
        singles: those of one letter.

    Args:
        stated: both tables as `ion_resonance.indexing` writes them.
    """

    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.entries: Mapping[str, str] = _unpacked(stated["entries"])
        self.lengths: Mapping[str, Sequence[int]] = _unpacked(stated["lengths"])
        self.singles = frozenset(stated["singles"])
        self.firsts = self.singles.union(stated["firsts"])


@cache
def entry(written: str) -> Entry:
    """What a spelling may be, read when a message first holds it."""
    read: Entry = json.loads(written)
    return read


def _unpacked(stated: Mapping[str, Any]) -> dict[str, Any]:
    """A table whose keys stand in one text, and every value once: that is read in no time."""
    if not stated["numbers"]:
        return {}
    values = map(stated["values"].__getitem__, stated["numbers"])
    return dict(zip(stated["keys"].split("\n"), values, strict=True))


class Tables:
    """One lexicon, ready to be looked into.

    Attributes:
        letters: the letters of its words, as the inside of a character class; empty for signs.
        words_per_syllable: how many English words one of its syllables is worth.
        sentence_end: where a sentence ends without a mark, None where it does not.
        courtesies: what opens and what closes a message for politeness alone.

    Args:
        heading: what the first line says.
        rest: gives what the second line says, once it is needed.
    """

    def __init__(self, heading: Mapping[str, Any], rest: Callable[[], Mapping[str, Any]]) -> None:
        self._rest = rest
        self.letters: str = heading["letters"]
        self.words_per_syllable: float = heading["words_per_syllable"]
        self.courtesies = Sides(heading["courtesies"])
        self._sentence_end: str | None = heading["sentence_end"]

    @cached_property
    def sentence_end(self) -> re.Pattern[str] | None:
        """Where a sentence ends without a mark, None where it does not."""
        return None if self._sentence_end is None else re.compile(self._sentence_end)

    @cached_property
    def letter(self) -> re.Pattern[str]:
        """One letter of its words."""
        return re.compile(f"[{self.letters}]" if self.letters else "(?!)")

    @cached_property
    def cues(self) -> Cues:
        """Its cues."""
        return Cues(self._rest())


class Cues:
    """The cues of a lexicon.

    Attributes:
        whole: spellings that begin where no letter stands before.
        part: spellings that begin anywhere.
        expressions: the cues that are regular expressions, with what they say.
        negation: what takes a feeling back.
        reported: what shows that it is somebody else's.
        others: what a spelling in `whole` begins with that is no letter, for a character class.
    """

    def __init__(self, stated: Mapping[str, Any]) -> None:
        self.whole, self.part = Index(stated["whole"]), Index(stated["part"])
        self.expressions: Sequence[tuple[Expression, Groups]] = [
            (Expression(written, needles), groups)
            for written, needles, groups in stated["expressions"]
        ]
        self.negation, self.reported = Sides(stated["negation"]), Sides(stated["reported"])
        self.others: str = stated["others"]


@cache
def tables(name: str) -> Tables:
    """The tables of a packaged lexicon."""
    return read(files(__package__).joinpath("lexicon", name))


def spoken(text: str) -> tuple[str, ...]:
    """The languages of which a text holds a letter."""
    return tuple(name for name in languages() if tables(name).letter.search(text))


def read(folder: Traversable) -> Tables:
    """The tables of a folder: from its compiled file, or from TOML where that is not up to date."""
    sources = texts(folder)
    compiled = folder.joinpath(COMPILED)
    if compiled.is_file():
        with compiled.open(encoding="utf-8") as file:
            heading = json.loads(file.readline())
        if heading["of"] == digest(sources):
            return Tables(heading, lambda: _second_line(compiled))
    # Not needed where the compiled file is up to date, which is nearly always.
    from ion_resonance.lexicon import parse

    return tables_of(parse(folder.name, *sources))


def tables_of(lexicon: Lexicon) -> Tables:
    """The tables of a lexicon that was parsed."""
    from ion_resonance.indexing import heading_of, rest_of

    return Tables(heading_of(lexicon), lambda: rest_of(lexicon))


def _second_line(compiled: Traversable) -> Mapping[str, Any]:
    # It is read again rather than kept: a message in this language may never come.
    rest: Mapping[str, Any] = json.loads(compiled.read_text(encoding="utf-8").partition("\n")[2])
    return rest


def digest(sources: Iterable[str]) -> str:
    """What tells one state of the TOML files from another."""
    found = hashlib.sha256(str(FORMAT).encode())
    for source in sources:
        found.update(source.encode("utf-8"))
        found.update(b"\0")
    return found.hexdigest()


def lexicon_digest(name: str) -> str:
    """What tells one state of a packaged lexicon from another."""
    return digest(texts(files(__package__).joinpath("lexicon", name)))
