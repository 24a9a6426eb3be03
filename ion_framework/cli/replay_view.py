"""A replay for people: the report, and one turn in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ion_framework.cli.output import Output
from ion_framework.cli.tables import Table
from ion_framework.recording.comparing import ReplayedTurn, Side
from ion_framework.recording.differing import difference, prompt_difference
from ion_framework.recording.markdown import MOVE, NOTHING, TURN, changed, headings, row_of, summary
from ion_framework.recording.report import NOBODY, Report

Say = Callable[..., str]

LONGEST = 50
"""Turns in the table on a terminal or in a pipe; JSON has all of them."""


def show_report(report: Report, turns: Sequence[ReplayedTurn], say: Say, output: Output) -> None:
    """Write what changes: turn by turn, then in sums."""
    moved = [turn for turn in turns if turn.routing_changed]
    if moved:
        output.table(Table(headings(TURN, say), tuple(map(row_of, moved[:LONGEST]))))
        if len(moved) > LONGEST:
            output.line(say("more", count=len(moved) - LONGEST), "quiet")
        output.line()
        rows = tuple((m.before, m.after, str(m.turns), str(m.by_reading)) for m in report.moves)
        output.table(Table(headings(MOVE, say), rows))
        output.line()
    for line in summary(report, say):
        output.line(line)


def show_turn(turn: ReplayedTurn, say: Say, output: Output) -> None:
    """Write all that is known of a turn before and after."""
    before, after = turn.before, turn.after
    rows = (
        (say("key"), *_both(before.key, after.key)),
        (say("persona"), *_both(before.persona or NOBODY, after.persona or NOBODY)),
        (say("confidence"), *_both(before.confidence, after.confidence)),
        (say("margin"), *_both(before.margin, after.margin)),
        (say("scores"), _scores(before), _scores(after)),
        (say("prompt"), _digest(before), _digest(after)),
    )
    output.table(Table((say("turn") + f" {turn.number}", say("before"), say("after")), rows))
    for side, name in ((before, "before"), (after, "after")):
        for reason in (*side.reasons, *((side.problem.message,) if side.problem else ())):
            output.line(f"  {say(name)}: {reason}", "quiet")
    if turn.by_recorded_key:
        output.line(say("one_marked"), "notice")
    _show_prompts(turn, say, output)
    if turn.reply_changed:
        share = f"{turn.similarity:.0%}" if turn.similarity is not None else NOTHING
        output.line()
        output.line(say("reply_differs", share=share))
        for line in difference(before.reply or "", after.reply or ""):
            output.line(line)


def _show_prompts(turn: ReplayedTurn, say: Say, output: Output) -> None:
    before, after = turn.before.prompt, turn.after.prompt
    if not turn.prompt_changed or before is None or after is None:
        return
    lines = prompt_difference(before, after)
    output.line()
    output.line(say("prompt_differs") if lines is not None else say("prompt_texts_missing"))
    for line in lines or ():
        output.line(line)


def _both(before: object, after: object) -> tuple[str, str]:
    return changed(before, before), changed(after, after)


def _scores(side: Side) -> str:
    return ", ".join(f"{name} {score}" for name, score in side.scores.items()) or NOTHING


def _digest(side: Side) -> str:
    prompt = side.prompt
    return f"{prompt.name}@{prompt.version} {prompt.digest[:12]}" if prompt else NOTHING
