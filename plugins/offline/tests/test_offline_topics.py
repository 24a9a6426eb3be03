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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("돌이켜 보면 제가 너무 서둘렀어요", []),
        ("그때를 돌아보면 말을 아꼈어야 했어요", ["그때"]),
        ("지나고 나서 생각해 보니 제가 옳지 않았어요", []),
        ("발표를 앞두고 자꾸 떨려서 잠이 안 와요", ["발표", "잠"]),
        ("면접에서 떨어질까 봐 무서워요", ["면접"]),
        ("다 망쳐 버릴 것 같아서 불안해요", []),
        ("친구한테 심하게 말해 버려서 후회돼요", ["친구", "후회"]),
        ("갑자기 눈물이 쏟아져 나와요", ["눈물"]),
        ("올해를 되돌아 보면서 많이 배웠어요", []),
        ("혼자 남겨져 버린 느낌이에요", []),
        ("내려놓고 가고 싶은데 잘 안돼요", []),
        ("점점 커져 가는 걱정을 멈출 수가 없어요", []),
        ("아이에게 화를 내고 나면 늘 미안해져요", []),
        ("부모님께 솔직하게 털어놓지 못했어요", ["부모님"]),
        ("견뎌 온 시간이 헛된 것 같아요", []),
        ("이대로 괜찮을지 모르겠어요", []),
        ("회사를 그만두면 후회할까 두려워요", ["회사", "후회"]),
        ("검사 결과를 기다리는데 심장이 두근거려요", ["검사 결과", "심장"]),
        ("실수하면 어쩌나 싶어서 손이 떨려요", ["손"]),
        ("멀어져 간 친구를 생각하면 마음이 아파요", ["친구"]),
        ("저는 왜 늘 참아 주기만 했을까요", []),
        ("다시 시작해 보려고 해도 용기가 안 나요", ["용기"]),
        ("그 시절로 돌아가면 다르게 살고 싶어요", ["시절"]),
        ("이사를 가고 나서 외로워졌어요", ["이사"]),
        ("밤이 되면 가슴이 답답해져요", ["가슴"]),
        ("남들과 비교하게 되어 괴로워요", ["남들"]),
        ("쉬어 가도 괜찮을까요", []),
        ("첫 직장을 떠나며 느낀 점을 적어 보고 싶어요", ["직장"]),
        ("시험을 망칠까 봐 밥도 못 먹겠어요", ["시험", "밥"]),
        ("지쳐 쓰러질 것 같아요", []),
        ("엄마를 떠올려 보니 미안한 마음이 들어요", ["엄마"]),
        ("조급하게 굴어서 일을 그르쳤어요", []),
        ("흘려 보낸 시간이 아까워요", []),
        ("잘 버텨 줘서 고맙다고 말해 주고 싶어요", []),
        ("영어 보고서를 배려 있게 쓰고 싶어요", ["영어 보고서", "배려"]),
    ],
)
def test_korean_verb_forms_are_nobodys_topic(text: str, expected: list[str]) -> None:
    """What a reflective or anxious Korean message is about is a noun or nothing."""
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
