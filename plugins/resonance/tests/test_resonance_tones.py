"""The nine tones in messages as people write them to a mentor, in both languages."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze

from ion_framework import Tone

TONES = {
    Tone.FRUSTRATED: (
        "I have been at this for hours and the build still fails. I'm so fed up.",
        "Why won't this stupid test pass? I tried everything!",
        "It broke again, third time today. This is so annoying.",
        "Ugh, the docs are useless and nothing works.",
        "이거 진짜 답답해요! 왜 안 되는 거죠?",
        "몇 시간째 같은 에러만 나와요. 정말 짜증 나네요.",
        "아무리 고쳐도 또 깨져요. 이제 지긋지긋해요.",
        "왜 자꾸 빌드가 실패하는지, 미치겠어요 ㅠㅠ",
        "시키는 대로 다 했는데 또 안 되네. 열받는다 진짜",
    ),
    Tone.PLAYFUL: (
        "Haha, my rubber duck says the bug is a feature.",
        "lol I named my cat Segfault, tell me a joke about pointers",
        "Just for fun, write a haiku about garbage collection 😄",
        "My code is so silly it made me laugh out loud",
        "ㅋㅋㅋㅋ 제 코드가 저보다 말을 더 안 들어요",
        "심심한데 개발자 농담 하나만 해 주세요 ㅎㅎ",
        "재밌는 변수 이름 좀 지어 줘요 ㅋㅋ",
        "오늘 버그랑 술래잡기했어요 ㅎㅎㅎ 웃기죠?",
    ),
    Tone.ANXIOUS: (
        "I'm worried that I'll break production with this change.",
        "I have an interview on Monday and I'm so nervous I can't sleep.",
        "I'm scared my manager will think I'm not good enough.",
        "What if I fail the exam? I feel overwhelmed.",
        "내일 발표인데 너무 떨리고 불안해요.",
        "제가 배포를 망칠까 봐 걱정돼요.",
        "첫 출근인데 실수할까 봐 무서워요 ㅠㅠ",
        "시험에 떨어지면 어떡하죠? 잠이 안 와요.",
    ),
    Tone.ANALYTICAL: (
        "Compare the two query plans and isolate the cause of the latency",
        "Evaluate the trade-offs between event sourcing and CRUD for this workload.",
        "The p95 went from 120 ms to 480 ms after the release; which metrics correlate with it?",
        "Analyse the time complexity of this algorithm and prove that it is optimal.",
        "두 쿼리의 실행 계획을 비교해서 지연의 원인을 분석해 주세요.",
        "이 데이터의 분포를 기준으로 가설을 검증하려면 어떤 통계 기법이 적절한가요?",
        "모놀리스와 마이크로서비스의 장단점을 성능 지표별로 정리해 주세요.",
        "배포 전후의 응답 시간 수치를 비교했을 때 병목이 어디인지 근거를 들어 설명해 주세요.",
    ),
    Tone.CALM: (
        "No rush, whenever you have time, please look at my notes.",
        "Good morning. The project is going well, thank you for your support.",
        "I finished the chapter and wrote a summary of it.",
        "Thanks, that is fine for me.",
        "급하지 않으니 천천히 봐 주셔도 됩니다.",
        "안녕하세요. 덕분에 과제는 순조롭게 진행되고 있습니다. 감사합니다.",
        "어제 3장까지 읽고 내용을 요약해 두었습니다.",
        "여유 있게 하나씩 정리해 보려고 합니다.",
    ),
    Tone.CURIOUS: (
        "I'm curious how the garbage collector decides what to free.",
        "What happens under the hood when I type a URL?",
        "I always wanted to know how compilers optimise loops. Tell me more!",
        "I wonder who invented the semicolon.",
        "파이썬 GIL은 왜 생겼는지 궁금해요.",
        "브라우저는 어떤 원리로 화면을 그리나요?",
        "신기하네요. 해시 테이블은 어떻게 그렇게 빠른가요?",
        "요즘 러스트에 관심이 생겼는데 어떤 점이 흥미로운가요?",
    ),
    Tone.URGENT: (
        "Production is down, I need a rollback right now!",
        "Please answer quickly, the demo starts in 10 minutes.",
        "Urgent: customers are losing orders, help me immediately.",
        "We go live within the hour and the payment page is down, hurry.",
        "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요",
        "급해요! 30분 뒤에 발표인데 화면이 안 나와요.",
        "오늘까지 제출해야 하는데 빨리 좀 도와주세요.",
        "장애가 터졌어요. 즉시 복구해야 합니다.",
    ),
    Tone.CONFUSED: (
        "I don't understand why the same input gives two outputs.",
        "This makes no sense to me, the docs say one thing and the code another.",
        "I'm confused about the difference between a process and a thread.",
        "I have no idea where to start, I'm totally lost.",
        "비동기랑 병렬이 뭐가 다른지 헷갈려요.",
        "설명을 읽어도 무슨 말인지 모르겠어요.",
        "문서랑 코드가 서로 달라서 뭐가 맞는지 이해가 안 돼요.",
        "어디서부터 손을 대야 할지 감이 안 잡혀요.",
    ),
    Tone.COLLABORATIVE: (
        "Let's work on the design together and split the work.",
        "Could we brainstorm some ideas for our project?",
        "My team and I would like your feedback, shall we go through it together?",
        "How about we pair on this module tomorrow?",
        "우리 팀이랑 같이 설계를 고민해 봐요.",
        "함께 아이디어를 모아서 역할을 나눠 봅시다.",
        "팀원들과 의논해서 방향을 정하고 싶은데 같이 논의해 주실래요?",
        "이 문서를 저희랑 나눠서 하면 어떨까요? 페어로 같이 봐요.",
    ),
}


@pytest.mark.parametrize(
    ("tone", "text"), [(tone, text) for tone, texts in TONES.items() for text in texts]
)
def test_a_message_in_a_clear_tone_is_read_in_that_tone(tone, text):
    """The analyser reads the tone that a person reads."""
    assert tone == analyze(text, source="resonance").tone.primary


@pytest.mark.parametrize("text", ["이제 어떻게 해요 ㅠㅠ", "ㅠㅠ 시험 망했어요"])
def test_tears_are_worry_or_annoyance(text):
    """ㅠㅠ speaks for anxious and frustrated, and the rest of the message decides between them."""
    assert analyze(text, source="resonance").tone.primary in {Tone.ANXIOUS, Tone.FRUSTRATED}


def test_tears_beside_a_word_of_fear_are_worry():
    """ㅠㅠ joins the tone of the word that stands with it."""
    assert analyze("너무 무서워요 ㅠㅠ", source="resonance").tone.primary == Tone.ANXIOUS
    assert analyze("너무 짜증나요 ㅠㅠ", source="resonance").tone.primary == Tone.FRUSTRATED


@pytest.mark.parametrize("text", ["ㅋㅋ", "ㅎㅎㅎ", "그렇군요 ㅋㅋㅋ", "이름이 그게 뭐야 ㅎㅎ"])
def test_korean_laughter_is_playful(text):
    """ㅋㅋ and ㅎㅎ read as playful."""
    assert analyze(text, source="resonance").tone.primary == Tone.PLAYFUL


@pytest.mark.parametrize(
    "text",
    [
        "이 코드를 봐 주세요.",
        "이 코드를 봐 줘.",
        "이 코드를 봐 주시겠습니까.",
        "Please read this code.",
        "Read this code.",
    ],
)
def test_politeness_alone_leaves_a_message_calm(text):
    """The politeness level of a plain request is no tone of its own."""
    assert analyze(text, source="resonance").tone.primary == Tone.CALM


def test_exclamation_marks_make_a_word_of_haste_louder():
    """Repeated exclamation marks add to the total of urgent."""
    plain = analyze("빨리 봐 주세요", source="resonance").totals("tone")["urgent"]
    loud = analyze("빨리 봐 주세요!!!", source="resonance").totals("tone")["urgent"]

    assert plain < loud


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("I'm not frustrated at all", Tone.FRUSTRATED),
        ("It isn't really confusing", Tone.CONFUSED),
        ("I am no longer worried", Tone.ANXIOUS),
        ("This is not very urgent", Tone.URGENT),
        ("전혀 답답하지 않아요", Tone.FRUSTRATED),
        ("급하지 않아요", Tone.URGENT),
        ("이제 불안하지는 않아요", Tone.ANXIOUS),
        ("걱정은 안 해요", Tone.ANXIOUS),
        ("급한 건 아니에요", Tone.URGENT),
        ("안 급해요", Tone.URGENT),
        ("걱정 안 해요", Tone.ANXIOUS),
        ("불안할 필요 없어요", Tone.ANXIOUS),
        ("I dont feel anxious", Tone.ANXIOUS),
    ],
)
def test_a_negated_feeling_does_not_count(text, tone):
    """A negated cue gives its tone no weight."""
    assert tone.value not in analyze(text, source="resonance").totals("tone")


@pytest.mark.parametrize("text", ["짜증나 아니 왜 안 돼", "자꾸 안 돼요", "I can't, it's annoying"])
def test_another_clause_negates_nothing(text):
    """An interjection, a negated verb or a negation before the comma leaves the feeling alone."""
    assert "frustrated" in analyze(text, source="resonance").totals("tone")


def test_why_not_is_no_negation():
    """'Why not compare' asks for a comparison."""
    assert "analytical" in analyze("Why not compare them?", source="resonance").totals("tone")


@pytest.mark.parametrize(
    "text",
    [
        "그는 '답답해'라고 썼다",
        "그는 “정말 답답해”라고 썼다",
        "the label `urgent` is set on the ticket",
        'she wrote "this is so frustrating" in her notes',
        "```\nraise UrgentError('panic, hurry')\n```",
        "> I am so fed up\n",
        "https://example.org/urgent/panic",
    ],
)
def test_quoted_text_and_code_do_not_count(text):
    """What stands in quotation marks, code or an address says nothing about the writer's tone."""
    assert analyze(text, source="resonance").totals("tone") == {}


def test_words_around_a_quotation_do_count():
    """Masking a quotation leaves the writer's own words."""
    reading = analyze("'OK'라고만 뜨는데 너무 답답해요", source="resonance")

    assert reading.tone.primary == Tone.FRUSTRATED


def test_an_apostrophe_opens_no_quotation():
    """Contractions are not taken for quoted text."""
    reading = analyze("I don't get why it's so frustrating, isn't it?", source="resonance")

    assert reading.tone.primary == Tone.FRUSTRATED
