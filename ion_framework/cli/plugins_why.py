"""``ion plugins why``: the full reason for the status of a plugin."""

from __future__ import annotations

import os
from collections.abc import Mapping

import click

from ion_framework.cli.checks.remedies import REMEDIES
from ion_framework.cli.options import common, json_option, language_option, settings_of
from ion_framework.cli.output import Output
from ion_framework.cli.plugin_reasons import AmbiguousNameError, Explanation, Outcome, explain, near
from ion_framework.cli.tables import Cell, Table
from ion_framework.cli.texts import locale_language
from ion_framework.cli.translating import translated
from ion_framework.clock import SystemClock
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import Status

_MOODS = {
    Outcome.OK: "good",
    Outcome.NOTE: "notice",
    Outcome.STOPS: "bad",
    Outcome.OPEN: "quiet",
}

_VERDICTS = {
    Language.ENGLISH: {
        Status.READY: "It would run. What only its import can show: ion plugins --load",
        Status.IDLE: "It is installed, and lacks a setting.",
        Status.DISABLED: "It is not meant to run.",
    },
    Language.KOREAN: {
        Status.READY: "실행됩니다. import해야 알 수 있는 것은 ion plugins --load로 보세요.",
        Status.IDLE: "설치되어 있지만 필요한 설정이 없습니다.",
        Status.DISABLED: "실행하지 않도록 되어 있습니다.",
    },
}

_FAULT = {
    Language.ENGLISH: "It is meant to run and cannot.",
    Language.KOREAN: "실행되어야 하지만 실행할 수 없습니다.",
}

_HEADINGS = {
    Language.ENGLISH: ("decision", "outcome", "why"),
    Language.KOREAN: ("판단", "결과", "이유"),
}

_SUBJECTS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {},
    Language.KOREAN: {
        "found": "발견",
        "lists": "목록",
        "manifest": "매니페스트",
        "plugin API": "플러그인 API",
        "contract": "계약",
        "settings": "설정",
        "start of Python": "Python 시작",
        "trust": "신뢰",
        "needs": "필요한 것",
        "name": "이름",
        "requirements": "의존성",
        "order": "순서",
    },
}
"""Names of decisions, where they are other words than in English."""

_LABELS = {
    Language.ENGLISH: ("What to do", "Report to"),
    Language.KOREAN: ("할 일", "신고할 곳"),
}


@click.command()
@click.argument("name")
@language_option
@json_option
@common
@click.pass_context
def why(context: click.Context, name: str, language: Language | None, as_json: bool) -> None:
    """Say why the plugin NAME has its status, and what to do.

    Where it was found, and every decision about it in order: lists, manifest, settings, trust,
    what it needs, its name, its requirements, its place. NAME may also be that of a distribution,
    or the shown name of a persona. Nothing is imported. The exit code is 1 where it is meant to run
    and cannot.
    """
    settings, output = settings_of(context), Output()
    host = PluginHost(settings, installed, os.environ, SystemClock())
    try:
        found = explain(name, host, settings, os.environ)
    except AmbiguousNameError as error:
        raise click.UsageError(str(error)) from error
    if not found:
        raise click.UsageError(_unknown(name, host))
    chosen = language or locale_language(os.environ)
    if as_json:
        output.json([_document(item) for item in found])
    else:
        for place, item in enumerate(found):
            if place:
                output.line()
            _show(item, chosen, output)
    context.exit(1 if any(item.status not in _VERDICTS[chosen] for item in found) else 0)


def _unknown(name: str, host: PluginHost) -> str:
    like = near(name, host)
    hint = f"did you mean {' or '.join(like)}?" if like else "ion plugins lists what is installed"
    return f"no plugin and no distribution {name!r} is installed; {hint}"


def _document(item: Explanation) -> dict[str, object]:
    return {
        "name": item.name,
        "status": item.status,
        "reason": item.reason,
        "distribution": item.distribution,
        "version": item.version,
        "entry_point": item.entry_point,
        "file": item.file,
        "provides": item.provides,
        "decisions": item.decisions,
        "fix": REMEDIES[Language.ENGLISH].get(item.status) or None,
        "report": item.report or None,
    }


def _show(item: Explanation, language: Language, output: Output) -> None:
    output.line(f"{item.name}: {item.status.value}, {translated(item.reason, language)}")
    rows = tuple(
        (
            _SUBJECTS[language].get(decision.subject, decision.subject),
            Cell(decision.outcome.value, _MOODS[decision.outcome]),
            translated(decision.text, language),
        )
        for decision in item.decisions
    )
    output.table(Table(_HEADINGS[language], rows))
    output.line()
    output.line(_VERDICTS[language].get(item.status, _FAULT[language]))
    what_to_do, report_to = _LABELS[language]
    remedy = REMEDIES[language].get(item.status)
    if remedy:
        output.line(f"{what_to_do}: {remedy}")
    if item.report:
        output.line(f"{report_to}: {item.report}")
