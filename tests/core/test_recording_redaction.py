"""What is taken out of texts, and what the marks in its place keep."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.domain.language import detect_language
from ion_framework.recording.patterns import MarkKind
from ion_framework.recording.redaction import redact

FOUND = [
    (MarkKind.EMAIL, "john.smith@gmail.com", "xxxx.xxxx@xxxx.xx"),
    (MarkKind.EMAIL, "minsu@회사.한국", "xxxx@가가.가가"),
    (MarkKind.PHONE, "010-1234-5678", "000-0000-0000"),
    (MarkKind.PHONE, "01012345678", "00000000000"),
    (MarkKind.PHONE, "02) 345-6789", "00) 000-0000"),
    (MarkKind.PHONE, "+82 (0)10-1234-5678", "+00 (0)00-0000-0000"),
    (MarkKind.PHONE, "+1 415 555 2671", "+0 000 000 0000"),
    (MarkKind.PHONE, "(415) 555-2671", "(000) 000-0000"),
    (MarkKind.PHONE, "+33 6 12 34 56 78", "+00 0 00 00 00 00"),
    (MarkKind.RESIDENT, "900101-1234567", "000000-0000000"),
    (MarkKind.RESIDENT, "900101-1******", "000000-0******"),
    (MarkKind.RESIDENT, "9001011234568", "0000000000000"),
    (MarkKind.CARD, "4111 1111 1111 1111", "0000 0000 0000 0000"),
    (MarkKind.CARD, "378282246310005", "000000000000000"),
    (MarkKind.IP, "10.1.2.3", "00.0.0.0"),
    (MarkKind.IP, "2001:4860:4860::8888", "0000:0000:0000::0000"),
    (MarkKind.SECRET, "sk-proj-a8Fj39dkLs02mNqPz71x", "sk-xxxx-x0xx00xxxx00xxxx00x"),
    (MarkKind.SECRET, "password: hunter2!", "password: xxxx0!"),
    (MarkKind.SECRET, "비밀번호: abcd1234", "비밀번호: xxxx0000"),
    (MarkKind.SECRET, "Bearer abcdefghijklmnop", "Bearer xxxxxxxxxxxxxxxx"),
    (MarkKind.SECRET, "0f3a9c1b7e2d4f6a8b0c1d2e3f4a5b6c", ""),
    (MarkKind.URL, "https://ann:pw@h.kr/p", "https://xx:xx@h.kr/p"),
    (MarkKind.URL, "https://h.kr/p?key=abc#top", "https://h.kr/p?xx=xx#xx"),
]


@pytest.mark.parametrize(("kind", "text", "mark"), FOUND)
def test_what_identifies_somebody_is_replaced_by_its_shape(kind, text, mark):
    """Inside a sentence of either language it is found, named by its kind and gone."""
    for sentence in (f"please use {text} for it", f"여기 {text} 부탁드려요"):
        found = redact(sentence)

        assert [kind] == [item.kind for item in found.marks]
        assert text not in found.text
        place = found.marks[0]
        assert found.text[place.start : place.end] in (mark or found.text)
        assert mark in found.text


@pytest.mark.parametrize(
    "text",
    [
        "version 1.2.3",
        "at 10:20:30 on 2024-01-15",
        "std::vector",
        "1,000,000원",
        "call list_of_many_long_names(a, b) twice",
        "4111 1111 1111 1112",
        "991399-1234567",
        "https://h.kr/path",
        "@team, what now?",
    ],
)
def test_what_only_looks_alike_stays(text):
    """Dates, versions, names of code and numbers without the check sum are left alone."""
    assert text == redact(text).text


def test_a_card_beside_another_number_is_found():
    """A digit that follows a card number after a space does not hide it."""
    assert "0000 0000 0000 0000 5월" == redact("4111 1111 1111 1111 5월").text


PIECES = st.sampled_from(
    [text for _, text, _ in FOUND] + ["hello", "안녕하세요", "7분", "12", "!", "a@", "?", "\n"]
)


@given(st.lists(PIECES, max_size=8).map(" ".join))
def test_marks_stand_where_they_say_and_what_is_around_them_stays(text):
    """Between the marks the text is what it was, in the same order."""
    found = redact(text)
    rest = found.text
    for mark in reversed(found.marks):
        rest = rest[: mark.start] + "\0" + rest[mark.end :]
    position = 0
    for piece in rest.split("\0"):
        position = text.index(piece, position) + len(piece)


@given(st.lists(PIECES, max_size=8).map(" ".join))
def test_marks_keep_the_number_of_words_and_the_punctuation(text):
    """As many words and the same punctuation marks remain, which rhythm is measured by."""
    shown = redact(text).text

    assert len(text.split()) == len(shown.split())
    assert [c for c in text if c in ".,!?;:"] == [c for c in shown if c in ".,!?;:"]


@pytest.mark.parametrize("text", [text for _, text, _ in FOUND])
def test_the_language_stays(text):
    """A Korean sentence stays Korean, and an English one English."""
    for sentence in (f"{text}로 보내 주세요", f"send it to {text}"):
        assert detect_language(sentence) is detect_language(redact(sentence).text)


@pytest.mark.parametrize(
    "hostile",
    ["a", "1", "1 ", "a.", ":", "http://", "0-", "a1", "token=", "+1 ", "ab:", "@a.", "eyJ."],
)
def test_no_text_takes_long(hostile):
    """A text of 32,000 characters that is made to take long takes less than ten seconds."""
    began = time.monotonic()
    redact((hostile * 32_000)[:32_000])

    assert time.monotonic() - began < 10
