"""The closed lists of labels and what each means, in English and Korean, as the model reads it."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework import Intent, Tone

TONES: Mapping[Tone, tuple[str, str]] = {
    Tone.FRUSTRATED: (
        "annoyed, fed up, worn down by what keeps failing or is unfair; about what has gone wrong",
        "짜증, 실망, 지침; 반복되는 실패나 부당함에 대한 불만",
    ),
    Tone.PLAYFUL: (
        "jokes, teases, exaggerates for fun; not mere friendliness",
        "농담, 장난, 재미로 하는 과장; 단순한 친절은 아님",
    ),
    Tone.ANXIOUS: (
        "fears an outcome, doubts itself, cannot rest for it; about what might go wrong",
        "결과에 대한 걱정, 자기 의심, 불안; 앞으로 잘못될까 봐 걱정함",
    ),
    Tone.ANALYTICAL: (
        "takes apart: compares, weighs causes, figures, conditions, or asks for such reasoning",
        "비교하고 원인·수치·조건을 따짐, 또는 그런 추론을 청함",
    ),
    Tone.CALM: (
        "even and matter-of-fact, or content; only where no other label fits",
        "담담하거나 만족스러움; 다른 이름이 모두 맞지 않을 때만",
    ),
    Tone.CURIOUS: (
        "wonders, asks out of interest, explores ideas; is not lost",
        "흥미에서 나온 궁금함, 아이디어 탐색; 헤매는 것은 아님",
    ),
    Tone.URGENT: (
        "there is no time: a deadline within minutes or hours, an emergency, an answer at once",
        "시간이 없음: 몇 분이나 몇 시간 안의 마감, 비상 상황, 즉답 요구",
    ),
    Tone.CONFUSED: (
        "is lost: contradictory information, does not follow, cannot tell which; without dread",
        "갈피를 못 잡음: 정보가 어긋나거나 이해되지 않음; 두려움은 없음",
    ),
    Tone.COLLABORATIVE: (
        "invites to do something together, shares work; not a plain request for help",
        "함께 하자고 청하거나 일을 나눔; 단순한 도움 요청은 아님",
    ),
}

INTENTS: Mapping[Intent, tuple[str, str]] = {
    Intent.SEEK_ADVICE: (
        "guidance for a decision or conduct of their own: what should I do, which should I choose",
        "자신의 결정이나 처신에 대한 조언: 어떻게 할지, 무엇을 고를지",
    ),
    Intent.PROBLEM_SOLVING: (
        "something broken, blocked or missing made to work; also a fault that is only reported",
        "고장 나거나 막힌 것의 해결; 질문 없이 문제만 알리는 경우도",
    ),
    Intent.LEARNING: (
        "to know or understand: facts, explanations, how something works",
        "지식과 이해: 사실, 설명, 작동 방식",
    ),
    Intent.VALIDATION: (
        "a check of something they already have: is this right, does it look good",
        "이미 가진 것의 확인: 이게 맞는지, 괜찮은지",
    ),
    Intent.PLANNING: (
        "steps, order, dates, preparation for what lies ahead",
        "앞일의 단계, 순서, 일정, 준비",
    ),
    Intent.REFLECTION: (
        "to think aloud about themselves or what happened; often asks nothing",
        "자신이나 지난 일을 돌아봄; 묻는 것이 없을 때가 많음",
    ),
}
