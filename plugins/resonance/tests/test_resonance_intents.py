"""The six intents in messages as people write them to a mentor, in both languages."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze

from ion_framework import Intent

INTENTS = {
    Intent.SEEK_ADVICE: (
        "Should I take the offer or stay with my team?",
        "Which database would you recommend for a small shop?",
        "I need some advice on how to talk to my manager.",
        "Is it worth learning Rust as a web developer?",
        "이직을 할지 말지 고민이에요. 어떻게 하는 게 좋을까요?",
        "초보자에게 맞는 책 추천해 주세요.",
        "팀장님과 갈등이 있는데 조언 부탁드립니다.",
        "둘 중에 어느 쪽이 나을까요?",
    ),
    Intent.PROBLEM_SOLVING: (
        "My server crashes with an out of memory error, how do I fix it?",
        "The tests fail only in CI. Help me debug this.",
        "Compare the two query plans and isolate the cause of the latency",
        "There is a memory leak in our worker and we can't find it.",
        "로그인하면 500 에러가 나는데 어떻게 해결하죠?",
        "배포 후에 서버가 자꾸 죽어요.",
        "메모리 누수 원인을 찾아야 해요.",
        "지금 결제 서버 죽었어요 당장 롤백 방법 알려 주세요",
    ),
    Intent.LEARNING: (
        "What is the difference between a process and a thread?",
        "Explain closures to me in simple terms.",
        "I want to learn how TCP works.",
        "How does a B-tree index work?",
        "클로저가 뭔가요?",
        "TCP와 UDP의 차이를 설명해 주세요.",
        "자료구조를 처음 공부하는데 기초부터 가르쳐 주세요.",
        "인덱스는 어떻게 동작하나요?",
    ),
    Intent.VALIDATION: (
        "Is this correct? I put the lock before the read.",
        "Can you double-check my reasoning here?",
        "Does this look right to you?",
        "I added an index on user_id, am I on the right track?",
        "제가 이해한 게 맞나요?",
        "이렇게 해도 괜찮은지 확인해 주세요.",
        "제 방식이 틀린 건 아닌지 검토 부탁드려요.",
        "이 순서로 락을 잡아도 문제없나요?",
    ),
    Intent.PLANNING: (
        "Help me plan the migration for next quarter.",
        "I need a study schedule for the next six weeks.",
        "Let's set milestones and prioritise the backlog for the sprint.",
        "What should the roadmap for the launch look like by Friday?",
        "다음 분기 로드맵을 세우려고 합니다.",
        "정보처리기사 시험까지 3주 남았는데 공부 계획 좀 짜 주세요.",
        "출시 일정에 맞춰 할 일의 우선순위를 정하고 싶어요.",
        "마이그레이션을 어떤 순서로 진행할지 단계를 나눠 주세요.",
    ),
    Intent.REFLECTION: (
        "Looking back, I realise I should have asked for help earlier.",
        "I've been thinking about what matters to me in my career.",
        "In hindsight it was my mistake, and it taught me a lot.",
        "I used to think that speed was everything.",
        "돌이켜 보니 제가 너무 서둘렀던 것 같아요.",
        "지난 프로젝트에서 느낀 점이 많습니다. 많이 반성하게 되네요.",
        "문득 나는 왜 이 일을 하는지 생각하게 됐어요.",
        "그때 도움을 청했어야 했는데 후회가 남아요.",
    ),
}


@pytest.mark.parametrize(
    ("intent", "text"), [(intent, text) for intent, texts in INTENTS.items() for text in texts]
)
def test_a_message_with_a_clear_aim_is_read_with_that_intent(intent, text):
    """The analyser reads the intent that a person reads."""
    assert intent == analyze(text, source="resonance").intent.primary
