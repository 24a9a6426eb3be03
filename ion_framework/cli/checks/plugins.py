"""The status of every plugin, once the host has tried to bring them to life."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ion_framework.cli.checks.finding import Finding, error, ok, warning
from ion_framework.cli.checks.remedies import REMEDIES
from ion_framework.domain.language import Language
from ion_framework.errors import IonError
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.texts import texts_remarks

SLOW_IMPORT_MS = 1000.0

_FIXES: dict[Status, str] = {
    status: text
    for status, text in REMEDIES[Language.ENGLISH].items()
    if status not in (Status.IDLE, Status.DISABLED)
}
"""Remedies of what is meant to run and does not."""


def check_plugins(records: Iterable[PluginRecord]) -> list[Finding]:
    """A finding for each plugin."""
    return [finding for record in records for finding in _check(record)]


def check_texts(records: Sequence[PluginRecord]) -> list[Finding]:
    """A finding for what hosts leave out of the sentences that plugins bring."""
    try:
        remarks = texts_remarks(records)
    except IonError as failure:
        return [error("texts", str(failure), fix="reinstall the host, or correct its files")]
    fix = "correct the file that texts names in the plugin's manifest, or disable the plugin"
    return [warning("texts", remark, fix=fix) for remark in remarks]


def _check(record: PluginRecord) -> list[Finding]:
    check, who = f"plugin {record.name}", f"{record.distribution} {record.version}"
    message = f"{record.status.value}: {record.reason}"
    if record.status in _FIXES:
        return [_broken(record, check, f"{message} ({who})")]
    if record.status is Status.READY:
        fix = "correct what stopped the start: see the finding start"
        return [warning(check, f"not started ({who})", cause="the start was stopped", fix=fix)]
    found = [ok(check, f"{message} ({who})")]
    if record.import_ms is not None and record.import_ms > SLOW_IMPORT_MS:
        found.append(
            warning(
                check,
                f"its import took {record.import_ms / 1000:.1f} s ({who})",
                cause="it imports or does too much before it is needed",
                fix="import heavy modules in ion_startup or where they are used",
                report=record.candidate.issues_url,
            )
        )
    return found


def _broken(record: PluginRecord, check: str, message: str) -> Finding:
    make = warning if record.status is Status.QUARANTINED else error
    return make(check, message, fix=_FIXES[record.status], report=record.candidate.issues_url)
