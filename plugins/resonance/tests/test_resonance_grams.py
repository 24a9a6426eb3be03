"""The features of the model: words, and the buckets of words and pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_resonance.grams import BUCKETS, pair_bucket, word_buckets, words
from ion_resonance.model import feature_buckets
from ion_resonance.surface import surface_of


def forms(text: str) -> list[str]:
    """The forms of a text's words."""
    return [word.form for word in words(surface_of(text).text)]


def shared(one: str, other: str) -> float:
    """Which share of a word's buckets another word has, too."""
    mine, theirs = set(word_buckets(one)), set(word_buckets(other))
    return len(mine & theirs) / len(mine)


def test_words_signs_and_numbers_are_told_apart() -> None:
    """Letters, jamo, numbers and marks are words of their own."""
    assert ["서버", "가", "0", "번", "ㅠㅠ", ",", "ok", "?"] == forms("서버 가 12번 ㅠㅠ, OK?")


def test_a_word_stands_where_its_form_was_written() -> None:
    """Positions are those of the writing, also where one writing is two words."""
    assert [("do", 2, 7), ("not", 2, 7), ("go", 8, 10)] == list(words("i don't go"))[1:]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("dont", "don't"),
        ("don't", "do not"),
        ("can't", "can not"),
        ("cannot", "can not"),
        ("won't", "will not"),
        ("I'm", "i am"),
        ("im", "i am"),
        ("we're", "we are"),
        ("I've", "i have"),
        ("they'll", "they will"),
        ("Don’t", "do not"),
        ("shouldnt", "should not"),
        ("do n't", "do not"),
        ("12", "7000"),
        ("?!?!?", "??"),
        ("....", "..."),
        ("please look", "look"),
        ("plz look pls", "look"),
    ],
)
def test_writings_of_one_thing_are_one_form(written: str, same: str) -> None:
    """Contractions, numbers, runs of marks and please leave no trace of how they were written."""
    assert forms(same) == forms(written)


@pytest.mark.parametrize("text", ["well", "ill", "were", "its", "let's", "o'clock"])
def test_words_that_look_shortened_stay(text: str) -> None:
    """What would be another word without its apostrophe is left alone."""
    assert [text] == forms(text)


def test_emoji_are_left_to_the_lexicon() -> None:
    """A friendly face is no word for the model."""
    assert ["ok"] == forms("ok 🙂")


@pytest.mark.parametrize(
    ("one", "other"),
    [("답답해요", "답답하네"), ("궁금합니다", "궁금해서"), ("헷갈려요", "헷갈립니다")],
)
def test_a_korean_stem_is_known_under_another_ending(one: str, other: str) -> None:
    """Two endings of one stem share their pieces of jamo; two words of one ending share fewer."""
    assert shared(one, other) > 0.3
    assert shared(one, other) > 2 * shared(one, "돌아가요")


def test_an_english_word_is_known_in_spite_of_a_typo() -> None:
    """A misspelt word shares pieces with the right one, a short word has no pieces."""
    assert shared("frustrating", "frustrateing") > 0.4
    assert len(word_buckets("fun")) == 1
    assert len(word_buckets("123")) == 1


def test_a_word_is_known_as_a_whole_beside_its_pieces() -> None:
    """A word of the same pieces as another one has a bucket that the other has not."""
    longer, shorter = word_buckets("바나나나나"), word_buckets("바나나나")

    assert len(longer - shorter) == len(shorter - longer) == 1


def test_a_pair_depends_on_the_order() -> None:
    """Neighbours that change places are another pair, and none is a word."""
    assert len({pair_bucket("not good"), pair_bucket("good not"), *word_buckets("good")}) > 2


def test_repetition_adds_no_feature() -> None:
    """Every word and every pair counts once in a message."""
    assert len(feature_buckets("no no no")) == len(feature_buckets("no no no no no"))
    assert feature_buckets("") == []


@given(st.text(max_size=60))
def test_features_of_any_text_are_buckets(text: str) -> None:
    """Any text has features within the tables, and the same ones each time."""
    surface = surface_of(text).text
    buckets = feature_buckets(surface)

    assert all(0 <= bucket < BUCKETS for bucket in buckets)
    assert buckets == feature_buckets(surface)
    assert all(0 <= word.start < word.end <= len(surface) for word in words(surface))
