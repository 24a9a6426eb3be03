"""Summaries made of a conversation's own sentences."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ion_framework.summarizing.extractive import _choose, extract
from ion_framework.summarizing.ranking import candidates
from ion_framework.summarizing.sentences import sentences
from ion_framework.summarizing.speech import speeches

KOREAN = """
User: 안녕하세요! 어제 배포한 뒤로 결제 API가 계속 500 에러를 내고 있어요. 당황스럽네요 ㅠㅠ
Assistant: 많이 놀라셨겠어요. 먼저 로그를 확인해 볼까요? 어떤 예외가 찍혀 있나요?
User: DB 커넥션 풀이 고갈됐다는 메시지가 반복돼요. 풀 크기는 10인데 워커를 8개로 늘렸어요.
Assistant: 그렇다면 원인은 워커 수 증가로 보입니다. 워커마다 풀을 가지기 때문에 연결이 넘칩니다.
User: 그럼 풀 크기를 줄이는 게 나을까요, 아니면 PgBouncer를 써야 할까요?
Assistant: 단기적으로는 풀 크기를 5로 줄이고, 장기적으로는 PgBouncer 도입을 권합니다.
User: 풀 크기를 5로 줄여서 배포했더니 에러가 사라졌어요! 다음 주까지 도입하기로 결정했어요.
Assistant: 잘됐네요. 모니터링 알람도 꼭 걸어 두세요.
""".strip().splitlines()
ENGLISH = """
User: Hi! I've been offered two jobs and I can't decide. One is at a startup, the other at a bank.
Mentor: Congratulations. What matters most to you in the next three years?
User: Learning. But my partner is pregnant, so stability matters too. The bank pays 20% more.
Mentor: Then ask the startup about parental leave before the deadline. When is it?
User: Friday. I'll ask both for their leave policy and decide on Thursday evening.
Mentor: Good plan. Because stability matters more, the bank is the default unless they match it.
""".strip().splitlines()
MATERIAL = """
서버가 배포를 오류는 내일 결정했어요 확인해 주세요 database fails deploy tomorrow we agreed
because the User: Kim: . ? ! ㅋㅋ ... 1.
"""
WORDS = st.sampled_from(MATERIAL.split())
TALK = st.lists(st.lists(WORDS, max_size=60).map(" ".join), max_size=20)


def test_korean_dialogue_keeps_problem_cause_and_decision():
    """A Korean dialogue is summarised by what fails, the remedy and what was decided."""
    summary = extract(KOREAN, 400)

    assert "결제 API가 계속 500 에러를 내고 있어요." in summary
    assert "풀 크기를 5로 줄" in summary
    assert "결정했어요." in summary
    assert "안녕하세요" not in summary
    assert "잘됐네요" not in summary


def test_english_dialogue_keeps_question_and_outcome():
    """An English dialogue is summarised by the choice to be made and its outcome."""
    summary = extract(ENGLISH, 400)

    assert "I've been offered two jobs and I can't decide." in summary
    assert "the bank is the default" in summary
    assert "Congratulations" not in summary


def test_lines_keep_speaker_and_order():
    """Every line is a bullet with the mark of its speaker, in the order of the conversation."""
    lines = extract(ENGLISH, 500).splitlines()
    places = [
        next(
            n for n, message in enumerate(ENGLISH) if line[2:40] in message or line[-20:] in message
        )
        for line in lines
    ]

    assert all(line.startswith(("- User: ", "- Mentor: ")) for line in lines)
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@given(TALK, st.integers(1, 900))
def test_summaries_are_bounded_and_deterministic(messages: list[str], characters: int):
    """A summary keeps to its length, and the same messages give the same summary."""
    summary = extract(messages, characters)

    assert len(summary) <= characters
    assert summary == extract(messages, characters)
    assert bool(summary) == any(message.strip() for message in messages)


@given(TALK, st.integers(1, 900))
def test_sentences_are_the_messages_own(messages: list[str], characters: int):
    """Every chosen sentence stands in its message, in order, and none is chosen twice."""
    said = speeches(messages)
    own = [sentences(speech.text) for speech in said]
    chosen = _choose(candidates(own), said, characters)

    assert all(one.text in own[one.message] for one in chosen)
    assert [one.index for one in chosen] == sorted({one.index for one in chosen})
    assert len({one.text for one in chosen}) == len(chosen)


def test_repeats_are_said_once():
    """What is said again, in the same or nearly the same words, stands once in the summary."""
    messages = [
        "The database connection pool is exhausted after every deployment.",
        "The database connection pool is exhausted after every deployment!",
        "Again the database connection pool is exhausted after the deployment.",
        "Lunch is at noon in the canteen on the second floor.",
    ]

    assert extract(messages, 800).count("pool") == 1
    assert "Lunch" in extract(messages, 800)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [([], ""), ([" "], ""), (["?!"], "?!"), (["User: ..."], "..."), (["x" * 230], "x" * 99 + "…")],
)
def test_little_is_enough(messages: list[str], expected: str):
    """Where there is no sentence with a word that fits, the beginning of what was said is taken."""
    assert extract(messages, 100) == expected


@pytest.mark.parametrize(
    "messages",
    [KOREAN * 300, [f"Number {n} met number {n * 7919 % 4001} in town." for n in range(5000)]],
)
def test_a_long_conversation_takes_seconds_at_most(messages: list[str]):
    """A conversation of 100,000 characters and more is summarised in linear time."""
    started = time.perf_counter()
    summary = extract(messages, 800)

    assert 0 < len(summary) <= 800
    assert time.perf_counter() - started < 20
