"""The plan for people."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.cli.output import Output
from ion_framework.cli.plugin_plan import Plan, Stage
from ion_framework.cli.remarks import show_remarks
from ion_framework.cli.tables import Table
from ion_framework.cli.translating import translated
from ion_framework.domain.language import Language
from ion_framework.settings.model import Trust


@attrs.frozen
class _Words:
    """What the view says besides names and reasons."""

    personas: tuple[str, ...]
    stages: tuple[str, ...]
    left_out: tuple[str, ...]
    may: str
    may_means: str
    hosts: str
    none: str
    trust: str


_WORDS: Mapping[Language, _Words] = {
    Language.ENGLISH: _Words(
        personas=("persona", "rank", "distribution"),
        stages=("hook", "family", "plugin", "distribution", "why there"),
        left_out=("left out", "status", "reason"),
        may="may",
        may_means="whether it has this hook is known once it is imported",
        hosts="hosts",
        none="none",
        trust="trust: only what is pinned in {file}",
    ),
    Language.KOREAN: _Words(
        personas=("페르소나", "순위", "배포 패키지"),
        stages=("훅", "계열", "플러그인", "배포 패키지", "순서의 이유"),
        left_out=("제외", "상태", "이유"),
        may="미정",
        may_means="이 훅이 있는지는 import해야 알 수 있습니다",
        hosts="호스트",
        none="없음",
        trust="신뢰: {file}에 고정한 것만",
    ),
}


def show_plan(plan: Plan, output: Output, language: Language) -> None:
    """Write a plan as tables: personas, hooks in the order of a turn, and what is left out.

    Args:
        plan: the plan.
        output: where to.
        language: language of headings and reasons.
    """
    words = _WORDS[language]
    if plan.personas:
        rows = tuple((p.name, str(p.rank), p.distribution) for p in plan.personas)
        output.table(Table(words.personas, rows))
        output.line()
    if plan.stages:
        output.table(_stages(plan.stages, language))
        if not all(step.certain for stage in plan.stages for step in stage.steps):
            output.line(f"({words.may}): {words.may_means}", "quiet")
        output.line()
    output.line(f"{words.hosts}: {', '.join(plan.hosts) or words.none}")
    if plan.trust is Trust.PINNED:
        output.line(words.trust.format(file=plan.pins))
    if plan.left_out:
        output.line()
        output.table(_left_out(plan, language))
    stops = tuple(translated(text, language) for text in plan.stops)
    warnings = tuple(translated(text, language) for text in plan.warnings)
    show_remarks(output, stops, warnings, language)


def _left_out(plan: Plan, language: Language) -> Table:
    rows = tuple(
        (item.plugin, item.status.value, translated(item.reason, language))
        for item in plan.left_out
    )
    return Table(_WORDS[language].left_out, rows)


def _stages(stages: tuple[Stage, ...], language: Language) -> Table:
    words = _WORDS[language]
    rows = tuple(
        (
            stage.hook if place == 1 else "",
            stage.family.value if place == 1 else "",
            f"{place}. {step.plugin}" + ("" if step.certain else f" ({words.may})"),
            step.distribution,
            translated(step.why, language),
        )
        for stage in stages
        for place, step in enumerate(stage.steps, 1)
    )
    return Table(words.stages, rows)
