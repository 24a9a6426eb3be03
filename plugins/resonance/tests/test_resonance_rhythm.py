"""The four paces, and the measures behind them, in both languages."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze

from ion_framework import Pace

PACES = {
    Pace.BURST: (
        "Help! It broke. Now what?",
        "Server down! Need rollback! Now!",
        "No. Wait. It works!",
        "hello",
        "이거 진짜 답답해요! 왜 안 되는 거죠?",
        "급해요! 빨리요! 서버 죽음!",
        "아니 왜요? 또요?",
        "안 돼요 ㅠㅠ",
    ),
    Pace.MEDIUM: (
        "Compare the two query plans and isolate the cause of the latency",
        "Which database would you recommend for a small shop?",
        "I finished the third chapter of the book yesterday evening.",
        "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요",
        "두 쿼리의 실행 계획을 비교해서 분석해 주세요.",
        "파이썬으로 웹 서버를 만드는 방법을 알려 주세요.",
    ),
    Pace.FLOWING: (
        "I started with the login page and then moved on to the cart, but the tests were slow.",
        (
            "I read the chapter about locks yesterday. The examples were clear to me. "
            "Now I would like to try them in my own project."
        ),
        "We moved the cache, so the page is quick now, but the numbers look odd when it is cold.",
        "로그인부터 만들었는데 생각보다 잘돼서 장바구니도 붙였고, 그다음에 테스트를 쓰려고 해요.",
        (
            "어제는 락에 관한 장을 읽었어요. 예제가 아주 잘 이해됐어요. "
            "이제 제 프로젝트에 적용해 보고 싶어요."
        ),
        "처음에는 잘 됐는데 캐시를 옮기면서 느려졌고, 그래서 지금은 다시 되돌리려고 해요.",
    ),
    Pace.CONTEMPLATIVE: (
        (
            "When I think about the years that I have spent on this product I sometimes ask myself "
            "whether the things that we built still matter to the people who use them every day."
        ),
        (
            "It seems to me that the way in which we review each other's code says more about how "
            "we see one another than about the code that is under review."
        ),
        (
            "지난 몇 년 동안 이 제품을 만들면서 내가 정말로 하고 싶었던 일이 무엇이었는지를 "
            "조용히 돌이켜 생각해 보게 되는 밤입니다."
        ),
        (
            "우리가 서로의 코드를 읽고 고치는 방식이야말로 우리가 서로를 어떻게 바라보는지를 "
            "가장 솔직하게 보여 주는 거울이 아닐까 하는 생각이 듭니다."
        ),
    ),
}


@pytest.mark.parametrize(
    ("pace", "text"), [(pace, text) for pace, texts in PACES.items() for text in texts]
)
def test_a_message_is_read_at_its_pace(pace, text):
    """Short strokes, linked sentences and long ones are told apart in both languages."""
    assert pace == analyze(text, source="resonance").rhythm.pace


def test_the_measures_are_those_of_the_message():
    """Sentences, words per sentence, punctuation, questions and exclamations are counted."""
    rhythm = analyze("Stop! Why does it fail?", source="resonance").rhythm

    assert (
        rhythm.sentences,
        rhythm.words_per_sentence,
        rhythm.punctuation_density,
        rhythm.question_ratio,
        rhythm.exclamation_ratio,
    ) == (2, 2.5, 0.087, 0.5, 0.5)


def test_a_version_number_ends_no_sentence():
    """A full stop inside a word is part of the word."""
    assert analyze("I use Python 3.11 and aiohttp 3.14.4 here", source="r").rhythm.sentences == 1


def test_korean_sentences_without_marks_are_told_apart():
    """A polite final ending closes a sentence even where no mark does."""
    assert analyze("서버가 죽었어요 빨리 봐 주세요", source="resonance").rhythm.sentences == 2


def test_necessary_is_no_final_ending():
    """The word 필요 ends no sentence, although it ends in 요."""
    assert analyze("도움이 필요 없는 사람은 없다", source="resonance").rhythm.sentences == 1


def test_a_block_of_code_counts_as_a_word():
    """Code that somebody pastes does not make a message long-winded."""
    code = "\n".join(f"line_{number} = compute({number})" for number in range(40))

    rhythm = analyze(f"Please fix this\n```\n{code}\n```", source="r").rhythm
    assert (rhythm.sentences, rhythm.words_per_sentence) == (2, 2.0)
