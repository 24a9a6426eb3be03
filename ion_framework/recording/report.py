"""What a replay comes to: how many turns move, from whom to whom, and how long it takes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

import attrs

from ion_framework.recording.comparing import ReplayedTurn
from ion_framework.recording.model import RecordedPlugin
from ion_framework.recording.reading import Recording

NOBODY = "(nobody)"
"""Stands for the persona of a turn without one."""

LEAST_MS = 1.0
"""Milliseconds by which the 95th percentile has to grow at least to count as slower."""


class Aspect(StrEnum):
    """What of a turn can change."""

    ROUTING = "routing"
    PROMPT = "prompt"
    REPLY = "reply"
    LATENCY = "latency"


@attrs.frozen(kw_only=True)
class Move:
    """Turns that went from one persona to another.

    Attributes:
        before: who answered.
        after: who answers now.
        turns: how many turns.
        by_reading: in how many of them the message is read otherwise; in the rest the router
            decides otherwise.
    """

    before: str
    after: str
    turns: int
    by_reading: int


@attrs.frozen(kw_only=True)
class Latency:
    """Milliseconds of the same turns before and after; None where no turn has both.

    Attributes:
        stages: what is compared: ``turn``, or the stages before the generator.
        turns: how many turns have both.
        before_p50: median before.
        before_p95: 95th percentile before.
        after_p50: median after.
        after_p95: 95th percentile after.
    """

    stages: str
    turns: int
    before_p50: float | None = None
    before_p95: float | None = None
    after_p50: float | None = None
    after_p95: float | None = None

    def slower(self, factor: float) -> bool:
        """Whether the 95th percentile has grown by more than a factor, and more than noise."""
        if self.before_p95 is None or self.after_p95 is None:
            return False
        return self.after_p95 > max(self.before_p95 * factor, self.before_p95 + LEAST_MS)


@attrs.frozen(kw_only=True)
class Report:
    """What came of a replay.

    Attributes:
        turns: turns that were played.
        unchanged: turns of which nothing that is compared has changed, whatever they took.
        read_otherwise: turns whose message is read otherwise by the analyser; where it holds
            marks, they are counted apart.
        marked: turns whose message holds marks: they were routed by their recorded reading.
        marked_read_otherwise: those of them whose marked text is read otherwise.
        moved: turns that somebody else answers.
        scored_otherwise: turns of the same persona with another confidence or margin.
        moves: who lost turns to whom, most first.
        failing: turns that had an answer and have none now.
        recovered: turns that had none and could have one now.
        prompts_compared: turns whose prompts are both known.
        prompts_changed: those of them whose prompt differs.
        replies_compared: turns whose answers are both known.
        replies_changed: those of them whose answer differs.
        similarity: mean share of words that the compared answers have in common, 0 to 1; None
            where none is compared.
        latency: how long they took.
        plugins_before: what ran then.
        plugins_after: what runs now.
    """

    turns: int
    unchanged: int
    read_otherwise: int
    marked: int
    marked_read_otherwise: int
    moved: int
    scored_otherwise: int
    moves: tuple[Move, ...]
    failing: int
    recovered: int
    prompts_compared: int
    prompts_changed: int
    replies_compared: int
    replies_changed: int
    similarity: float | None
    latency: Latency
    plugins_before: tuple[RecordedPlugin, ...]
    plugins_after: tuple[RecordedPlugin, ...]

    def changed(self, aspect: Aspect, slower: float) -> bool:
        """Whether an aspect has changed.

        Args:
            aspect: which.
            slower: factor by which the 95th percentile has to grow.
        """
        if aspect is Aspect.ROUTING:
            return bool(self.moved or self.failing or self.recovered)
        if aspect is Aspect.PROMPT:
            return bool(self.prompts_changed)
        if aspect is Aspect.REPLY:
            return bool(self.replies_changed)
        return self.latency.slower(slower)

    def compared(self, aspect: Aspect) -> int:
        """Of how many turns an aspect is known before and after."""
        return {
            Aspect.ROUTING: self.turns,
            Aspect.PROMPT: self.prompts_compared,
            Aspect.REPLY: self.replies_compared,
            Aspect.LATENCY: self.latency.turns,
        }[aspect]


def report_of(
    recording: Recording,
    turns: Sequence[ReplayedTurn],
    plugins: tuple[RecordedPlugin, ...],
    *,
    answered: bool,
) -> Report:
    """The report of a replay.

    Args:
        recording: what was played.
        turns: what came of each turn.
        plugins: what it was played under.
        answered: whether turns were answered.
    """
    marked = [turn for turn in turns if turn.by_recorded_key]
    similarities = [turn.similarity for turn in turns if turn.similarity is not None]
    return Report(
        turns=len(turns),
        unchanged=sum(not turn.changed for turn in turns),
        read_otherwise=sum(turn.reading_changed for turn in turns),
        marked=len(marked),
        marked_read_otherwise=sum(turn.marks_read_otherwise for turn in marked),
        moved=sum(turn.routing_changed for turn in turns),
        scored_otherwise=sum(turn.scores_changed for turn in turns),
        moves=_moves(turns),
        failing=sum(_fails(turn) for turn in turns),
        recovered=sum(bool(turn.before.problem and not turn.after.problem) for turn in turns),
        prompts_compared=sum(turn.prompt_changed is not None for turn in turns),
        prompts_changed=sum(bool(turn.prompt_changed) for turn in turns),
        replies_compared=len(similarities),
        replies_changed=sum(bool(turn.reply_changed) for turn in turns),
        similarity=sum(similarities) / len(similarities) if similarities else None,
        latency=_latency(turns, answered=answered),
        plugins_before=recording.header.plugins,
        plugins_after=plugins,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile by the nearest rank: a value that did occur.

    Args:
        values: at least one.
        share: above 0, up to 1.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _fails(turn: ReplayedTurn) -> bool:
    return turn.after.problem is not None and turn.before.problem is None


def _moves(turns: Sequence[ReplayedTurn]) -> tuple[Move, ...]:
    moved = [turn for turn in turns if turn.routing_changed]
    pairs = Counter(map(_pair, moved))
    read = Counter(_pair(turn) for turn in moved if turn.reading_changed)
    found = [
        Move(before=before, after=after, turns=count, by_reading=read[before, after])
        for (before, after), count in pairs.items()
    ]
    return tuple(sorted(found, key=lambda move: (-move.turns, move.before, move.after)))


def _pair(turn: ReplayedTurn) -> tuple[str, str]:
    return turn.before.persona or NOBODY, turn.after.persona or NOBODY


def _latency(turns: Sequence[ReplayedTurn], *, answered: bool) -> Latency:
    both = [
        (turn.before.took_ms, turn.after.took_ms)
        for turn in turns
        if turn.before.took_ms is not None and turn.after.took_ms is not None
    ]
    stages = "turn" if answered else "guard, context, analyze, route, prompt"
    if not both:
        return Latency(stages=stages, turns=0)
    before, after = ([pair[place] for pair in both] for place in (0, 1))
    return Latency(
        stages=stages,
        turns=len(both),
        before_p50=percentile(before, 0.5),
        before_p95=percentile(before, 0.95),
        after_p50=percentile(after, 0.5),
        after_p95=percentile(after, 0.95),
    )
