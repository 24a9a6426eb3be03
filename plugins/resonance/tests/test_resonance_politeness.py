"""How politely something is said changes neither tone nor intent."""

from __future__ import annotations

from ion_resonance.analyzer import analyze

LEVELS = (
    (
        "로그인이 안 돼요. 어떻게 고치나요?",
        "로그인이 안 됩니다. 어떻게 고칩니까?",
        "로그인이 안 돼. 어떻게 고쳐?",
    ),
    (
        "발표를 망칠까 봐 걱정돼요.",
        "발표를 망칠까 봐 걱정됩니다.",
        "발표를 망칠까 봐 걱정돼.",
    ),
    (
        "프로세스와 스레드의 차이를 설명해 주세요.",
        "프로세스와 스레드의 차이를 설명해 주십시오.",
        "프로세스와 스레드의 차이를 설명해 줘.",
    ),
    (
        "이 쿼리가 맞는지 확인해 주세요.",
        "이 쿼리가 맞는지 확인해 주십시오.",
        "이 쿼리가 맞는지 확인해 줘.",
    ),
    (
        "정말 짜증 나요. 또 실패했어요.",
        "정말 짜증 납니다. 또 실패했습니다.",
        "정말 짜증 나. 또 실패했어.",
    ),
    (
        "두 방식의 장단점을 비교해 주세요.",
        "두 방식의 장단점을 비교해 주십시오.",
        "두 방식의 장단점을 비교해 줘.",
    ),
    (
        "다음 달 계획을 같이 세워 봐요.",
        "다음 달 계획을 같이 세워 봅시다.",
        "다음 달 계획을 같이 세워 보자.",
    ),
    (
        "이직을 해야 할지 고민이에요.",
        "이직을 해야 할지 고민입니다.",
        "이직을 해야 할지 고민이야.",
    ),
    (
        "문서마다 말이 달라서 헷갈려요.",
        "문서마다 말이 달라서 헷갈립니다.",
        "문서마다 말이 달라서 헷갈려.",
    ),
    (
        "급해요. 십 분 안에 답이 필요해요.",
        "급합니다. 십 분 안에 답이 필요합니다.",
        "급해. 십 분 안에 답이 필요해.",
    ),
    (
        "돌이켜 보니 제가 너무 서둘렀어요.",
        "돌이켜 보니 제가 너무 서둘렀습니다.",
        "돌이켜 보니 내가 너무 서둘렀어.",
    ),
    (
        "바닷물은 왜 짠지 궁금해요.",
        "바닷물은 왜 짠지 궁금합니다.",
        "바닷물은 왜 짠지 궁금해.",
    ),
)


def labels(text: str) -> str:
    """The tone and the intent that a message is read with."""
    key = analyze(text, source="r").key
    return f"{key.tone}-{key.intent}"


def test_korean_speech_levels_read_the_same():
    """Of twelve messages in 해요체, 합니다체 and 반말 at least eight read the same in all three."""
    read = {messages[0]: tuple(map(labels, messages)) for messages in LEVELS}
    apart = {text: found for text, found in read.items() if len(set(found)) > 1}

    assert len(apart) <= len(LEVELS) / 3, apart


def test_a_polite_request_is_calm():
    """Of six politeness levels of one plain request at least five are calm."""
    endings = ("주세요", "주십시오", "줘", "줘요", "주시겠어요?", "주시겠습니까?")
    read = {ending: labels(f"이 문단을 번역해 {ending}") for ending in endings}
    wrong = {ending: found for ending, found in read.items() if not found.startswith("calm-")}

    assert len(wrong) <= 1, wrong


REQUESTS = (
    "Explain how a hash map works.",
    "Check my proof.",
    "Compare the two plans by cost.",
    "Make a study plan for March.",
    "Translate this paragraph.",
    "Fix the typo in line three.",
)


def test_please_rarely_changes_a_reading():
    """Of six requests at least four read the same without please, with it in front and behind."""
    read = {text: set(map(labels, with_and_without_please(text))) for text in REQUESTS}
    apart = {text: found for text, found in read.items() if len(found) > 1}

    assert len(apart) <= 2, apart


def with_and_without_please(text: str) -> tuple[str, ...]:
    """A request as it is, and with please in front and behind."""
    bare = text.rstrip(".")
    return text, f"Please {bare[0].lower()}{bare[1:]}.", f"{bare}, please."
