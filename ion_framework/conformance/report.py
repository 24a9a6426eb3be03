"""The report on one plugin: its grade, what was found, and what the next grade takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from ion_framework.conformance.findings import Finding, Grade
from ion_framework.conformance.routing import Standing
from ion_framework.domain.language import Language


@attrs.frozen
class Report:
    """What the kit found of one plugin.

    Attributes:
        subject: the plugin, with distribution and version.
        grade: what it has reached.
        findings: what was found, what costs most first.
        missing: for each grade that it has not reached, what has to be done for it (and for those
            below, which are listed there).
        standing: how a persona stands among the others, None for another kind of plugin.
    """

    subject: str
    grade: Grade
    findings: tuple[Finding, ...]
    missing: Mapping[Grade, tuple[Finding, ...]]
    standing: Standing | None = attrs.field(default=None, repr=False)

    def told(self, language: Language = Language.ENGLISH) -> str:
        """The report as text, a line for each finding and its fix."""
        lines = [f"{self.subject}: {self.grade.value}"]
        for finding in self.findings:
            message, fix = finding.told(language)
            wanted = f" [{finding.blocks.value}]" if finding.blocks else ""
            lines.append(f"  {finding.code}{wanted} {finding.where}: {message}")
            if fix:
                lines.append(f"    -> {fix}")
        return "\n".join(lines)

    def document(self) -> dict[str, object]:
        """The report for machines: plain values."""
        return {
            "subject": self.subject,
            "grade": self.grade,
            "findings": [_plain(finding) for finding in self.findings],
            "missing": {
                grade.value: [f"{item.code} {item.where}: {item.fix}" for item in items]
                for grade, items in self.missing.items()
            },
            "routing": self.standing.document() if self.standing else None,
        }


def make_report(
    subject: str, findings: Sequence[Finding], standing: Standing | None = None
) -> Report:
    """Grade what was found.

    Args:
        subject: the plugin.
        findings: what was found, in any order; the same finding twice counts once.
        standing: how a persona stands among the others.
    """
    ordered = sorted(dict.fromkeys(map(_Alike, findings)), key=lambda alike: alike.place)
    items = tuple(alike.finding for alike in ordered)
    blocked = {item.blocks.place for item in items if item.blocks}
    grade = list(Grade)[min(blocked) - 1] if blocked else Grade.GOLD
    missing = {
        wanted: tuple(item for item in items if item.blocks is wanted)
        for wanted in Grade
        if wanted.place > grade.place
    }
    return Report(subject, grade, items, missing, standing)


@attrs.frozen
class _Alike:
    """A finding that equals another of the same code, place and sentence."""

    finding: Finding = attrs.field(eq=lambda item: (item.code, item.where, item.message))

    def __hash__(self) -> int:
        return hash((self.finding.code, self.finding.where, self.finding.message))

    @property
    def place(self) -> int:
        blocks = self.finding.blocks
        return blocks.place if blocks else Grade.GOLD.place + 1


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "level": finding.level,
        "where": finding.where,
        "message": finding.message,
        "fix": finding.fix,
        "blocks": finding.blocks,
    }
