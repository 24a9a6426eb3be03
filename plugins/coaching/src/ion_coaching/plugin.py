"""What the entry point names: metadata ``phase`` and ``rune`` for every answer."""

from __future__ import annotations

import attrs

from ion_coaching.phase import GUIDANCE, LABELS, Bqi, Phases, bqi
from ion_coaching.quality import Quality, quality
from ion_coaching.settings import CoachingSettings
from ion_framework import PluginContext, Reply, Turn, hookimpl
from ion_framework.clock import Clock
from ion_framework.text_memo import TextMemo

_REMEMBERED = 2048
"""Measures that are kept: of answers that come again from the cache, and of their messages."""


class Coaching:
    """Measures a message and its answer when the answer is complete.

    Args:
        settings: its settings.
        clock: the clock.
    """

    def __init__(self, settings: CoachingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._phases = Phases(settings.interval_s, settings.max_conversations)
        self._qualities: TextMemo[Quality] = TextMemo(_REMEMBERED)
        self._brought: TextMemo[Bqi] = TextMemo(_REMEMBERED)

    @hookimpl
    async def ion_finish(self, reply: Reply, turn: Turn) -> Reply:
        """The reply with ``phase`` and ``rune`` in its metadata."""
        shown = turn.persona.shown_name(reply.language) if turn.persona else reply.persona
        texts = (reply.content, turn.text, shown)
        measured = self._qualities.of(lambda: quality(*texts), *texts)
        added = {"phase": self._phase(turn, reply), "rune": self._rune(measured)}
        return attrs.evolve(reply, metadata={**reply.metadata, **added})

    def _phase(self, turn: Turn, reply: Reply) -> dict[str, object]:
        request = turn.request
        conversation = (
            request.tenant,
            request.principal,
            request.user_id or "",
            request.session_id or "",
        )
        index = self._phases.advance(conversation, self._clock.monotonic())
        brought = self._brought.of(lambda: bqi(turn.text), turn.text)
        return {
            "phase_index": index,
            "phase_label": LABELS[index],
            "guidance": GUIDANCE[reply.language][index],
            "bqi": {
                "beauty": brought.beauty,
                "quality": brought.quality,
                "impact": brought.impact,
            },
            "timestamp": self._clock.time(),
            "interval_seconds": self._settings.interval_s,
        }

    def _rune(self, measured: Quality) -> dict[str, object]:
        risks = list(measured.risks)
        return {
            "quality_score": measured.score,
            "feedback": " ".join(measured.recommendations),
            "regenerate": measured.score < self._settings.threshold,
            "transparency_report": {
                "source": "heuristic",
                "metrics": {
                    "score": measured.score,
                    "length_score": measured.length,
                    "coverage_score": measured.coverage,
                    "diversity_score": measured.diversity,
                    "persona_alignment": measured.alignment,
                    "recommendations": list(measured.recommendations),
                    "risks": risks,
                },
                "risks": risks,
            },
        }


def plugin(context: PluginContext) -> Coaching:
    """The plugin of one `Ion`."""
    return Coaching(context.settings_as(CoachingSettings), context.clock)
