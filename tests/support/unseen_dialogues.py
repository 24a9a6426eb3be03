"""Dialogues by which no threshold was chosen: written first, measured once, and never changed.

Before the measurement it was laid down what each kind ought to do: a ``drift`` and an ``abrupt``
change of mood that lasts change hands once, a ``steady`` conversation never does, and an
``oscillating`` one at most once. Whoever adjusts a threshold by what they show has to say that they
are no longer unseen, and write others.
"""

from __future__ import annotations

UNSEEN = {
    "drift": {
        "ko: refund, then moving plan": (
            "환불이 왜 이렇게 오래 걸려요? 벌써 삼 주째라 정말 화가 나네요",
            "상담원마다 말이 달라서 짜증이 이만저만이 아니에요",
            "그래도 오늘 처리해 준다고 하니 일단 기다려 볼게요",
            "그건 그렇고 다음 달 이사 준비를 어떤 순서로 할지 계획을 세우고 싶어요",
            "날짜별로 할 일을 나눠서 일정표로 정리해 주세요",
            "짐 싸기와 청소는 어느 주에 넣는 게 좋을지도 계획에 넣어 주세요",
        ),
        "ko: worry, then learning": (
            "내일이 첫 발표인데 실수할까 봐 너무 떨리고 걱정돼요",
            "질문에 대답을 못 하면 어쩌나 불안해서 잠이 안 와요",
            "말씀 들으니 조금 진정이 되네요",
            "그런데 사람은 왜 긴장하면 심장이 빨리 뛰는지 궁금해요",
            "교감 신경이 정확히 어떤 원리로 작동하는지 알려 주세요",
            "호흡이 느려지면 왜 진정되는지도 배우고 싶어요",
        ),
        "en: printer, then course": (
            "The printer jammed for the fifth time today and I'm losing my patience.",
            "Honestly, this thing makes me so angry, support just hangs up on me.",
            "Fine, it printed at last.",
            "Since I have time now: I'd like to understand how laser printers actually work.",
            "How does the drum know where to put the toner? I'm curious.",
            "And why does the paper come out warm? Can you explain the physics?",
        ),
        "en: exam nerves, then schedule": (
            "My final exam is in three weeks and I'm scared I'll fail.",
            "I keep panicking whenever I open the textbook.",
            "Okay, breathing helped a little, thanks.",
            "Can we draw up a study schedule with a topic for each day?",
            "Put the hardest chapters first and leave the last two days for revision.",
            "Please add checkpoints so that I can track the plan every weekend.",
        ),
    },
    "steady": {
        "ko: cooking questions": (
            "발효와 부패는 무엇이 다른지 궁금해요",
            "김치 유산균은 어떤 조건에서 잘 자라나요?",
            "소금 농도가 높으면 왜 다른 균이 못 사는지 알고 싶어요",
            "된장도 같은 원리인지 설명해 주세요",
            "온도가 달라지면 맛이 어떻게 변하는지도 궁금합니다",
        ),
        "ko: angry at the landlord": (
            "집주인이 보일러를 안 고쳐 줘서 화가 나 미치겠어요",
            "전화도 안 받고 문자도 무시해요. 진짜 열받아요",
            "이 추위에 찬물로 씻으라니 말이 되나요?",
            "벌써 열흘째예요. 너무 답답하고 짜증나요",
        ),
        "en: planning a wedding": (
            "Let's plan my sister's wedding: what has to be booked first?",
            "Please break the preparations down by month.",
            "Which tasks can run in parallel, and who should own them?",
            "Set deadlines for the invitations and the caterer.",
            "Now turn all of that into a checklist in order.",
        ),
        "en: worried about a cat": (
            "My cat hasn't eaten since yesterday and I'm really worried.",
            "The vet is closed until Monday, what if she gets worse?",
            "I'm so anxious, she just lies there.",
            "I'm afraid I'll wake up and find her gone.",
        ),
    },
    "oscillating": {
        "ko: marathon, anger and plan": (
            "또 무릎이 아파서 훈련을 못 했어요. 속상하고 화나요",
            "대회까지 남은 열 주의 훈련 계획을 짜 주세요",
            "비까지 와서 오늘도 망했어요. 정말 짜증나요",
            "주차별 거리 목표를 표로 정리해 주세요",
            "왜 나만 이렇게 운이 없는지 답답해요",
            "마지막 두 주는 어떻게 조절할지 단계별로 계획해 주세요",
        ),
        "ko: investing, worry and curiosity": (
            "주식이 계속 떨어져서 너무 불안해요",
            "금리가 오르면 왜 채권 가격이 내려가는지 궁금해요",
            "이러다 다 잃을까 봐 걱정돼서 잠을 못 자요",
            "배당은 어떤 기준으로 정해지는지 알려 주세요",
            "오늘도 떨어졌어요. 겁이 나요",
            "환율은 어떻게 결정되는지 배우고 싶어요",
        ),
        "en: garden, anger and curiosity": (
            "The snails ate every single lettuce, I'm furious!",
            "How do snails find the plants in the dark?",
            "They got the strawberries too, I hate this!",
            "Why does copper keep them away, chemically?",
            "Another bed ruined, this is so annoying!",
            "What role do snails play in the ecosystem?",
        ),
        "en: thesis, worry and plan": (
            "I'm terrified my supervisor will reject the draft.",
            "Let's schedule the remaining chapters week by week.",
            "What if the whole idea is wrong? I can't stop worrying.",
            "Please list the milestones until submission.",
            "I feel sick with nerves again.",
            "Add a buffer of a week to the plan, please.",
        ),
    },
    "abrupt": {
        "ko: chat, then outage": (
            "블랙홀은 어떻게 생기는지 궁금해요",
            "사건의 지평선이 무엇인지도 설명해 주세요",
            "아 진짜! 노트북이 또 멈췄어요! 너무 짜증나요!",
            "저장도 안 됐는데 다 날아갔어요! 미치겠네 정말!",
            "세 번째예요! 화가 나서 던져 버리고 싶어요!",
        ),
        "ko: anger, then budget plan": (
            "택배가 또 사라졌어요! 정말 화나네요!",
            "고객센터는 전화도 안 받아요! 짜증나 죽겠어요!",
            "내년 예산 계획을 분기별로 세워 주세요",
            "항목별 우선순위와 마감일도 정해 주세요",
            "단계별 실행 계획을 표로 정리해 주세요",
        ),
        "en: recipe plan, then panic": (
            "Plan the meals for the week, one dinner per day.",
            "Add a shopping list in the order of the shelves.",
            "Oh no, my daughter can't breathe properly, I'm so scared!",
            "I'm panicking, what if the ambulance is too late?",
            "I'm trembling with fear, please stay with me.",
        ),
        "en: curiosity, then anger": (
            "How do noise-cancelling headphones work?",
            "Is the phase inverted for every frequency? I'd love to know.",
            "Argh, mine just died again, what a piece of junk!",
            "I'm furious, they refuse to replace it!",
            "This company is infuriating, I'm sick and tired of it!",
        ),
    },
}
