"""A recorded turn beside the same turn under other plugins."""

from __future__ import annotations

from decimal import Decimal
from difflib import SequenceMatcher

import attrs

from ion_framework.pipeline.receipt import CacheStatus, StageTiming
from ion_framework.recording.model import Problem, RecordedPrompt, RecordedTurn

PREPARING = ("guard", "context", "analyze", "route", "prompt")
"""The stages before a generator is asked: what a replay without answers can compare."""


@attrs.frozen(kw_only=True)
class Side:
    """One turn under one set of plugins.

    Attributes:
        key: the resonance key as the analyser reads it; None where nobody could.
        persona: who answers; None where nobody does.
        confidence: of the routing.
        margin: lead of the persona over the runner-up.
        scores: every persona's score, best first.
        reasons: the router's.
        prompt: what the generator is told; None where that is not known.
        reply: the answer; None where it is not known.
        problem: why there is no answer, None where there could be one.
        took_ms: milliseconds of what is compared; None where they are not known.
    """

    key: str | None = None
    persona: str | None = None
    confidence: Decimal | None = None
    margin: Decimal | None = None
    scores: dict[str, Decimal] = attrs.field(factory=dict)
    reasons: tuple[str, ...] = ()
    prompt: RecordedPrompt | None = None
    reply: str | None = None
    problem: Problem | None = None
    took_ms: float | None = None


@attrs.frozen(kw_only=True)
class ReplayedTurn:
    """A turn before and after.

    Attributes:
        number: its number in the recording.
        before: as it was recorded.
        after: as it is under the other plugins.
        by_recorded_key: whether it was routed by its recorded reading, because redaction has
            changed its text.
    """

    number: int
    before: Side
    after: Side
    by_recorded_key: bool = False

    @property
    def reading_changed(self) -> bool:
        """Whether the message is read otherwise, the plugins being the reason."""
        return not self.by_recorded_key and self.before.key != self.after.key

    @property
    def marks_read_otherwise(self) -> bool:
        """Whether the message reads otherwise with its marks, which says nothing of plugins."""
        return self.by_recorded_key and self.before.key != self.after.key

    @property
    def routing_changed(self) -> bool:
        """Whether somebody else answers, or nobody where somebody did, or the other way round."""
        return self.before.persona != self.after.persona

    @property
    def scores_changed(self) -> bool:
        """Whether the same persona answers with another confidence or margin, as far as known."""
        known = self.before.confidence is not None and not self.routing_changed
        return known and (
            (self.before.confidence, self.before.margin)
            != (self.after.confidence, self.after.margin)
        )

    @property
    def prompt_changed(self) -> bool | None:
        """Whether the generator is told something else; None where one of them is not known."""
        if self.before.prompt is None or self.after.prompt is None:
            return None
        return self.before.prompt.digest != self.after.prompt.digest

    @property
    def reply_changed(self) -> bool | None:
        """Whether the answer differs; None where one of them is not known."""
        if self.before.reply is None or self.after.reply is None:
            return None
        return self.before.reply != self.after.reply

    @property
    def similarity(self) -> float | None:
        """How much of the answers' words is the same, 0 to 1; None where one is not known.

        The ratio of `difflib.SequenceMatcher` over words.
        """
        if self.before.reply is None or self.after.reply is None:
            return None
        words = (self.before.reply.split(), self.after.reply.split())
        return SequenceMatcher(None, *words, autojunk=False).ratio()

    @property
    def changed(self) -> bool:
        """Whether anything but the time differs."""
        return bool(
            self.reading_changed
            or self.routing_changed
            or self.scores_changed
            or self.prompt_changed
            or self.reply_changed
        )


def recorded_side(turn: RecordedTurn, *, answered: bool) -> Side:
    """A turn as it was recorded.

    Args:
        turn: the turn.
        answered: whether the whole turn is compared, the answer included; else what comes before.
    """
    decision = turn.decision
    answered_by = turn.reply.persona if turn.reply else None
    return Side(
        key=str(turn.resonance.key) if turn.resonance else None,
        persona=decision.primary if decision else answered_by,
        confidence=decision.confidence if decision else None,
        margin=decision.margin if decision else None,
        scores=dict(decision.scores) if decision else {},
        reasons=decision.reasons if decision else (),
        prompt=turn.prompt,
        # An answer to the message as it was is no measure of one to the message with marks.
        reply=turn.reply.text if turn.reply and not turn.altered else None,
        problem=turn.problem,
        took_ms=_whole_ms(turn) if answered else preparing_ms(turn.stages),
    )


def preparing_ms(stages: tuple[StageTiming, ...]) -> float | None:
    """How long everything before the generator took; None where it is not known."""
    known = [item.duration_ms for item in stages if item.stage in PREPARING]
    return sum(known) if known else None


def _whole_ms(turn: RecordedTurn) -> float | None:
    """How long a turn took, where an answer was made for it: a stored one is no measure."""
    if turn.reply is None or turn.reply.cache in {CacheStatus.HIT, CacheStatus.STALE}:
        return None
    return turn.spent_ms
