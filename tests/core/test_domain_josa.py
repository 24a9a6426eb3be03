"""Korean particles after words of every script."""

from __future__ import annotations

import pytest

from ion_framework.domain.josa import PAIRS, attach


@pytest.mark.parametrize(
    ("word", "pair", "expected"),
    [
        ("결제 서버", "을/를", "결제 서버를"),
        ("롤백", "을/를", "롤백을"),
        ("계획", "이/가", "계획이"),
        ("이유", "이/가", "이유가"),
        ("테스트", "은/는", "테스트는"),
        ("화면", "은/는", "화면은"),
        ("서울", "으로/로", "서울로"),
        ("부산", "으로/로", "부산으로"),
        ("제주", "으로/로", "제주로"),
        ("팀", "과/와", "팀과"),
        ("친구", "과/와", "친구와"),
        ("공감", "이에요/예요", "공감이에요"),
        ("이끌기", "이에요/예요", "이끌기예요"),
    ],
)
def test_hangul_is_heard_by_its_final_consonant(word: str, pair: str, expected: str) -> None:
    """After Hangul the particle follows from the last syllable, ㄹ being open before 으로/로."""
    assert attach(word, pair) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("0", "0을"),
        ("1", "1을"),
        ("2", "2를"),
        ("3", "3을"),
        ("4", "4를"),
        ("5", "5를"),
        ("6", "6을"),
        ("7", "7을"),
        ("8", "8을"),
        ("9", "9를"),
        ("100%", "100%를"),
    ],
)
def test_digits_are_heard_by_their_korean_names(word: str, expected: str) -> None:
    """After a digit the particle follows from its Sino-Korean name."""
    assert attach(word, "을/를") == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("API", "API를"),
        ("SQL", "SQL을"),
        ("LLM", "LLM을"),
        ("CDN", "CDN을"),
        ("CPU", "CPU를"),
        ("cache", "cache를"),
        ("rollback", "rollback을"),
        ("commit", "commit을"),
        ("test", "test를"),
        ("bug", "bug를"),
        ("pipeline", "pipeline을"),
        ("file", "file을"),
        ("table", "table을"),
        ("Redis", "Redis를"),
        ("Python", "Python을"),
        ("useEffect", "useEffect를"),
        ("web", "web을"),
        ("C++", "C++를"),
        ("C#", "C#을"),
    ],
)
def test_latin_words_are_heard_as_koreans_say_them(word: str, expected: str) -> None:
    """After a Latin word the particle follows from how the word is written in Hangul."""
    assert attach(word, "을/를") == expected


def test_rieul_takes_the_open_form_of_euro_in_any_script() -> None:
    """Words that end in the sound ㄹ take 로: in Hangul, Latin letters and digits."""
    assert ["길로", "SQL로", "file로", "7로"] == [
        attach(word, "으로/로") for word in ("길", "SQL", "file", "7")
    ]


@pytest.mark.parametrize("quoted", ["‘롤백’", "`롤백`", "“롤백”"])
def test_closing_quotes_are_not_heard(quoted: str) -> None:
    """A quote or backtick after the word does not change the particle."""
    assert attach(quoted, "을/를") == quoted + "을"


@pytest.mark.parametrize("word", ["量子", "naïveté", "🙂", "", "…"])
def test_both_forms_are_given_where_nothing_can_be_heard(word: str) -> None:
    """After a script that we cannot read aloud both forms stand, as in print."""
    assert attach(word, "을/를") == f"{word}을(를)"


def test_an_unknown_particle_is_refused_with_the_known_ones() -> None:
    """A particle that is not on the list is an error that lists them all."""
    with pytest.raises(ValueError, match="을/를") as error:
        attach("서버", "를/을")

    assert all(pair in str(error.value) for pair in PAIRS)
