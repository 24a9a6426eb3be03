"""How a report of the conformance kit is shown: grade, findings with fixes, and the heat map."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ion_framework.cli.output import Output
from ion_framework.cli.tables import Table
from ion_framework.conformance.findings import Finding, Grade, Level
from ion_framework.conformance.heat_map import (
    BLOCK_WIDTH,
    INTENT_MARKS,
    LEGEND,
    SIGNS,
    TONE_WIDTH,
    HeatCell,
    grid_of,
    heading,
    summary,
)
from ion_framework.conformance.report import Report
from ion_framework.conformance.routing import Standing
from ion_framework.domain.language import Language

if TYPE_CHECKING:
    from rich.text import Text

_MOODS = {Level.ERROR: "bad", Level.WARNING: "notice", Level.NOTE: "quiet"}
_GRADE_MOODS = {
    Grade.NONE: "bad",
    Grade.BRONZE: "notice",
    Grade.SILVER: "notice",
    Grade.GOLD: "good",
}
_COLOURS = ("bold green", "green", "cyan", "yellow", "red", "dim")

_WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "none": "no grade",
        "bronze": "bronze",
        "silver": "silver",
        "gold": "gold",
        "missing": "For {grade}:",
        "notes": "Notes:",
        "fix": "fix",
        "below": "{count} below {grade}: {names}",
        "here": "Beside the personas that are installed here it wins {won} of 216 keys.",
        "legend": "Signs:",
        "more": "Who wins the other keys, and by how much: ion persona check --keys",
        "lost": "Keys that others win, the narrowest first:",
        "none_lost": "No other persona wins a key.",
        "tie": "0, by rank or name",
    },
    Language.KOREAN: {
        "none": "등급 없음",
        "bronze": "브론즈",
        "silver": "실버",
        "gold": "골드",
        "missing": "{grade} 등급에 필요한 것:",
        "notes": "참고:",
        "fix": "해결",
        "below": "{grade} 미만 {count}개: {names}",
        "here": "지금 설치된 페르소나들과 견주면 216개 키 가운데 {won}개를 차지합니다.",
        "legend": "기호:",
        "more": "나머지 키를 누가 얼마 차이로 차지하는지: ion persona check --keys",
        "lost": "다른 페르소나가 차지하는 키(차이가 작은 것부터):",
        "none_lost": "다른 페르소나가 차지하는 키가 없습니다.",
        "tie": "0, 순위나 이름으로",
    },
}


def show_report(
    report: Report, language: Language, output: Output, *, heat_map: bool, keys: bool = False
) -> None:
    """Show one report.

    Args:
        report: the report.
        language: language of the sentences.
        output: where to.
        heat_map: with the map of a persona's standing.
        keys: with a list of the keys that others win.
    """
    words = _WORDS[language]
    output.line(f"{report.subject}: {words[report.grade.value]}", _GRADE_MOODS[report.grade])
    if report.standing and heat_map:
        _show_standing(report.standing, language, output)
    if report.standing and keys:
        _show_lost(report.standing, language, output)
    elif report.standing and heat_map and report.standing.lost:
        output.line(words["more"], "quiet")
        output.line()
    for grade, findings in report.missing.items():
        if findings:
            output.line(words["missing"].format(grade=words[grade.value]))
            _show(findings, language, output)
    notes = [finding for finding in report.findings if finding.blocks is None]
    if notes:
        output.line(words["notes"])
        _show(notes, language, output)


def show_outcome(
    reports: Sequence[Report], wanted: Grade, language: Language, output: Output
) -> None:
    """Say which of several reports are below the grade that is asked for.

    Args:
        reports: the reports.
        wanted: the grade.
        language: language of the sentence.
        output: where to.
    """
    below = [report.subject for report in reports if not report.grade.reaches(wanted)]
    if below:
        words = _WORDS[language]
        text = words["below"].format(
            count=len(below), grade=words[wanted.value], names=", ".join(below)
        )
        output.line(text, "bad")


def _show(findings: Sequence[Finding], language: Language, output: Output) -> None:
    fix_word = _WORDS[language]["fix"]
    for finding in findings:
        message, fix = finding.told(language)
        output.line(f"  {finding.where}: {message} ({finding.code})", _MOODS[finding.level])
        output.line(f"      {fix_word}: {fix}")


def _show_standing(standing: Standing, language: Language, output: Output) -> None:
    output.line(summary(standing, language))
    if standing.among_installed not in (None, len(standing.won)):
        text = _WORDS[language]["here"]
        output.line(text.format(won=standing.among_installed))
    output.line()
    for line in heading():
        output.line(line)
    for tone, paces in grid_of(standing).items():
        groups = [list(intents.values()) for intents in paces.values()]
        _show_row(f"{tone.value:<{TONE_WIDTH}}  ", groups, output)
    output.line()
    legend = "  ".join(
        f"[{sign}] {text}" for sign, text in zip(SIGNS, LEGEND[language], strict=True)
    )
    output.line(f"{_WORDS[language]['legend']} {legend}")
    output.line("  ".join(f"{mark} {intent.value}" for intent, mark in INTENT_MARKS.items()))
    output.line()


_HEADINGS = {
    Language.ENGLISH: ("key", "winner", "margin"),
    Language.KOREAN: ("키", "차지하는 페르소나", "차이"),
}


def _show_lost(standing: Standing, language: Language, output: Output) -> None:
    words, lost = _WORDS[language], standing.lost
    output.line(words["lost"] if lost else words["none_lost"])
    if lost:
        rows = tuple(
            (
                str(place.key),
                place.winner,
                f"{place.margin.normalize():f}" if place.margin else words["tie"],
            )
            for place in lost
        )
        output.table(Table(_HEADINGS[language], rows))
    output.line()


def _show_row(label: str, groups: Sequence[Sequence[HeatCell]], output: Output) -> None:
    if output.terminal:
        from rich.console import Console  # costs 60 ms, and only on a terminal

        Console(file=sys.stdout).print(_coloured(label, groups), soft_wrap=True)
        return
    blocks = (" ".join(cell.sign for cell in group).ljust(BLOCK_WIDTH) for group in groups)
    output.line(f"{label}{' | '.join(blocks)}".rstrip())


def _coloured(label: str, groups: Sequence[Sequence[HeatCell]]) -> Text:
    from rich.text import Text  # see _show_row

    text = Text(label)
    for index, group in enumerate(groups):
        text.append(" | " if index else "")
        for cell in group:
            text.append(cell.sign, style=_COLOURS[cell.step])
            text.append(" ")
        text.append(" " * (BLOCK_WIDTH - 2 * len(group)))
    return text
