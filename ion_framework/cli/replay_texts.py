"""What ``ion replay`` says to people, by language."""

from __future__ import annotations

from ion_framework.domain.language import Language

_EN, _KO = Language.ENGLISH, Language.KOREAN

_TEXTS = {
    "title": {_EN: "Replay", _KO: "재생 결과"},
    "moves": {_EN: "Who loses turns to whom", _KO: "페르소나별 이동"},
    "moved_turns": {_EN: "Turns that move", _KO: "담당 페르소나가 바뀌는 대화"},
    "from": {_EN: "from", _KO: "이전"},
    "to": {_EN: "to", _KO: "이후"},
    "turns": {_EN: "turns", _KO: "건수"},
    "by_reading": {_EN: "read otherwise", _KO: "분석 변경"},
    "turn": {_EN: "turn", _KO: "대화"},
    "key": {_EN: "key", _KO: "공명 키"},
    "persona": {_EN: "persona", _KO: "페르소나"},
    "confidence": {_EN: "confidence", _KO: "확신도"},
    "margin": {_EN: "margin", _KO: "점수 차"},
    "scores": {_EN: "scores", _KO: "점수"},
    "prompt": {_EN: "prompt", _KO: "프롬프트"},
    "before": {_EN: "before", _KO: "이전"},
    "after": {_EN: "after", _KO: "이후"},
    "more": {
        _EN: "… and {count} more; --json has all of them.",
        _KO: "… 그 밖에 {count}건이 더 있습니다. --json으로 모두 볼 수 있습니다.",
    },
    "played": {
        _EN: "Turns played: {turns}; as they were: {unchanged}.",
        _KO: "대화 {turns}건을 재생했고, 그중 {unchanged}건은 그대로입니다.",
    },
    "routing": {
        _EN: "Routing: {moved} move, {scored} stay with another confidence or margin.",
        _KO: "라우팅: {moved}건은 담당 페르소나가 바뀌고, {scored}건은 점수만 달라집니다.",
    },
    "reading": {
        _EN: "Messages that are read otherwise: {count}.",
        _KO: "분석: {count}건의 공명 키가 달라집니다.",
    },
    "marked": {
        _EN: (
            "Messages that redaction has changed: {count}. They are routed by their recorded "
            "reading (read again as redacted, {other} differ), and their answers not compared."
        ),
        _KO: (
            "{count}건은 개인정보를 가린 메시지여서 기록된 공명 키로 라우팅했습니다"
            "(가린 메시지를 다시 분석하면 {other}건의 키가 달라집니다). 답변은 비교하지 않았습니다."
        ),
    },
    "one_marked": {
        _EN: (
            "Redaction has changed this message: it is routed by its recorded reading; the key "
            "after is that of the redacted text."
        ),
        _KO: (
            "개인정보를 가린 메시지이므로 기록된 공명 키로 라우팅했습니다. 이후의 키는 가린 "
            "메시지를 분석한 결과입니다."
        ),
    },
    "failing": {
        _EN: "Answers: {failing} gone, {recovered} possible now that were not.",
        _KO: "답변: {failing}건은 더 이상 답할 수 없고, {recovered}건은 이제 답할 수 있습니다.",
    },
    "prompts": {
        _EN: "Prompts: {changed} of {compared} differ.",
        _KO: "프롬프트: {compared}건 중 {changed}건이 다릅니다.",
    },
    "no_prompts": {
        _EN: "Prompts: none to compare.",
        _KO: "프롬프트: 비교할 것이 없습니다.",
    },
    "replies": {
        _EN: "Replies: {changed} of {compared} differ.",
        _KO: "답변 내용: {compared}건 중 {changed}건이 다릅니다.",
    },
    "no_replies": {
        _EN: "Replies: not compared (--generate has the turns answered).",
        _KO: "답변 내용: 비교하지 않았습니다(--generate를 붙이면 답변을 생성합니다).",
    },
    "similarity": {
        _EN: "On average {share} of the words of two answers are the same.",
        _KO: "두 답변의 단어는 평균 {share} 일치합니다.",
    },
    "latency": {
        _EN: (
            "Latency ({stages}; turns: {turns}; before: on the machine that recorded them): "
            "p50 {before_p50} → {after_p50} ms, p95 {before_p95} → {after_p95} ms."
        ),
        _KO: (
            "지연 시간({stages}, {turns}건, 이전 값은 기록한 장비 기준): "
            "p50 {before_p50} → {after_p50} ms, p95 {before_p95} → {after_p95} ms."
        ),
    },
    "no_latency": {
        _EN: "Latency: none to compare.",
        _KO: "지연 시간: 비교할 것이 없습니다.",
    },
    "prompt_differs": {_EN: "The prompt differs:", _KO: "프롬프트의 차이:"},
    "prompt_texts_missing": {
        _EN: "The prompt differs; the recording holds its digest alone.",
        _KO: "프롬프트가 다릅니다. 기록에는 해시만 있어 차이를 보여 줄 수 없습니다.",
    },
    "reply_differs": {
        _EN: "The answer differs ({share} of the words are the same):",
        _KO: "답변의 차이(단어 {share} 일치):",
    },
    "nothing_played": {
        _EN: "{file} holds no turns, so nothing was compared.",
        _KO: "{file}에 대화가 없어 비교한 것이 없습니다.",
    },
    "nothing_compared": {
        _EN: (
            "--fail-on {aspect}: in none of the turns is it known before and after, so nothing was "
            "compared{hint}."
        ),
        _KO: "--fail-on {aspect}: 이전과 이후를 모두 아는 대화가 없어 비교하지 못했습니다{hint}.",
    },
    "hint_reply": {
        _EN: " (--generate has the turns answered)",
        _KO: "(--generate를 붙이면 답변을 생성합니다)",
    },
    "no_result": {
        _EN: (
            "A plugin ended the process in which the turns were played ({how}), so there is no "
            "result. Find it with --without NAME."
        ),
        _KO: (
            "플러그인이 대화를 재생하던 프로세스를 끝내({how}) 결과가 없습니다. --without NAME으로 "
            "하나씩 빼 가며 찾아보세요."
        ),
    },
    "ended_with": {_EN: "exit code {code}", _KO: "종료 코드 {code}"},
    "ended_by": {_EN: "signal {code}", _KO: "시그널 {code}"},
    "torn": {
        _EN: "{file}: the last line was cut off while it was written; it is left out.",
        _KO: "{file}: 마지막 줄이 기록 도중에 끊겨 제외했습니다.",
    },
    "lost": {
        _EN: "{count} turns are missing: they could not be recorded.",
        _KO: "{count}건은 기록되지 않아 빠져 있습니다.",
    },
}


def say(name: str, *, language: Language, **gaps: object) -> str:
    """A sentence in a language.

    Args:
        name: which sentence.
        language: the language.
        gaps: what stands in its gaps.
    """
    return _TEXTS[name][language].format(**gaps)
