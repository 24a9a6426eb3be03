"""The rhythm of a message: how long its sentences are, and how they hang together.

Length is counted in *strokes*, English words' worth. A Korean word (eojeol) carries its particles
and endings with it, and where the spaces go is a matter of taste, so Korean is counted by its
syllables: one is worth half a word. Source of the figure: the same 14,000 posts (GoEmotions) have a
mean of 12.7 words in English and of 25.8 syllables in 9.2 eojeol in machine translation, 0.49 words
a syllable. The thresholds below were set by hand on messages of both languages. The pace is the
first that applies:

==============  ==================================================================================
burst           at most 3 strokes in all; or, with no sentence over 8 strokes, either a mean under
                6 together with an exclamation mark or more than 8 % punctuation, or at least two
                sentences with a mean of at most 4
contemplative   a mean of at least 20 strokes a sentence
flowing         at least three sentences with a mean of 6 or more; or at least 14 strokes in all,
                joined by two connectives or more
medium          everything else
==============  ==================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from ion_framework import Pace, Rhythm
from ion_resonance.cues import Found
from ion_resonance.surface import MASK, Surface
from ion_resonance.tables import tables

WHOLE_BURST = 3.0
BURST_MEAN = 6.0
BURST_LONGEST = 8.0
QUIET_BURST_MEAN = 4.0
BURST_DENSITY = 0.08
CONTEMPLATIVE_MEAN = 20.0
FLOWING_SENTENCES = 3
FLOWING_STROKES = 14.0
FLOWING_CONNECTIVES = 2

# One class of letters in front of everything, so that the others are passed over quickly.
_SENTENCE_END = re.compile(
    r"[.!?…。\n](?:(?<=\n)\n*"
    r"|(?<![.!?…。]{2})[.!?…。]*+(?=[\s\"')\]]|$)|(?<=[!?。])[!?。]*)"
)
_MARK = re.compile("[.,!?;:…]")
_HANGUL = re.compile("[가-힣]+")
_WORD = re.compile(rf"[\w{MASK}]")


@attrs.frozen
class Measures:
    """What the pace is decided by.

    Attributes:
        lengths: strokes of each sentence.
        words: number of words as they are written.
        density: punctuation marks per character.
        questions: number of question marks.
        exclamations: number of exclamation marks.
    """

    lengths: tuple[float, ...]
    words: int
    density: float
    questions: int
    exclamations: int

    @property
    def strokes(self) -> float:
        """Strokes of the whole message."""
        return sum(self.lengths)

    @property
    def mean(self) -> float:
        """Strokes per sentence."""
        return self.strokes / max(len(self.lengths), 1)


def measure(surface: Surface) -> Measures:
    """Measure a message; what is masked counts as one word where it stands."""
    text = surface.text
    sentences = [words for part in _sentences(text) if (words := _words(part))]
    return Measures(
        lengths=tuple([_strokes(words) for words in sentences]),
        words=sum(map(len, sentences)),
        density=len(_MARK.findall(text)) / max(len(text), 1),
        questions=text.count("?"),
        exclamations=text.count("!"),
    )


def rhythm(measures: Measures, connectives: Sequence[Found]) -> tuple[Rhythm, tuple[str, ...]]:
    """The rhythm, and the names of the measures that decided the pace."""
    pace, reasons = _pace(measures, len(connectives))
    sentences = len(measures.lengths)
    divisor = max(sentences, 1)
    return (
        Rhythm(
            pace=pace,
            sentences=sentences,
            words_per_sentence=round(measures.words / divisor, 3),
            punctuation_density=round(measures.density, 3),
            question_ratio=round(measures.questions / divisor, 3),
            exclamation_ratio=round(measures.exclamations / divisor, 3),
        ),
        reasons,
    )


def _pace(measures: Measures, connectives: int) -> tuple[Pace, tuple[str, ...]]:
    strokes, mean, sentences = measures.strokes, measures.mean, len(measures.lengths)
    if not strokes:
        return Pace.MEDIUM, ()
    if reasons := _burst(measures):
        return Pace.BURST, reasons
    if mean >= CONTEMPLATIVE_MEAN:
        return Pace.CONTEMPLATIVE, ("words_per_sentence",)
    if sentences >= FLOWING_SENTENCES and mean >= BURST_MEAN:
        return Pace.FLOWING, ("sentences", "words_per_sentence")
    if connectives >= FLOWING_CONNECTIVES and strokes >= FLOWING_STROKES:
        return Pace.FLOWING, ("connectives",)
    return Pace.MEDIUM, ("words_per_sentence",)


def _burst(measures: Measures) -> tuple[str, ...]:
    """The measures that make a message a burst; none where it is not one."""
    if measures.strokes <= WHOLE_BURST:
        return ("length",)
    if max(measures.lengths) > BURST_LONGEST or measures.mean >= BURST_MEAN:
        return ()
    if measures.exclamations:
        return ("words_per_sentence", "exclamation_ratio")
    if measures.density > BURST_DENSITY:
        return ("words_per_sentence", "punctuation_density")
    if len(measures.lengths) > 1 and measures.mean <= QUIET_BURST_MEAN:
        return ("words_per_sentence", "sentences")
    return ()


def _sentences(text: str) -> list[str]:
    if _HANGUL.search(text):
        unmarked = tables("ko").sentence_end
        if unmarked is not None:
            text = unmarked.sub(lambda match: match.group()[:-1] + "\n", text)
    return _SENTENCE_END.split(text)


def _words(sentence: str) -> list[str]:
    # Most Korean words tell by their first letter what they are, which is asked much faster.
    return [each for each in sentence.split() if "가" <= each[0] <= "힣" or _WORD.search(each)]


def _strokes(words: Sequence[str]) -> float:
    syllables = sum(map(len, _HANGUL.findall("".join(words))))
    if not syllables:
        return float(len(words))
    foreign = [each for each in words if not ("가" <= each[0] <= "힣" or _HANGUL.search(each))]
    return syllables * tables("ko").words_per_syllable + len(foreign)
