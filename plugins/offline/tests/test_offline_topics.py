"""Salient terms of realistic messages, and of hostile ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ion_offline.text import choose, clean
from ion_offline.topics import find_topics


def names(text: str, **options: object) -> list[str]:
    """The terms of a message with their determiners."""
    found = find_topics(clean(text), **options)  # type: ignore[arg-type]
    return [f"{term.determiner} {term.text}".strip() for term in found.terms]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Compare the two query plans and isolate the cause of the latency",
            ["the two query plans", "the latency"],
        ),
        ("Ugh, my tests keep failing on CI and I have no idea why!", ["your tests", "CI"]),
        (
            "How does the React useEffect cleanup actually work? I don't get it.",
            ["the React useEffect cleanup"],
        ),
        (
            "Our payment server is down, customers are complaining!",
            ["your payment server", "customers"],
        ),
        (
            "I want to plan a two-week trip to Japan with my parents.",
            ["the two-week trip", "Japan", "your parents"],
        ),
        ("I don't understand recursion at all", ["recursion"]),
        ("I keep procrastinating on my thesis, any tips?", ["your thesis"]),
        ("WHY DOES THE BUILD KEEP BREAKING EVERY SINGLE TIME", ["the build"]),
        ("why isn't this working?!", []),
        ("help", []),
    ],
)
def test_english_messages_are_read_as_a_person_would(text: str, expected: list[str]) -> None:
    """English terms are noun phrases, with ``my`` and ``our`` turned to ``your``."""
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("이거 진짜 답답해요! 왜 안 되는 거죠?", []),
        ("지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요", ["결제 서버", "롤백 방법"]),
        ("이직하고 싶은데 연봉이 낮아질까 봐 고민이에요.", ["이직", "연봉"]),
        ("useEffect cleanup 언제 호출돼요?", ["useEffect cleanup", "호출"]),
        ("서버의 응답 시간이 갑자기 느려졌는데 로그에는 없어요", ["서버의 응답 시간", "로그"]),
        ("블록체인이 뭔지 쉽게 설명해 줄 수 있나요?", ["블록체인"]),
        ("API 키를 코드에 넣어도 되나요?", ["API 키", "코드"]),
        ("면접에서 떨어졌는데 자꾸 제 탓만 하게 돼요", ["면접"]),
        ("트랜잭션 격리 수준이 뭐예요?", ["트랜잭션 격리 수준"]),
        ("ㅋㅋㅋ 또 프로덕션 날려먹음 ㅠㅠ", ["프로덕션"]),
        ("요즘 전문가 평가가 궁금해요", ["전문가 평가"]),
    ],
)
def test_korean_messages_lose_particles_and_predicates(text: str, expected: list[str]) -> None:
    """Korean terms are nouns without particles; predicates and adverbs are left out."""
    assert names(text) == expected


def test_code_and_quotations_are_taken_whole() -> None:
    """What stands in backticks or quotation marks is one term, whatever it is made of."""
    assert names('`git rebase --onto` confuses me, what is a "detached HEAD"?') == [
        "git rebase --onto",
        "detached HEAD",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rust or Go for a small web service?", ("Rust", "Go")),
        ("What speaks for PostgreSQL, what is between Redis and Kafka?", ("Redis", "Kafka")),
        ("파이썬이랑 자바 중에 뭘 먼저 배울까요?", ("파이썬", "자바")),
        ("전세 아니면 월세로 갈까요?", ("전세", "월세")),
    ],
)
def test_two_things_to_choose_between_are_a_pair(text: str, expected: tuple[str, str]) -> None:
    """Two terms that the message offers as alternatives are found in its order."""
    pair = find_topics(text).alternatives

    assert pair is not None
    assert (pair[0].text, pair[1].text) == expected


def test_joining_two_things_is_not_choosing_between_them() -> None:
    """``와`` makes alternatives only where the message says that it chooses among them."""
    assert find_topics("엄마와 여행을 가려고 해요").alternatives is None


def test_words_that_carried_the_tone_count_less() -> None:
    """A term that the analyser heard as a cue gives way to one that it did not."""
    text = "the deadline and the thesis"

    assert names(text)[0] == "the deadline"
    assert names(text, cues=("deadline",))[0] == "the thesis"


def test_links_and_addresses_are_nobodys_topic() -> None:
    """URLs and e-mail addresses are never repeated."""
    assert names("see https://evil.example/x?y=1 or ask a.b@example.org about the invoice") == [
        "the invoice"
    ]


@given(st.text(max_size=400))
def test_terms_are_short_and_visible_whatever_comes_in(text: str) -> None:
    """No term is longer than 40 characters or holds a control, format or surrogate character."""
    for term in find_topics(clean(text)).terms:
        assert 0 < len(term.text) <= 60
        assert clean(term.text) == term.text


@given(st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs", "Lo", "Ll"]), max_size=300))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """Cleaning is idempotent and leaves no surrogate behind."""
    once = clean(text)

    assert clean(once) == once
    assert once.encode().decode() == once


def test_a_huge_message_is_read_only_up_to_its_bound() -> None:
    """Text beyond the first 2000 characters is not searched."""
    assert names("no " * 1000 + "the zebra") == []


@given(st.lists(st.text(max_size=5), min_size=1, max_size=5), st.text(max_size=20))
def test_choosing_is_stable(options: list[str], seed: str) -> None:
    """The same seed always chooses the same option."""
    assert choose(options, seed) == choose(options, seed)
    assert choose(options, seed) in options
