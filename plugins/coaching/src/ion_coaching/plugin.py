"""What the entry point names: metadata ``phase`` and ``rune`` for every answer."""

from __future__ import annotations

import attrs

from ion_coaching.phase import GUIDANCE, LABELS, Phases, bqi
from ion_coaching.quality import Quality, quality
from ion_coaching.settings import CoachingSettings
from ion_framework import PluginContext, Reply, Turn, hookimpl
from ion_framework.clock import Clock
from ion_framework.domain.frozen import FrozenJson
from ion_framework.text_memo import TextMemo

_REMEMBERED = 2048
"""Measures that are kept: of answers that come again from the cache, and of their messages."""


@attrs.frozen
class _Measured:
    """What comes again with an answer and its message: ``rune``, and ``bqi`` of ``phase``."""

    rune: FrozenJson
    bqi: FrozenJson


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
        self._measured: TextMemo[_Measured] = TextMemo(_REMEMBERED)

    @hookimpl
    def ion_finish(self, reply: Reply, turn: Turn) -> Reply:
        """The reply with ``phase`` and ``rune`` in its metadata."""
        shown = turn.persona.shown_name(reply.language) if turn.persona else reply.persona
        texts = (reply.content, turn.text, shown)
        measured = self._measured.of(lambda: self._measure(*texts), *texts)
        phase = self._phase(turn, reply, measured.bqi)
        return reply.with_metadata({"phase": phase, "rune": measured.rune})

    def _measure(self, answer: str, message: str, shown: str) -> _Measured:
        brought = FrozenJson(attrs.asdict(bqi(message)))
        return _Measured(self._rune(quality(answer, message, shown)), brought)

    def _phase(self, turn: Turn, reply: Reply, brought: FrozenJson) -> dict[str, object]:
        request = turn.request
        conversation = (
            request.tenant,
            request.principal,
            request.user_id or "",
            request.session_id or "",
        )
        index = self._phases.advance(conversation, self._clock.monotonic())
        return {
            "phase_index": index,
            "phase_label": LABELS[index],
            "guidance": GUIDANCE[reply.language][index],
            "bqi": brought,
            "timestamp": self._clock.time(),
            "interval_seconds": self._settings.interval_s,
        }

    def _rune(self, measured: Quality) -> FrozenJson:
        risks = tuple(measured.risks)
        found = {
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
                    "recommendations": tuple(measured.recommendations),
                    "risks": risks,
                },
                "risks": risks,
            },
        }
        return FrozenJson(found)


def plugin(context: PluginContext) -> Coaching:
    """The plugin of one `Ion`."""
    return Coaching(context.settings_as(CoachingSettings), context.clock)
