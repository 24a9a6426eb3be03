"""What ``ion conversations`` says to people, by language."""

from __future__ import annotations

from ion_framework.domain.language import Language

_TEXTS = {
    "none": {
        Language.ENGLISH: "There is no such conversation.",
        Language.KOREAN: "해당하는 대화가 없습니다.",
    },
    "ask_delete": {
        Language.ENGLISH: "Delete {count} conversations for good?",
        Language.KOREAN: "대화 {count}건을 완전히 삭제할까요?",
    },
    "ask_delete_user": {
        Language.ENGLISH: "Delete {count} conversations with {user} and their feedback for good?",
        Language.KOREAN: "{user} 사용자의 대화 {count}건과 피드백을 완전히 삭제할까요?",
    },
    "deleted": {
        Language.ENGLISH: "Deleted {count} conversations.",
        Language.KOREAN: "대화 {count}건을 삭제했습니다.",
    },
    "missing": {
        Language.ENGLISH: "There is no conversation {id}.",
        Language.KOREAN: "{id} 대화가 없습니다.",
    },
    "backed_up": {
        Language.ENGLISH: "The backup is in {file} ({bytes} bytes).",
        Language.KOREAN: "백업을 {file}에 저장했습니다({bytes}바이트).",
    },
    "ask_restore": {
        Language.ENGLISH: "Replace everything that the store holds by {file}?",
        Language.KOREAN: "저장소의 모든 내용을 {file}의 내용으로 바꿀까요?",
    },
    "restored": {
        Language.ENGLISH: "Restored {count} conversations.",
        Language.KOREAN: "대화 {count}건을 복원했습니다.",
    },
    "left": {
        Language.ENGLISH: "Nothing was changed.",
        Language.KOREAN: "아무것도 바꾸지 않았습니다.",
    },
    "ask_how": {
        Language.ENGLISH: "this needs a yes: answer at a terminal, or add --yes",
        Language.KOREAN: "확인이 필요합니다. 터미널에서 답하거나 --yes를 붙여 주세요",
    },
}


def say(name: str, language: Language, **gaps: object) -> str:
    """A sentence in a language.

    Args:
        name: which sentence.
        language: the language.
        gaps: what stands in its gaps.
    """
    return _TEXTS[name][language].format(**gaps)
