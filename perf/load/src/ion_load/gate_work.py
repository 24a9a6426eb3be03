"""What ``ion load gate`` does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import attrs
import click

from ion_framework.cli.output import Output
from ion_framework.cli.tables import Cell, Table
from ion_load.bar import shown
from ion_load.figures import Figures, finite, nothing, of_shots
from ion_load.gate import Check, Limits, Verdict, judge
from ion_load.gate_remarks import remarks
from ion_load.reading import UnreadableError, read_figures, to_json

SUMMARY = "GITHUB_STEP_SUMMARY"
_MOODS = {Verdict.PASSED: "good", Verdict.FAILED: "bad", Verdict.INCONCLUSIVE: "notice"}
_HEADINGS = ("check", "found", "limit", "verdict", "")


@attrs.frozen(kw_only=True)
class Asked:
    """What the options say; either ``file`` or ``url`` is there."""

    file: Path | None
    url: str | None
    key: str | None = attrs.field(repr=False)
    rate: float
    duration: float
    repeat: bool
    limits: Limits
    baseline: Path | None
    inconclusive_fails: bool
    out: Path | None
    as_json: bool


def run_gate(asked: Asked) -> int:
    """Get the figures, judge them, tell; the exit code.

    Raises:
        click.ClickException: a file cannot be read or written.
    """
    try:
        baseline = read_figures(asked.baseline) if asked.baseline else None
        figures = _figures(asked)
        if asked.out:
            asked.out.parent.mkdir(parents=True, exist_ok=True)
            asked.out.write_text(to_json(figures, datetime.now().astimezone()), "utf-8")
        checks = judge(figures, asked.limits, baseline)
        passes = _passes(checks, asked)
        _summarize(figures, checks, passes=passes)
    except (UnreadableError, OSError) as error:
        raise click.ClickException(str(error)) from error
    _tell(figures, checks, asked, passes=passes)
    return int(not passes)


def _figures(asked: Asked) -> Figures:
    if asked.url is None:
        assert asked.file is not None  # noqa: S101  the command sees to it
        return (
            read_figures(asked.file) if asked.file.exists() else nothing(f"{asked.file} (missing)")
        )
    from ion_load.asking import load  # aiohttp, which files do not need

    what = f"{asked.rate:g} chats a second for {asked.duration:g} s"
    with shown(what, asked.duration) as told:
        shots = asyncio.run(
            load(
                asked.url,
                asked.rate,
                asked.duration,
                key=asked.key,
                repeat=asked.repeat,
                told=told,
            )
        )
    return of_shots(asked.url, asked.rate, shots)


def _passes(checks: Sequence[Check], asked: Asked) -> bool:
    bad = {Verdict.FAILED, *([Verdict.INCONCLUSIVE] if asked.inconclusive_fails else [])}
    return not any(check.verdict in bad for check in checks)


def _tell(figures: Figures, checks: Sequence[Check], asked: Asked, *, passes: bool) -> None:
    output = Output()
    if asked.as_json:
        output.json(
            {
                "passes": passes,
                "source": figures.source,
                "requests": figures.requests,
                "failures": figures.failures,
                "limited": figures.limited,
                "degraded": figures.degraded,
                "late_ms": round(figures.late_ms, 2),
                "latency_ms": {
                    "p50": finite(figures.p50_ms.value),
                    "p95": finite(figures.p95_ms.value),
                    "p99": finite(figures.p99_ms.value),
                },
                "checks": [attrs.asdict(check) for check in checks],
            }
        )
        return
    rows = tuple(
        (c.name, c.found, c.wanted, Cell(_word(c.verdict), _MOODS[c.verdict]), c.why)
        for c in checks
    )
    output.table(Table(_HEADINGS, rows))
    for remark in remarks(figures):
        output.line(remark)
    output.line(_verdict(checks, passes=passes), "good" if passes else "bad")


def _verdict(checks: Sequence[Check], *, passes: bool) -> str:
    if passes:
        doubtful = any(check.verdict is Verdict.INCONCLUSIVE for check in checks)
        return "The gate passes, with a doubt." if doubtful else "The gate passes."
    broken = [check.name for check in checks if check.verdict is Verdict.FAILED]
    return f"The gate fails: {', '.join(broken) or 'the comparison is inconclusive'}."


def _summarize(figures: Figures, checks: Sequence[Check], *, passes: bool) -> None:
    """Add the table to the summary of the step, where a GitHub workflow runs this."""
    file = os.environ.get(SUMMARY)
    if not file:
        return
    rows = ((c.name, c.found, c.wanted, _word(c.verdict), c.why) for c in checks)
    lines = [
        f"### Load gate: {_verdict(checks, passes=passes)}",
        "",
        f"{figures.source}: {figures.requests} requests",
        "",
        "| check | found | limit | verdict | |",
        "|---|---:|---:|---|---|",
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
        "",
        *remarks(figures),
    ]
    with Path(file).open("a", encoding="utf-8") as summary:
        summary.write("\n".join(lines) + "\n\n")


def _word(verdict: Verdict) -> str:
    """The verdict as tables say it: what broke can be found without colours."""
    return verdict.upper() if verdict is Verdict.FAILED else verdict.value
