"""``ion doctor``: tests the installation and says what to do about each finding."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from ion_framework.cli.checks.configuration import check_settings
from ion_framework.cli.checks.examination import examine
from ion_framework.cli.checks.finding import Finding, Severity, error
from ion_framework.cli.checks.requirements import check_core
from ion_framework.cli.opening import logging_to_stderr
from ion_framework.cli.options import command_line, common, json_option, language_option
from ion_framework.cli.output import Output
from ion_framework.cli.texts import counted, locale_language
from ion_framework.cli.translating import translated
from ion_framework.domain.language import Language
from ion_framework.errors import SettingsError
from ion_framework.ion import Ion
from ion_framework.running import run
from ion_framework.settings.model import Settings

_MOODS = {Severity.OK: "good", Severity.WARNING: "notice", Severity.ERROR: "bad"}

_LABELS = {
    Language.ENGLISH: ("cause", "fix", "report to"),
    Language.KOREAN: ("원인", "해결", "신고할 곳"),
}

_SUMMARIES = {
    Language.ENGLISH: {
        Severity.OK: "Everything is well ({ok} checks).",
        Severity.WARNING: "It works, with {warnings} to look at ({ok} checks are well).",
        Severity.ERROR: "{errors} to correct ({warnings}, {ok} checks are well).",
    },
    Language.KOREAN: {
        Severity.OK: "모두 정상입니다(점검 {ok}건).",
        Severity.WARNING: "동작에는 문제가 없지만 확인할 경고가 {warning}건 있습니다(정상 {ok}건).",
        Severity.ERROR: "고쳐야 할 오류가 {error}건 있습니다(경고 {warning}건, 정상 {ok}건).",
    },
}


@click.command()
@click.option("--no-trial", is_flag=True, help="Do not have messages answered by the generator.")
@language_option
@json_option
@common
@click.pass_context
def doctor(
    context: click.Context, no_trial: bool, language: Language | None, as_json: bool
) -> None:
    """Test the installation, and say for each finding what to do.

    Imports and starts the plugins, and has a message answered in Korean and in English (a model
    that is set up is really asked). The exit code is 1 where there is an error.
    """
    output = Output()
    settings, findings = check_settings(os.environ, command_line(context))
    with output.reserved(), logging_to_stderr(settings):
        findings = [*check_core(), *findings, *_examined(settings, trial=not no_trial)]
    if as_json:
        output.json({"status": _worst(findings), "findings": findings})
    else:
        _show(findings, language or locale_language(os.environ), output)
    context.exit(1 if _worst(findings) is Severity.ERROR else 0)


def _examined(settings: Settings, *, trial: bool) -> list[Finding]:
    try:
        ion = Ion(settings)
    except SettingsError as failure:  # the pins: without them nobody is trusted
        return [
            error(
                "trust",
                "no plugin was tested, because none may run",
                cause="; ".join(failure.problems),
                fix="write the pins anew with ion plugins freeze --out FILE if you trust what is "
                "installed, or correct plugins.trust and plugins.pins",
            )
        ]
    return run(examine(ion, settings, trial=trial))


def _worst(findings: Sequence[Finding]) -> Severity:
    return max((finding.severity for finding in findings), key=list(Severity).index)


def _show(findings: Sequence[Finding], language: Language, output: Output) -> None:
    labels = _LABELS[language]
    for finding in findings:
        message = translated(finding.message, language)
        output.line(
            f"{finding.severity.value:8}{finding.check}: {message}", _MOODS[finding.severity]
        )
        for label, text in zip(labels, (finding.cause, finding.fix, finding.report), strict=True):
            if text:
                output.line(f"        {label}: {_continued(translated(text, language))}")
    counts = {s.value: sum(f.severity is s for f in findings) for s in Severity}
    output.line()
    named = {f"{name}s": counted(counts[name], name) for name in ("warning", "error")}
    output.line(_SUMMARIES[language][_worst(findings)].format(**counts, **named))


def _continued(text: str) -> str:
    return text.replace("\n", "\n          ")
