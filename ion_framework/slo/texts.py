"""What people are told of rules and notices, in English and in Korean."""

from __future__ import annotations

from ion_framework.domain.language import Language
from ion_framework.slo.counts import BOUNDS
from ion_framework.slo.notice import Measure, Notice, NoticeState, Severity

_RULES = {
    Measure.ERROR_RATE: {
        Language.ENGLISH: "{value} of the requests fail (limit {limit})",
        Language.KOREAN: "요청의 {value}가 실패하고 있습니다(기준 {limit})",
    },
    Measure.LATENCY_P95: {
        Language.ENGLISH: "the 95th percentile of response times is {value} (limit {limit})",
        Language.KOREAN: "응답 시간의 95백분위가 {value}입니다(기준 {limit})",
    },
    Measure.HIT_RATE: {
        Language.ENGLISH: "the cache answers {value} of the turns (at least {limit} wanted)",
        Language.KOREAN: "캐시 적중률이 {value}입니다(최소 기준 {limit})",
    },
    Measure.UNANSWERED_RATE: {
        Language.ENGLISH: "{value} of the turns get no answer or a stand-in's (limit {limit})",
        Language.KOREAN: "턴의 {value}가 답이 없거나 대체 답변입니다(기준 {limit})",
    },
    Measure.BURN_RATE: {
        Language.ENGLISH: "the error budget burns {value} as fast as it may (limit {limit})",
        Language.KOREAN: "오류 예산이 허용 속도의 {value}로 줄고 있습니다(기준 {limit})",
    },
}
_STATES = {
    NoticeState.FIRING: {Language.ENGLISH: "FIRING", Language.KOREAN: "발생"},
    NoticeState.RESOLVED: {Language.ENGLISH: "RESOLVED", Language.KOREAN: "해결"},
}
_SEVERITIES = {
    Severity.PAGE: {Language.ENGLISH: "now", Language.KOREAN: "즉시 대응"},
    Severity.TICKET: {Language.ENGLISH: "in working hours", Language.KOREAN: "업무 시간 내 대응"},
}
_NOTHING = {Language.ENGLISH: "no requests", Language.KOREAN: "요청 없음"}
_OVER = {
    Language.ENGLISH: "over, limit {limit}; last measured: {value}",
    Language.KOREAN: "기준 {limit} 이내로 돌아왔습니다. 마지막 측정값: {value}",
}
_UNITS = ((86400, "d", "일"), (3600, "h", "시간"), (60, "min", "분"), (1, "s", "초"))


def amount(measure: Measure, value: float | None, language: Language) -> str:
    """A value in the unit of its measure, for people.

    Args:
        measure: what was measured.
        value: the value, None where there was nothing to measure.
        language: the language.
    """
    if value is None:
        return _NOTHING[language]
    match measure:
        case Measure.ERROR_RATE | Measure.HIT_RATE | Measure.UNANSWERED_RATE:
            return f"{value:.1%}"
        case Measure.LATENCY_P95:
            return _seconds(value, language)
        case Measure.BURN_RATE:
            return f"{value:.1f}×" if language is Language.ENGLISH else f"{value:.1f}배"


def _seconds(value: float, language: Language) -> str:
    # What takes longer than the last bound is known to do that, and no more.
    if value >= BOUNDS[-1]:
        english = f"more than {BOUNDS[-1]:g} s"
        return english if language is Language.ENGLISH else f"{BOUNDS[-1]:g}초 초과"
    return f"{value:.2f} s" if language is Language.ENGLISH else f"{value:.2f}초"


def span(seconds: float, language: Language) -> str:
    """A length of time in its largest whole unit, as ``30 min``."""
    for size, english, korean in _UNITS:
        if seconds >= size:
            number = f"{seconds / size:.3g}"
            return f"{number} {english}" if language is Language.ENGLISH else f"{number}{korean}"
    return "0 s" if language is Language.ENGLISH else "0초"


def headline(notice: Notice, language: Language) -> str:
    """A notice in one line, as ``[FIRING] IonErrorRateHigh on ion-1``."""
    state = _STATES[notice.state][language]
    on = f" on {notice.host}" if notice.host and language is Language.ENGLISH else ""
    on = f" ({notice.host})" if notice.host and language is Language.KOREAN else on
    return f"[{state}] {notice.rule}{on}"


def sentence(notice: Notice, language: Language) -> str:
    """What a notice says, with its figures."""
    value = amount(notice.measure, notice.value, language)
    limit = amount(notice.measure, notice.threshold, language)
    texts = _OVER if notice.state is NoticeState.RESOLVED else _RULES[notice.measure]
    return texts[language].format(value=value, limit=limit)


def urgency(severity: Severity, language: Language) -> str:
    """How urgent something is."""
    return _SEVERITIES[severity][language]
