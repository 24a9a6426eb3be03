"""What somebody says of a new persona: defaults, and what can be used."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from ion_framework.domain.key import Tone, parse_tone
from ion_framework.domain.language import Language, detect_language
from ion_framework.errors import ResonanceKeyError
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.material import material

DEFAULT_TONES = (Tone.CURIOUS, Tone.CONFUSED)
MAX_SHOWN_NAME = 64
MAX_SENTENCE = 300
_MOMENTS = 3
"""Tones that a default description mentions: more make a list of it."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PLACEHOLDER = re.compile(r"\{\{|\}\}")


@attrs.frozen(kw_only=True)
class PersonaAnswers:
    """What a new persona is.

    Attributes:
        shown: the name that people see, per language.
        tones: what it is for, in the order of the domain.
        description: one sentence, per language.
    """

    shown: dict[Language, str]
    tones: tuple[Tone, ...]
    description: dict[Language, str]


def checked_line(what: str, text: str, limit: int) -> str:
    """A text as one line, surrounding and repeated space taken out.

    Args:
        what: what it is, for the error.
        text: the text; line ends in it become spaces.
        limit: most characters that it may have.

    Raises:
        AnswerError: it is empty, too long, has control characters or what looks like a
            placeholder of prompts.
    """
    line = " ".join(text.split())
    if not line:
        raise AnswerError(what, "is empty; write something")
    if len(line) > limit:
        raise AnswerError(what, f"has {len(line)} characters; at most {limit} are possible")
    if _CONTROL.search(line):
        raise AnswerError(what, "has a character that cannot be shown; leave it out")
    if _PLACEHOLDER.search(line):
        raise AnswerError(what, "has {{ or }}, which mark placeholders in prompts; leave them out")
    return line


def parse_tones(text: str) -> tuple[Tone, ...]:
    """The tones of a list with commas or spaces, in the order of the domain, each once.

    Raises:
        AnswerError: one of them is no tone, or there is none.
    """
    words = re.split(r"[,\s]+", text.strip(" ,"))
    try:
        found = {parse_tone(word) for word in words}
    except ResonanceKeyError as error:
        raise AnswerError("tones", str(error)) from None
    return tuple(tone for tone in Tone if tone in found)


def default_shown(name: str) -> str:
    """The name that people see where nobody says another one."""
    return " ".join(part.capitalize() for part in name.split("-"))


def default_description(tones: Sequence[Tone], language: Language) -> str:
    """A sentence that says when a persona for these tones is good company."""
    moments = [material()[tone].when[language] for tone in tones[:_MOMENTS]]
    if language is Language.KOREAN:
        return f"{'나 '.join(moments)} 곁에서 돕는 페르소나예요."
    return f"Good company when {' or when '.join(moments)}."


def descriptions(given: Sequence[str], tones: Sequence[Tone]) -> dict[Language, str]:
    """A description per language.

    Args:
        given: what somebody wrote, at most one in each language; the languages are told apart.
        tones: the tones of the persona; from them comes what is not given.

    Raises:
        AnswerError: a description cannot be used, or two are in one language.
    """
    found: dict[Language, str] = {}
    for text in given:
        line = checked_line("description", text, MAX_SENTENCE)
        language = detect_language(line)
        if language in found:
            raise AnswerError("description", f"two are in one language ({language.value})")
        found[language] = line
    return {
        language: found.get(language) or default_description(tones, language)
        for language in Language
    }
