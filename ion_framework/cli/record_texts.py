"""What ``ion record`` says to people, by language."""

from __future__ import annotations

from ion_framework.domain.language import Language

_TEXTS = {
    "recorded": {
        Language.ENGLISH: "Turns recorded in {file}: {turns}.",
        Language.KOREAN: "{file}에 대화 {turns}건을 기록했습니다.",
    },
    "unanswered": {
        Language.ENGLISH: "Without an answer: {count}; the recording says why.",
        Language.KOREAN: "그중 {count}건은 답변이 없으며, 이유는 기록에 있습니다.",
    },
    "lost": {
        Language.ENGLISH: "Turns lost, answered faster than they could be read: {count}.",
        Language.KOREAN: "{count}건은 기록하지 못했습니다. 호스트가 기록 속도보다 빨리 답했습니다.",
    },
    "full": {
        Language.ENGLISH: (
            "warning: --full keeps everything that people wrote, with their names: guard {file} as "
            "you guard them"
        ),
        Language.KOREAN: (
            "경고: --full은 사용자가 쓴 내용과 이름을 그대로 저장합니다. {file} 파일을 개인정보로 "
            "다루어 주세요"
        ),
    },
    "follow": {
        Language.ENGLISH: "Recording what {url} answers; stop with Ctrl-C.",
        Language.KOREAN: "{url}의 답변을 기록합니다. Ctrl-C를 누르면 끝납니다.",
    },
    "one_process": {
        Language.ENGLISH: (
            "The host has {processes} processes; these are the turns of the one that was asked."
        ),
        Language.KOREAN: (
            "호스트의 프로세스는 {processes}개이며, 연결된 프로세스 한 개의 대화만 기록되었습니다."
        ),
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
