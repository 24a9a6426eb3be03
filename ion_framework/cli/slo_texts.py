"""What ``ion slo`` says to people, by language."""

from __future__ import annotations

from ion_framework.domain.language import Language

_TEXTS = {
    "healthy": (
        "No alert fires. Observed so far: {observed}.",
        "발생한 경보가 없습니다. 관찰한 시간: {observed}.",
    ),
    "alerting": (
        "Alerts fire. Observed so far: {observed}.",
        "경보가 발생했습니다. 관찰한 시간: {observed}.",
    ),
    "unknown": (
        "The host has not looked at its objectives yet; ask again in some seconds.",
        "호스트가 아직 목표를 점검하지 않았습니다. 몇 초 뒤에 다시 시도해 주세요.",
    ),
    "availability": ("availability", "가용성"),
    "latency": ("latency", "응답 시간"),
    "objective": ("objective", "목표"),
    "target": ("target", "기준"),
    "actual": ("actual", "실제"),
    "left": ("budget left", "남은 예산"),
    "burn": ("burns (1 h)", "소진 속도(1시간)"),
    "spent": ("spent at this rate", "이 속도로 소진되는 때"),
    "window": ("window", "구간"),
    "burn_rate": ("burn rate", "소진 속도"),
    "requests": ("requests", "요청 수"),
    "alert": ("alert", "경보"),
    "state": ("state", "상태"),
    "value": ("value", "값"),
    "limit": ("fires", "발생 조건"),
    "windows": ("windows", "구간"),
    "since": ("since", "시작"),
    "too_few": ("too few: {seen} of {least}", "{least}건 중 {seen}건뿐"),
    "inactive": ("inactive", "정상"),
    "pending": ("pending", "대기"),
    "firing": ("firing", "발생"),
}


def say(name: str, language: Language, **gaps: object) -> str:
    """A sentence in a language.

    Args:
        name: which sentence.
        language: the language.
        gaps: what stands in its gaps.
    """
    english, korean = _TEXTS[name]
    return (english if language is Language.ENGLISH else korean).format(**gaps)
