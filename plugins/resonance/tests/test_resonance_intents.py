"""The six intents in messages as people write them to a mentor, in both languages."""

from __future__ import annotations

import pytest
from ion_resonance.analyzer import analyze

from ion_framework import Intent

ENGLISH = {
    Intent.SEEK_ADVICE: (
        "Should I tell my manager before I hand in my notice?",
        "I have two offers; which one would you take?",
        "How would you deal with a colleague who rewrites everything I commit?",
        "Would you go for the master's degree or for two years of work?",
        "I could use some advice about saying no to extra work.",
        "I'm torn between staying a developer and becoming a team lead.",
    ),
    Intent.PROBLEM_SOLVING: (
        "The export stops halfway and leaves an empty file.",
        "My login page returns a 502 since the update; how do I get it back?",
        "The build can't find the header although it is installed.",
        "Help me get this loop to stop, it runs forever.",
        "Our printer prints every page twice and restarting doesn't help.",
        "The script crashes with a key error on the second row, what do I have to change?",
    ),
    Intent.LEARNING: (
        "How does a hash map handle two keys with the same hash?",
        "What is the difference between a mutex and a semaphore?",
        "Explain eventual consistency to me with an example.",
        "What does the word idempotent mean?",
        "How do glaciers carve valleys?",
        "Could you teach me the basics of linear algebra?",
    ),
    Intent.VALIDATION: (
        "Is it right that I close the connection in the finally block?",
        "I translated the contract myself; does it read correctly?",
        "Can you check whether my proof holds?",
        "Am I being unreasonable if I ask for the code review in writing?",
        "I put the index on both columns, that's correct, isn't it?",
        "Does my cover letter look good like this?",
    ),
    Intent.PLANNING: (
        "Which steps do I need to take before we move to the new office in March?",
        "Help me make a study plan for the next eight weeks.",
        "In which order should we migrate the four services?",
        "I need a timeline for the thesis, from outline to hand-in.",
        "Let's divide the work for the release between the three of us.",
        "Next month I start at the hospital, so I want to prepare week by week.",
    ),
    Intent.REFLECTION: (
        "Looking back, I should have asked for help in the first week.",
        "I notice that I only speak up in meetings when I'm already angry.",
        "I keep asking myself why I wanted this job in the first place.",
        "That project taught me more about patience than about code.",
        "As a junior I thought that seniors never doubt; now I know better.",
        "Maybe I was never as bad at maths as I told myself.",
    ),
}
KOREAN = {
    Intent.SEEK_ADVICE: (
        "사직서를 내기 전에 팀장님께 먼저 말씀드리는 게 좋을까요?",
        "제안을 두 군데서 받았는데 어느 쪽을 고르는 게 나을까요?",
        "제 커밋을 매번 다시 쓰는 동료를 어떻게 대하면 좋을까요?",
        "대학원에 갈지 이 년 더 일할지 고민입니다.",
        "추가 업무를 거절하는 법에 대해 조언 부탁드려요.",
        "개발자로 남을까요, 팀장을 맡을까요? 선생님이라면 어떻게 하시겠어요?",
    ),
    Intent.PROBLEM_SOLVING: (
        "내보내기가 중간에 멈추고 빈 파일만 남아요.",
        "업데이트한 뒤로 로그인 페이지에서 502가 떠요. 어떻게 고치죠?",
        "헤더가 깔려 있는데도 빌드가 못 찾습니다.",
        "반복문이 끝나질 않는데 멈추게 도와주세요.",
        "프린터가 모든 장을 두 번씩 뽑고 재시작해도 그대로예요.",
        "두 번째 줄에서 키 오류로 죽는데 어디를 고쳐야 하나요?",
    ),
    Intent.LEARNING: (
        "해시맵은 해시가 같은 두 키를 어떻게 처리하나요?",
        "뮤텍스와 세마포어는 무엇이 다른가요?",
        "최종적 일관성을 예를 들어 설명해 주세요.",
        "멱등이라는 말은 무슨 뜻인가요?",
        "빙하는 어떤 원리로 골짜기를 깎나요?",
        "선형대수 기초를 가르쳐 주세요.",
    ),
    Intent.VALIDATION: (
        "연결을 finally에서 닫았는데 이게 맞나요?",
        "계약서를 직접 번역했는데 틀린 데가 없는지 확인해 주세요.",
        "제 증명이 성립하는지 검토해 주실 수 있나요?",
        "리뷰를 글로 남겨 달라고 한 제가 이상한 건 아니죠?",
        "두 열 모두에 인덱스를 걸었는데 이렇게 하면 되는 거 맞죠?",
        "자기소개서를 이렇게 썼는데 괜찮은가요?",
    ),
    Intent.PLANNING: (
        "3월에 새 사무실로 옮기기 전에 어떤 단계를 밟아야 하는지 정리해 주세요.",
        "앞으로 8주 동안의 공부 계획을 짜 주세요.",
        "서비스 네 개를 어떤 순서로 이전할지 일정을 세우고 싶어요.",
        "개요부터 제출까지 논문 일정표가 필요합니다.",
        "출시 준비를 셋이서 어떻게 나눌지 역할과 마감을 정해 봅시다.",
        "다음 달에 병원에서 일을 시작해서 주 단위로 준비하려고 합니다.",
    ),
    Intent.REFLECTION: (
        "돌이켜 보면 첫 주에 도움을 청했어야 했어요.",
        "저는 회의에서 이미 화가 났을 때만 말을 꺼낸다는 걸 깨달았어요.",
        "애초에 이 일을 왜 하고 싶었는지 자꾸 스스로에게 묻게 됩니다.",
        "그 프로젝트에서 코드보다 인내심을 더 많이 배운 것 같아요.",
        "신입 때는 선배들은 흔들리지 않는 줄 알았는데, 이제는 아니라는 걸 알아요.",
        "어쩌면 저는 생각만큼 수학을 못했던 게 아닐지도 모르겠습니다.",
    ),
}


@pytest.mark.parametrize("messages", [ENGLISH, KOREAN], ids=["en", "ko"])
@pytest.mark.parametrize("intent", Intent)
def test_messages_with_a_clear_aim_are_read_with_that_intent(intent, messages):
    """Of six messages with one aim at least four are read with it; two may be borderline."""
    read = {text: analyze(text, source="r").intent.primary for text in messages[intent]}
    wrong = {text: found.value for text, found in read.items() if found != intent}

    assert len(read) == 6
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize(
    "text", ["help", "Help me!", "please help", "도와줘", "도와주세요", "도와 주실 수 있나요?"]
)
def test_a_call_for_help_and_nothing_else_wants_something_mended(text):
    """Whoever only asks for help has a problem, whatever it is."""
    assert analyze(text, source="r").intent.primary == Intent.PROBLEM_SOLVING
