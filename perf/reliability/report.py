"""Findings as a table for people and a file for machines."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import attrs

from perf.reliability.promise import Finding, Promise


@attrs.frozen
class Checked:
    """A promise that was checked.

    Attributes:
        promise: the promise.
        findings: what was found; none where the check itself broke.
        seconds: how long it took.
        broken: how the check broke, empty where it ran to its end.
    """

    promise: Promise
    findings: tuple[Finding, ...]
    seconds: float
    broken: str = ""

    @property
    def kept(self) -> bool:
        """Whether every figure reaches its target."""
        return not self.broken and all(finding.kept for finding in self.findings)


def lines(checked: Checked) -> str:
    """One promise as lines of the table."""
    head = f"{checked.promise.number:>2}  {checked.promise.title} ({checked.seconds:.0f} s)"
    if checked.broken:
        return f"{head}\n      BROKEN: {checked.broken}"
    rows = [
        f"      {'kept  ' if finding.kept else 'MISSED'}  {finding.what}: {finding.figure}"
        f"  (promised: {finding.target})"
        for finding in checked.findings
    ]
    return "\n".join((head, *rows))


def write(checked: Sequence[Checked], seed: int, scale: float, folder: Path) -> Path:
    """Write every figure and raw sample as JSON; returns the file."""
    now = datetime.now(UTC)
    content = {
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "seed": seed,
        "scale": scale,
        "promises": [
            {
                "number": item.promise.number,
                "title": item.promise.title,
                "seconds": round(item.seconds, 1),
                "kept": item.kept,
                "broken": item.broken,
                "findings": [
                    {**attrs.asdict(finding), "samples": _plain(finding)}
                    for finding in item.findings
                ],
            }
            for item in checked
        ],
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"reliability-{now:%Y%m%dT%H%M%S%fZ}.json"
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return file


def _plain(finding: Finding) -> dict[str, list[float]]:
    return {name: [round(value, 9) for value in found] for name, found in finding.samples.items()}
