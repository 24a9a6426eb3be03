"""A real turn in each language."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ion_framework.cli.checks.finding import Finding, Severity, error, ok, reportable, warning
from ion_framework.cli.checks.listening import Failure, Failures
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


async def check_turns(ion: Ion, failures: Failures) -> list[Finding]:
    """Answer a message in each language, without the cache.

    Args:
        ion: what answers; started.
        failures: of plugins, while the messages are answered.
    """
    found = []
    for language, text in MESSAGES.items():
        failures.taken()
        turn = await _check_turn(ion, language, text)
        found.append(_explained(turn, ion, failures.taken()))
    return found


def _explained(turn: Finding, ion: Ion, failures: Iterable[Failure]) -> Finding:
    """The finding with what failed in the turn: the error, the distribution, where to report."""
    known = tuple(failures)
    if not known:
        return turn
    records = {record.name: record for record in ion.plugins}
    told = []
    for failure in known:
        record = records.get(failure.plugin)
        who = f" ({record.distribution} {record.version})" if record else ""
        told.append(f"{failure.hook} of {failure.plugin}{who} {failure.reason}")
    names = dict.fromkeys(failure.plugin for failure in known)
    make = error if turn.severity is Severity.ERROR else warning
    urls = (records[name].candidate.issues_url for name in names if name in records)
    return make(
        turn.check,
        turn.message,
        cause="\n".join((*told, turn.cause)) if turn.cause else "\n".join(told),
        fix=f"correct {', '.join(names)} or what it needs, install another version, or disable it",
        report=next(filter(None, map(reportable, urls)), "") or turn.report,
    )


async def _check_turn(ion: Ion, language: Language, text: str) -> Finding:
    check, began = f"turn in {language.value}", time.perf_counter()
    try:
        reply = await ion.respond(TurnRequest(text=text, use_cache=False))
    except TurnError as failure:
        return error(
            check,
            sentence(failure),
            fix="see the errors among the findings above; where there are none, "
            "ion plugins --load shows more",
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
