"""The surface: masking, lower case, and positions that lead back to the message."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from ion_resonance.surface import EDGE, MASK, surface_of

PIECES = st.sampled_from(
    [
        "답답",
        "ㅠㅠ",
        "!",
        "\u0301",
        "é",
        "각",
        "A",
        " ",
        "'",
        "`",
        '"',
        "```",
        "“",
        "’",
        "\u0958",
        "\n",
    ]
)


def test_letters_are_lower_case_and_full_width_marks_ascii():
    """The surface folds case and full-width punctuation."""
    assert surface_of("WHY？ 왜！").text == "why? 왜!"


def test_masked_text_keeps_its_length():
    """A mask is as long as what it hides."""
    assert f"see {MASK * 6} now" == surface_of("see `code` now").text


def test_an_open_fence_masks_to_the_end():
    """Code after a fence that nobody closed is code."""
    assert f"why? {MASK * 11}" == surface_of("why? ```\npanic!\n\n\n").text


def test_runs_of_spaces_are_one():
    """Several spaces read as one, those around a line's end as that, and places stay known."""
    text = "too  many\t spaces \n\n  here"
    surface = surface_of(text)

    assert "too many spaces\nhere" == surface.text
    start = surface.text.index("here")
    assert (len(text) - 4, len(text)) == surface.span(start, start + 4)


def test_a_curly_apostrophe_is_an_apostrophe():
    """Phones write don’t, the lexicon writes don't."""
    assert surface_of("don’t").text == "don't"


def test_decomposed_hangul_is_composed_and_found_again():
    """Text in conjoining jamo reads as syllables, whose positions are those of the jamo."""
    text = unicodedata.normalize("NFD", "너무 답답해")
    surface = surface_of(text)

    assert surface.text == "너무 답답해"
    start, end = surface.span(3, 5)
    assert unicodedata.normalize("NFD", "답답") == text[start:end]


def test_of_a_very_long_message_both_ends_are_read():
    """What stands far from both ends of a huge message is masked."""
    text = "처음" + "가" * 3 * EDGE + "끝"
    surface = surface_of(text)

    assert len(surface.text) == 2 * EDGE + 1
    assert (surface.text[:2], surface.text[EDGE], surface.text[-1]) == ("처음", MASK, "끝")
    assert surface.span(2 * EDGE, 2 * EDGE + 1) == (len(text) - 1, len(text))


@given(st.lists(PIECES, max_size=20).map("".join))
def test_every_place_on_the_surface_leads_to_a_place_in_the_message(text):
    """Positions never leave the message and never run backwards."""
    surface = surface_of(text)
    places = [surface.span(index, index)[0] for index in range(len(surface.text) + 1)]

    assert sorted(places) == places
    assert (0, len(text)) == (places[0], places[-1])
