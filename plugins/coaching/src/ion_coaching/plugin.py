"""What the entry point names: metadata ``phase`` and ``rune`` for every answer."""

from __future__ import annotations

from collections import OrderedDict

import attrs

from ion_coaching.phase import GUIDANCE, LABELS, Phases, bqi
from ion_coaching.quality import Quality, quality
from ion_coaching.settings import CoachingSettings
from ion_framework import PluginContext, Reply, Turn, hookimpl
from ion_framework.clock import Clock

MOST_TURNS = 4096
"""Turns in progress that are remembered until their answer; those that failed go in time."""


@attrs.frozen
class _Asked:
    """What is known of a turn before its answer."""

    text: str = attrs.field(default="", repr=False)
    phase: int = 0


class Coaching:
    """Notes what is asked when a turn begins, and measures at its end.

    Args:
        settings: its settings.
        clock: the clock.
    """

    def __init__(self, settings: CoachingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._phases = Phases(settings.interval_s, settings.max_conversations)
        self._asked: OrderedDict[str, _Asked] = OrderedDict()

    @hookimpl
    async def ion_gather_context(self, turn: Turn) -> None:
        """Note the message and the phase of its conversation; the context stays as it is."""
        request = turn.request
        conversation = (
            request.tenant,
            request.principal,
            request.user_id or "",
            request.session_id or "",
        )
        phase = self._phases.advance(conversation, self._clock.monotonic())
        self._asked[request.request_id] = _Asked(request.text, phase)
        if len(self._asked) > MOST_TURNS:
            self._asked.popitem(last=False)

    @hookimpl
    async def ion_finish(self, reply: Reply) -> Reply:
        """The reply with ``phase`` and ``rune`` in its metadata."""
        asked = self._asked.pop(reply.receipt.request_id, _Asked())
        measured = quality(reply.content, asked.text, reply.persona)
        added = {"phase": self._phase(asked, reply), "rune": self._rune(measured)}
        return attrs.evolve(reply, metadata={**reply.metadata, **added})

    def _phase(self, asked: _Asked, reply: Reply) -> dict[str, object]:
        return {
            "phase_index": asked.phase,
            "phase_label": LABELS[asked.phase],
            "guidance": GUIDANCE[reply.language][asked.phase],
            "bqi": attrs.asdict(bqi(asked.text)),
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
