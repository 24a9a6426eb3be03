"""What the components of a resonance key mean for an answer, in words, per language."""

from __future__ import annotations

from collections.abc import Mapping

from ion_framework.domain.key import Intent, Pace, Tone
from ion_framework.domain.language import Language

LANGUAGE_NAMES: Mapping[Language, str] = {Language.ENGLISH: "English", Language.KOREAN: "한국어"}

TONE_WORDS: Mapping[Language, Mapping[Tone, str]] = {
    Language.ENGLISH: {
        Tone.FRUSTRATED: "frustrated: something keeps failing or feels unfair",
        Tone.PLAYFUL: "playful: light, joking, in good spirits",
        Tone.ANXIOUS: "anxious: worried about what may go wrong",
        Tone.ANALYTICAL: "analytical: weighing evidence, comparing, measuring",
        Tone.CALM: "calm: no marked emotion",
        Tone.CURIOUS: "curious: eager to understand",
        Tone.URGENT: "urgent: it has to happen now",
        Tone.CONFUSED: "confused: the pieces do not fit together yet",
        Tone.COLLABORATIVE: "collaborative: wants to work on it together or with a team",
    },
    Language.KOREAN: {
        Tone.FRUSTRATED: "답답함: 뭔가 자꾸 안 되거나 억울하다",
        Tone.PLAYFUL: "장난스러움: 가볍고 유쾌하며 기분이 좋다",
        Tone.ANXIOUS: "불안함: 잘못될까 봐 걱정한다",
        Tone.ANALYTICAL: "분석적임: 근거를 따지고 비교하고 측정한다",
        Tone.CALM: "차분함: 두드러진 감정이 없다",
        Tone.CURIOUS: "궁금함: 알고 싶어 한다",
        Tone.URGENT: "다급함: 지금 당장 해결되어야 한다",
        Tone.CONFUSED: "혼란스러움: 아직 앞뒤가 맞지 않는다",
        Tone.COLLABORATIVE: "협력적임: 함께, 또는 팀과 해결하고 싶어 한다",
    },
}

PACE_WORDS: Mapping[Language, Mapping[Pace, str]] = {
    Language.ENGLISH: {
        Pace.BURST: "burst: short, quick strokes; answer briefly and put the point first",
        Pace.FLOWING: "flowing: an easy stream of thought; answer in connected prose",
        Pace.CONTEMPLATIVE: "contemplative: long and considered; take the room that depth needs",
        Pace.MEDIUM: "medium: an ordinary pace; answer in ordinary length",
    },
    Language.KOREAN: {
        Pace.BURST: "짧고 빠름: 요점부터 짧게 답한다",
        Pace.FLOWING: "자연스럽게 이어짐: 이어지는 문장으로 답한다",
        Pace.CONTEMPLATIVE: "길고 깊음: 깊이가 필요한 만큼 충분히 답한다",
        Pace.MEDIUM: "보통: 보통 길이로 답한다",
    },
}

INTENT_WORDS: Mapping[Language, Mapping[Intent, str]] = {
    Language.ENGLISH: {
        Intent.SEEK_ADVICE: "advice: wants to know what you would do, and why",
        Intent.PROBLEM_SOLVING: "problem solving: wants the cause found and removed",
        Intent.LEARNING: "learning: wants to understand",
        Intent.VALIDATION: "validation: wants to know whether something is right",
        Intent.PLANNING: "planning: wants steps, an order and dates",
        Intent.REFLECTION: "reflection: looks back and makes sense of it",
    },
    Language.KOREAN: {
        Intent.SEEK_ADVICE: "조언: 어떻게 하면 좋을지, 왜 그런지 알고 싶다",
        Intent.PROBLEM_SOLVING: "문제 해결: 원인을 찾아 없애고 싶다",
        Intent.LEARNING: "배움: 이해하고 싶다",
        Intent.VALIDATION: "확인: 맞는지 확인하고 싶다",
        Intent.PLANNING: "계획: 단계와 순서, 일정이 필요하다",
        Intent.REFLECTION: "돌아봄: 지난 일을 돌아보고 의미를 찾는다",
    },
}

GUIDANCE: Mapping[Language, str] = {
    Language.ENGLISH: (
        "How this message reads ({{resonance_key}}):\n"
        "- tone: {{tone}}\n- pace: {{pace}}\n- intent: {{intent}}\n"
        "Let this shape the answer; do not mention it. Answer in {{language}}."
    ),
    Language.KOREAN: (
        "이 메시지의 결({{resonance_key}}):\n"
        "- 감정: {{tone}}\n- 속도: {{pace}}\n- 의도: {{intent}}\n"
        "답변에 자연스럽게 반영하되 이 분석을 언급하지 않는다. {{language}}로 답한다."
    ),
}
"""The guidance text of a persona that brings none of its own."""

USER_WORDS: Mapping[Language, str] = {Language.ENGLISH: "the user", Language.KOREAN: "사용자"}
"""What texts call whoever writes to a persona."""

ORIGINAL_SYSTEM: Mapping[Language, str] = {
    Language.ENGLISH: (
        "You are {{persona_name}}. Write {{persona_name}}'s next message, stay in character, and "
        "never speak for {{user_name}}."
    ),
    Language.KOREAN: (
        "당신은 {{persona_name}}입니다. {{persona_name}}의 다음 말을 쓰고, 성격을 끝까지 유지하며, "
        "{{user_name}}의 말을 대신 쓰지 않습니다."
    ),
}
"""What ``{{original}}`` stands for in a system text."""

NOT_THE_USER: Mapping[Language, str] = {
    Language.ENGLISH: "(For {{persona_name}}; {{user_name}} did not write this.)",
    Language.KOREAN: "({{persona_name}}에게: {{user_name}}가 쓴 글이 아닙니다.)",
}
"""What stands over a text of the persona's on the user's side of a conversation."""

REFUSALS: Mapping[Language, str] = {
    Language.ENGLISH: (
        "I can't answer this the way it is put. Tell me what you are trying to do, in other words "
        "or with less detail, and I will help where I can."
    ),
    Language.KOREAN: (
        "지금 적어 주신 그대로는 답해 드릴 수 없어요. 무엇을 하려는지 다른 말로, 또는 조금 덜 "
        "자세히 알려 주시면 도울 수 있는 데까지 도와드릴게요."
    ),
}
"""What a persona says where its model declines to answer, and it brings no words of its own."""
