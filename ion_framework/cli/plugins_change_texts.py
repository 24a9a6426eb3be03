"""What the commands that change and show the plugins of a running host say, by language."""

from __future__ import annotations

from ion_framework.domain.language import Language

_KOREAN = {
    "worker": "워커",
    "change": "변경",
    "changed": "바뀜",
    "as it was": "그대로",
    "unknown": "알 수 없음",
    "it did not answer": "응답이 없습니다",
    "plugin": "플러그인",
    "status": "상태",
    "failures": "실패",
    "refused": "거절",
    "loop held": "루프 점유",
    "dropped": "버려짐",
    "reason": "이유",
}


def say(english: str, language: Language) -> str:
    """A word of the tables in a language.

    Args:
        english: the word in English.
        language: the language.
    """
    return english if language is Language.ENGLISH else _KOREAN[english]
