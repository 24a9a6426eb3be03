"""A real turn in each language."""

from __future__ import annotations

import time

from ion_framework.cli.checks.finding import Finding, error, ok, warning
from ion_framework.cli.checks.requirements import core_issues_url
from ion_framework.cli.failures import sentence
from ion_framework.domain.language import Language
from ion_framework.errors import TurnError
from ion_framework.ion import Ion
from ion_framework.pipeline.turn import TurnRequest

MESSAGES = {
    Language.KOREAN: "처음 보는 코드를 어떤 순서로 읽으면 좋을까요?",
    Language.ENGLISH: "In which order should I read code that I have never seen?",
}
SLOW_S = 10.0


async def check_turns(ion: Ion) -> list[Finding]:
    """Answer a message in each language, without the cache."""
    return [await _check_turn(ion, language, text) for language, text in MESSAGES.items()]


async def _check_turn(ion: Ion, language: Language, text: str) -> Finding:
    check, began = f"turn in {language.value}", time.perf_counter()
    try:
        reply = await ion.respond(TurnRequest(text=text, use_cache=False))
    except TurnError as failure:
        return error(
            check,
            sentence(failure),
            fix="see the findings on plugins and parts above; ion plugins --load shows more",
        )
    except Exception as failure:  # noqa: BLE001  a doctor tells of a bug instead of dying of it
        return error(
            check,
            f"a bug in ION or one of its plugins: {type(failure).__name__}: {failure}",
            fix="report it with the output of: ion doctor --json",
            report=core_issues_url(),
        )
    took = time.perf_counter() - began
    who = f"{reply.persona} answered through {reply.generator} in {took * 1000:.0f} ms"
    if reply.degraded:
        fix = "see to the generator that failed; ion chat --why shows every attempt"
        return warning(check, f"{who}, second best", cause=reply.degraded, fix=fix)
    if reply.language is not language:
        return warning(check, f"{who}, in {reply.language.value}", fix="see to the analyser")
    if took > SLOW_S:
        fix = "see which stage takes the time: ion chat --why"
        return warning(check, f"{who}, which is slow", fix=fix)
    return ok(check, f"{who} ({reply.resonance.key})")
