"""Sentences, words, speakers and pieces of Korean and English conversations."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.summarizing.chunking import chunks
from ion_framework.summarizing.sentences import LONGEST_SENTENCE, sentences
from ion_framework.summarizing.speech import Speech, speeches, spoken
from ion_framework.summarizing.terms import terms

TALK = st.lists(st.text(st.sampled_from("가나다요. !?\nab:ㅋ…"), max_size=900), max_size=12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It works. Really? Yes!", ["It works.", "Really?", "Yes!"]),
        ("Dr. Kim said, e.g. 3.14 is fine. Done.", ["Dr. Kim said, e.g. 3.14 is fine.", "Done."]),
        ("1. First this. 2. Then that.", ["1. First this.", "2. Then that."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        (
            "안 돼요. 왜 그럴까요? 모르겠네요ㅠㅠ 도와주세요",
            ["안 돼요.", "왜 그럴까요?", "모르겠네요ㅠㅠ", "도와주세요"],
        ),
        ("첫 줄\n둘째 줄", ["첫 줄", "둘째 줄"]),
        ("좋아요 버튼 색을 바꿔요", ["좋아요 버튼 색을 바꿔요"]),
        (" \n ", []),
    ],
)
def test_sentences_end_where_readers_end_them(text: str, expected: list[str]):
    """Marks, line breaks and Korean laughter end sentences, abbreviations and numbers do not."""
    assert sentences(text) == expected


def test_korean_without_full_stops_is_parted():
    """Long Korean without full stops is parted at its polite endings, not at nouns like 중요."""
    text = (
        "오늘 회의에서 나온 이야기를 정리해 드릴게요 마케팅 팀은 예산을 줄여야 한다고 했어요 "
        "가장 중요 사항은 일정이라 출시를 한 달 미루기로 합의했습니다 다음 회의는 화요일이에요"
    )

    assert [one.split()[0] for one in sentences(text)] == ["오늘", "마케팅", "가장", "다음"]


@given(st.text(max_size=2000))
def test_sentences_lose_nothing(text: str):
    """All characters of a text but white space are in its sentences, in order, none too long."""
    found = sentences(text)

    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(one) <= LONGEST_SENTENCE for one in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("배포를", "배포했어요"), ("서버가", "서버에서는"), ("커넥션을", "커넥션이"),
        ("deployed", "deploys"), ("stopped", "stopping"), ("decided", "deciding"),
    ],
)  # fmt: skip
def test_forms_of_a_word_count_as_one(one: str, other: str):
    """Particles, endings and inflections make no difference."""
    assert terms(one) == terms(other) != ()


def test_words_without_meaning_do_not_count():
    """Articles, pronouns and courtesies are no terms in either language."""
    assert terms("It is what they have, thanks! 네 그리고 정말 감사합니다") == ()


def test_identifiers_stay_whole():
    """Numbers, versions and names of code are terms as they are written."""
    assert terms("max_connections is 100 in v2.1") == ("max_connections", "100", "v2.1")


def test_speakers_are_told_from_other_words_before_a_colon():
    """Known marks and marks that come twice are speakers, a single word before a colon is not."""
    said = speeches(["User: hi", "Note: this matters", "Kim: a", "Kim: b", "[bot] c", " "])

    assert [one.speaker for one in said] == ["User:", "", "Kim:", "Kim:", "[bot]"]
    assert said[1] == Speech("", "Note: this matters")
    assert spoken(said[0]) == "User: hi"


@given(TALK, st.integers(300, 1600))
def test_pieces_are_bounded_and_whole(messages: list[str], size: int):
    """Pieces keep to their size, and hold everything that was said in order."""
    found = chunks(messages, size)
    said = "".join("".join(messages).split())

    assert all(len(piece) <= size for piece in found)
    if not any(":" in message for message in messages):
        assert "".join("".join(found).split()) == said


def test_parts_of_a_long_message_keep_their_speaker():
    """A message that is longer than a piece is divided, each part with the mark of its speaker."""
    found = chunks(["User: " + "This is one more sentence of it. " * 40], 400)

    assert len(found) > 2
    assert all(piece.startswith("User: This") for piece in found)
    assert all(piece.endswith("it.") for piece in found)


@pytest.mark.parametrize("unit", [".", "ㅋ", "가", "a ", "User: ", '."', "\n", ". ", "요 ", "Dr. "])
def test_time_is_linear(unit: str):
    """No text of 200,000 characters takes long, however it repeats itself."""
    started = time.perf_counter()
    chunks([unit * (200_000 // len(unit)) + "x"], 1600)

    assert time.perf_counter() - started < 10
