"""Scripted conversations through the installed plugins: how often they are handed over.

Counted are the changes of the persona after its first answer. Where a conversation drifts from one
mood to another it changes hands once; where it stays or goes back and forth, not at all. The
thresholds were chosen by these dialogues; how others fare, `test_conversation_dialogues_unseen.py`
measures.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.dialogues import decisions, handovers

DRIFT = {
    "ko: build, then release plan": (
        "이거 진짜 답답해요! 왜 또 안 되는 거죠?",
        "빌드가 자꾸 실패해서 너무 짜증나요",
        "몇 시간째 해결이 안 돼서 화가 나요",
        "이제 다음 주 배포 계획을 단계별로 세우고 싶어요",
        "일정과 우선순위를 정해서 로드맵을 만들어 주세요",
        "마일스톤별로 해야 할 일을 순서대로 정리해 주세요",
        "출시 일정표를 주차별로 계획해 주세요",
    ),
    "ko: tests, then schedule": (
        "테스트가 계속 깨져서 정말 짜증나요!",
        "아무리 고쳐도 똑같은 오류가 나서 화가 나요",
        "다음 달 일정 계획을 세워 주세요",
        "작업 순서와 마감일을 계획표로 정리해 주세요",
        "단계별 계획에 담당자도 넣어 주세요",
    ),
    "ko: server, then migration plan": (
        "서버가 또 죽었어요. 진짜 너무 답답해요!",
        "왜 이렇게 안 되는지 짜증나 죽겠어요",
        "이전 작업 계획을 단계별로 짜 주세요",
        "일정을 주 단위로 계획해 주세요",
        "로드맵에 우선순위를 정리해 주세요",
        "분기별 계획표도 만들어 주세요",
    ),
    "en: build, then sprint plan": (
        "This is so frustrating, the build keeps failing!",
        "I'm sick of this, nothing works and I hate it.",
        "Let's make a plan for the next sprint step by step, with dates.",
        "Please make a roadmap with milestones for the next quarter.",
        "Please put the tasks of the plan into an order with deadlines.",
        "Please plan the schedule of the release week by week.",
    ),
    "en: login, then roadmap": (
        "I'm so annoyed, the login is broken again!",
        "I am fed up, this stupid error keeps coming back!",
        "Please make a roadmap with milestones for the team.",
        "Please plan the next steps in order, with deadlines.",
        "Please draft a schedule for the quarter.",
    ),
    "en: deploy, then plan": (
        "Ugh, the deployment failed again, this drives me crazy!",
        "I hate this, it never works and I am so frustrated!",
        "I am furious, it broke once more!",
        "Please plan the rollout step by step.",
        "Please make a timeline with milestones for it.",
        "Please list the steps of the plan in order.",
    ),
}

STEADY = {
    "ko: frustrated": (
        "이거 진짜 답답해요! 왜 또 안 되는 거죠?",
        "빌드가 자꾸 실패해서 너무 짜증나요",
        "몇 시간째 해결이 안 돼서 화가 나요",
        "정말 짜증나요. 또 오류가 났어요!",
        "아 진짜 답답해 죽겠어요!",
    ),
    "ko: planning": (
        "일정과 우선순위를 정해서 로드맵을 만들어 주세요",
        "마일스톤별로 해야 할 일을 순서대로 정리해 주세요",
        "출시 일정표를 주차별로 계획해 주세요",
        "이제 다음 주 배포 계획을 단계별로 세우고 싶어요",
    ),
    "ko: learning": (
        "파이썬 데코레이터가 어떻게 동작하는지 궁금해요",
        "제너레이터는 왜 메모리를 적게 쓰는지 궁금해요",
        "코루틴과 스레드의 차이가 궁금해요",
        "이벤트 루프는 어떤 원리인지 배우고 싶어요",
    ),
    "ko: worried": (
        "배포했다가 장애가 날까 봐 불안해요",
        "데이터가 사라질까 봐 걱정돼요",
        "제가 실수할까 봐 너무 불안해요",
        "롤백이 안 될까 봐 걱정이에요",
    ),
    "en: frustrated": (
        "This is so frustrating, the build keeps failing!",
        "I'm sick of this, nothing works and I hate it.",
        "I'm so annoyed, the login is broken again!",
        "I am fed up, this stupid error keeps coming back!",
    ),
    "en: planning": (
        "Please make a roadmap with milestones for the next quarter.",
        "Please plan the schedule of the release week by week.",
        "Please put the tasks of the plan into an order with deadlines.",
        "Please draft a schedule for the quarter.",
    ),
    "en: learning": (
        "I'm curious how Python decorators work.",
        "I wonder why generators need so little memory.",
        "I'm curious about the difference between coroutines and threads.",
        "I would like to learn how an event loop works.",
    ),
    "en: worried": (
        "I'm worried the migration might break production.",
        "I'm afraid that we lose data.",
        "I'm anxious that the rollback will not work.",
        "I'm nervous about the release tonight.",
    ),
}


def _alternating(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    """Two moods in turns."""
    return tuple(text for pair in zip(first, second, strict=False) for text in pair)


OSCILLATING = {
    "ko: frustrated and planning": _alternating(STEADY["ko: frustrated"], STEADY["ko: planning"]),
    "ko: planning and frustrated": _alternating(STEADY["ko: planning"], STEADY["ko: frustrated"]),
    "ko: learning and frustrated": _alternating(STEADY["ko: learning"], STEADY["ko: frustrated"]),
    "ko: worried and planning": _alternating(STEADY["ko: worried"], STEADY["ko: planning"]),
    "en: frustrated and planning": _alternating(STEADY["en: frustrated"], STEADY["en: planning"]),
    "en: planning and frustrated": _alternating(STEADY["en: planning"], STEADY["en: frustrated"]),
    "en: learning and frustrated": _alternating(STEADY["en: learning"], STEADY["en: frustrated"]),
    "en: worried and planning": _alternating(STEADY["en: worried"], STEADY["en: planning"]),
}


@pytest.mark.parametrize("name", DRIFT)
async def test_a_drift_is_handed_over_once(name):
    """A conversation that goes from frustration to planning changes hands exactly once."""
    assert await handovers(DRIFT[name]) == 1


@pytest.mark.parametrize("name", STEADY)
async def test_a_steady_conversation_stays(name):
    """A conversation that keeps its mood never changes hands."""
    assert await handovers(STEADY[name]) == 0


@pytest.mark.parametrize("name", OSCILLATING)
async def test_moods_in_turns_hardly_change_hands(name):
    """A conversation whose mood goes back and forth changes hands at most once."""
    assert await handovers(OSCILLATING[name]) <= 1


async def test_the_receipt_says_who_keeps_it_and_why():
    """The reasons of a message that hands nothing over name both personas and the margin."""
    texts = OSCILLATING["ko: frustrated and planning"][:2]
    reasons = (await decisions(texts))[1].reasons
    assert "keeps the conversation" in reasons[-1]
    assert "hand-over needs 0.5 at once" in reasons[-1]
