"""What is said of a new persona: defaults, and what cannot be used."""

from __future__ import annotations

import re
from itertools import combinations

import pytest

from ion_framework.domain.key import Tone
from ion_framework.domain.language import Language, detect_language
from ion_framework.scaffolding.answers import (
    checked_line,
    default_description,
    default_shown,
    descriptions,
    parse_tones,
)
from ion_framework.scaffolding.errors import AnswerError
from ion_framework.scaffolding.publication import Publication, core_range
from ion_framework.testing import VirtualClock

EVERY_CHOICE = [choice for n in range(1, 10) for choice in combinations(Tone, n)]


@pytest.mark.parametrize(
    "text", ["calm, urgent", "urgent calm", " Calm,URGENT , calm,", "calm\nurgency"]
)
def test_tones_are_read_from_any_list(text):
    """Commas, spaces, case, aliases and repetition do not matter; the domain orders them."""
    assert (Tone.CALM, Tone.URGENT) == parse_tones(text)


@pytest.mark.parametrize("text", ["nope", "", "calm, nope"])
def test_other_tones_are_told_the_nine(text):
    """A word that is no tone is refused with the list of those that are."""
    with pytest.raises(AnswerError, match="frustrated, playful, anxious"):
        parse_tones(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("x" * 21, "21 characters; at most 20"),
        ("a\x00b", "cannot be shown"),
        ("a\udc80b", "cannot be shown"),
        ("say {{name}}", "placeholders"),
    ],
)
def test_lines_that_cannot_be_used(text, reason):
    """An empty, long or unprintable line, and one with a placeholder, are refused with why."""
    with pytest.raises(AnswerError, match=reason):
        checked_line("description", text, 20)


def test_line_ends_become_spaces():
    """A text of several lines is one line afterwards."""
    assert "one two three" == checked_line("description", " one\n two\r\n\tthree ", 99)


def test_shown_name_by_default():
    """The default of the name that people see has a capital for each part."""
    assert "My Sage 2" == default_shown("my-sage-2")


@pytest.mark.parametrize("language", list(Language))
def test_default_descriptions_are_in_their_language(language):
    """For every choice of tones the default is one sentence in its own language."""
    ends = {default_description(choice, language)[-1] for choice in EVERY_CHOICE}
    read = {detect_language(default_description(choice, language)) for choice in EVERY_CHOICE}

    assert {"."} == ends
    assert {language} == read


def test_a_description_stands_in_its_own_language():
    """What is given goes to the language that it is in; the other one has the default."""
    given = descriptions(["걱정을 덜어 줘요."], [Tone.CALM])

    assert "걱정을 덜어 줘요." == given[Language.KOREAN]
    assert default_description([Tone.CALM], Language.ENGLISH) == given[Language.ENGLISH]
    assert {Language.ENGLISH: "Eases.", Language.KOREAN: "덜어요."} == (
        descriptions(["덜어요.", "Eases."], [Tone.CALM])
    )
    with pytest.raises(AnswerError, match="one language"):
        descriptions(["One.", "Two."], [Tone.CALM])


@pytest.mark.parametrize(
    ("author", "licence", "issues", "reason"),
    [
        ("Ann, Bob", "MIT", "", "comma"),
        ("A\x00", "MIT", "", "author: "),
        ("", "GPL", "", "not one of Apache-2.0, MIT"),
        ("", "MIT", "ann@example.com", "https://"),
        ("", "MIT", "https://a b", "https://"),
    ],
)
def test_publications_that_cannot_be_used(author, licence, issues, reason):
    """Author, licence and address are checked, and the refusal says what is valid."""
    with pytest.raises(AnswerError, match=re.escape(reason)):
        Publication.checked(author, licence, issues, VirtualClock())


def test_the_year_is_the_clocks():
    """The copyright is of the year in which the package is written."""
    assert 2026 == Publication.checked("", "MIT", "", VirtualClock(1_790_000_000.0)).year


@pytest.mark.parametrize(
    ("core", "wanted"), [("0.1.0", ">=0.1,<0.2"), ("0.12.3", ">=0.12,<0.13"), ("2.3.1", ">=2.3,<3")]
)
def test_range_of_the_core(core, wanted):
    """Before 1.0 a package works with one minor version of the core, later with one major."""
    assert wanted == core_range(core)
