"""The report of a replay as Markdown, for a review of a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ion_framework.recording.comparing import ReplayedTurn
from ion_framework.recording.report import NOBODY, Report

Say = Callable[..., str]
"""Gives a sentence by its name and what stands in its gaps."""

MOVE = ("from", "to", "turns", "by_reading")
TURN = ("turn", "key", "from", "to", "margin")
"""Columns of the tables of who loses turns to whom, and of the turns that move."""

LONGEST = 100
"""Turns in the table of those that move; the JSON has all of them."""


def markdown_of(report: Report, turns: Sequence[ReplayedTurn], say: Say) -> str:
    """The report as Markdown.

    Args:
        report: the report.
        turns: every turn.
        say: gives sentences in the reader's language.
    """
    moved = [turn for turn in turns if turn.routing_changed]
    parts = [f"# {say('title')}", "\n".join(f"- {line}" for line in summary(report, say))]
    if report.moves:
        rows = [(m.before, m.after, str(m.turns), str(m.by_reading)) for m in report.moves]
        parts += [f"## {say('moves')}", table(headings(MOVE, say), rows)]
        shown = list(map(row_of, moved[:LONGEST]))
        parts += [f"## {say('moved_turns')}", table(headings(TURN, say), shown)]
        if len(moved) > LONGEST:
            parts.append(say("more", count=len(moved) - LONGEST))
    return "\n\n".join(parts) + "\n"


def headings(names: Sequence[str], say: Say) -> tuple[str, ...]:
    """The headings of a table."""
    return tuple(map(say, names))


def summary(report: Report, say: Say) -> list[str]:
    """The report in sentences."""
    lines = [
        say("played", turns=report.turns, unchanged=report.unchanged),
        say("routing", moved=report.moved, scored=report.scored_otherwise),
        say("reading", count=report.read_otherwise),
    ]
    if report.marked:
        lines.append(say("marked", count=report.marked, other=report.marked_read_otherwise))
    if report.failing or report.recovered:
        lines.append(say("failing", failing=report.failing, recovered=report.recovered))
    lines.append(_compared("prompts", report.prompts_compared, report.prompts_changed, say))
    lines.append(_compared("replies", report.replies_compared, report.replies_changed, say))
    if report.similarity is not None:
        lines.append(say("similarity", share=f"{report.similarity:.0%}"))
    lines.append(_latency(report, say))
    return lines


def row_of(turn: ReplayedTurn) -> tuple[str, ...]:
    """A turn that moves, as a row."""
    before, after = turn.before, turn.after
    return (
        str(turn.number),
        changed(before.key, after.key),
        before.persona or NOBODY,
        after.persona or _why(turn),
        changed(before.margin, after.margin),
    )


def changed(before: object, after: object) -> str:
    """A value, or both where it has changed."""
    shown = [NOTHING if value is None else str(value) for value in (before, after)]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} → {shown[1]}"


NOTHING = "–"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _why(turn: ReplayedTurn) -> str:
    problem = turn.after.problem
    return f"{NOBODY}: {problem.message}" if problem else NOBODY


def _compared(name: str, compared: int, changed_count: int, say: Say) -> str:
    if not compared:
        return say(f"no_{name}")
    return say(name, compared=compared, changed=changed_count)


def _latency(report: Report, say: Say) -> str:
    found = report.latency
    if not found.turns:
        return say("no_latency")
    names = ("before_p50", "after_p50", "before_p95", "after_p95")
    gaps = {name: f"{getattr(found, name):.1f}" for name in names}
    return say("latency", stages=found.stages, turns=found.turns, **gaps)
