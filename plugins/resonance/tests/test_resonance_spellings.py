"""The ways in which people write one cue."""

from __future__ import annotations

import pytest
from ion_resonance.spellings import spellings


@pytest.mark.parametrize(
    ("cue", "written"),
    [
        ("fed up", ["fed up"]),
        ("don't work", ["don't work", "dont work", "do not work"]),
        ("i'm lost", ["i'm lost", "im lost", "i am lost"]),
        ("i've tried", ["i've tried", "ive tried", "i have tried"]),
        ("can't", ["can't", "cant", "cannot"]),
        ("won't", ["won't", "wont", "will not"]),
        ("i'll", ["i'll", "i will"]),
        ("we're", ["we're", "we are"]),
        ("let's", ["let's"]),
        ("i'd", ["i'd"]),
    ],
)
def test_shortened_words_are_written_out_and_without_apostrophe(
    cue: str, written: list[str]
) -> None:
    """A cue comes as it is given, as hurried writers write it, and in full."""
    assert written == list(spellings(cue, loose_spaces=False))


def test_two_shortened_words_vary_on_their_own() -> None:
    """Every combination of two shortened words is a spelling."""
    assert len(set(spellings("i'm sure it won't", loose_spaces=False))) == 9


def test_loose_spaces_may_be_missing() -> None:
    """Where a language leaves spaces to taste, each space of a cue may be missing."""
    assert ["안 돼 요", "안 돼요", "안돼 요", "안돼요"] == list(
        spellings("안 돼 요", loose_spaces=True)
    )
    assert ["안 돼"] == list(spellings("안 돼", loose_spaces=False))
