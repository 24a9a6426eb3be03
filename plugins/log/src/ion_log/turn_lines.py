"""The line of an ordinary answer as JSON, at a fraction of what it costs to put it together.

`telling.Teller` says what lines tell, and of this one too: a test compares them byte for byte. Here
what answers have in common is written once, and the rest is put between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from math import modf

import attrs

from ion_framework.domain.trace_context import TraceContext
from ion_framework.line_stream import CLOUD_SEVERITIES, CLOUD_TRACE
from ion_framework.pipeline.events import TurnCompleted
from ion_framework.pipeline.reply import Reply
from ion_log.lines import as_json, clean

_HEAD = f'{{"severity": "{CLOUD_SEVERITIES["info"]}", "message": "turn answered", "timestamp": "'
_SECONDS = "%Y-%m-%dT%H:%M:%S."
_MICROS = 1_000_000
_MOST_KNOWN = 1000
_LARGEST = 1e15
"""Above it a number of three decimals is none any more that a double holds."""


@attrs.frozen
class _Answer:
    """What answers have in common whose routing, model and use of the cache are the same.

    Attributes:
        confidence: that of the routing; held, so that its identity stays its own.
        told: what else the texts tell, as `_told` gives it.
        labels: what stands before the request.
        fields: what stands behind it.
    """

    confidence: Decimal
    told: tuple[object, ...]
    labels: str
    fields: str


class TurnLines:
    """Writes lines of ordinary answers.

    Args:
        project: the Google Cloud project of the traces, None without one.
    """

    def __init__(self, project: str | None) -> None:
        self._traces = f"projects/{project}/traces/" if project else ""
        self._answers: dict[int, _Answer] = {}
        self._stages: dict[str, str] = {}
        self._second, self._stamp = -1.0, ""

    def line(self, event: TurnCompleted) -> str | None:
        """The line of an answer that came to its end, from the cache, as preferred, and undegraded.

        Args:
            event: a turn with such an answer.

        Returns:
            the line; None where it has something that is not ordinary.
        """
        request_id, times = event.request.request_id, self._times(event)
        if times is None or event.at < 0 or type(request_id) is not str:
            return None
        answer = self._answer(event.reply)
        trace = "" if event.trace is None else self._trace(event.trace)
        return (
            f'{_HEAD}{self._moment(event.at)}Z", "kind": "turn", {answer.labels}{trace}'
            f'"request_id": {_text(request_id)}, {answer.fields}{times}'
        )

    def _answer(self, reply: Reply) -> _Answer:
        confidence, told = reply.receipt.confidence, _told(reply)
        known = self._answers.get(id(confidence))
        if known is not None and known.told == told:
            return known
        if len(self._answers) >= _MOST_KNOWN:
            self._answers.clear()
        self._answers[id(confidence)] = made = _made(reply, told)
        return made

    def _trace(self, trace: TraceContext) -> str:
        return (
            f'"{CLOUD_TRACE}": {_text(self._traces + trace.trace_id)}, '
            f'"logging.googleapis.com/spanId": {_text(trace.parent_id)}, '
            f'"logging.googleapis.com/trace_sampled": {"true" if trace.sampled else "false"}, '
        )

    def _moment(self, at: float) -> str:
        """The time of day without its zone, rounded as `datetime.fromtimestamp` does it."""
        part, second = modf(at)
        micros = round(part * _MICROS)
        if micros == _MICROS:
            second, micros = second + 1, 0
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime(_SECONDS)
        return f"{self._stamp}{micros:06d}"

    def _times(self, event: TurnCompleted) -> str | None:
        """Milliseconds of the turn and its stages; None where one is no number that JSON has."""
        whole = event.duration_s * 1000
        total, told = whole, dict[str, str]()
        for stage in event.reply.receipt.stages:
            duration = stage.duration_ms
            total += duration
            name = self._stages.get(stage.stage) or self._stage(stage.stage)
            told[name] = f"{name}{round(duration, 3)!r}"
        if not -_LARGEST < total < _LARGEST:
            return None
        stages = ", ".join(told.values())
        return f'"duration_ms": {round(whole, 3)!r}, "stages_ms": {{{stages}}}}}'

    def _stage(self, name: str) -> str:
        text = f"{_text(name)}: "
        if len(self._stages) < _MOST_KNOWN:
            self._stages[name] = text
        return text


def _told(reply: Reply) -> tuple[object, ...]:
    receipt = reply.receipt
    return reply.persona, receipt.key, receipt.cache.status, reply.generator, reply.model


def _made(reply: Reply, told: tuple[object, ...]) -> _Answer:
    receipt = reply.receipt
    cache = receipt.cache.status.value
    labels = {"logging.googleapis.com/labels": {"persona": reply.persona, "cache": cache}}
    fields = {
        "persona": reply.persona,
        "key": str(receipt.key),
        "confidence": float(receipt.confidence),
        "cache": cache,
        "generator": reply.generator,
        "model": reply.model,
        "finish": reply.finish_reason.value,
    }
    return _Answer(receipt.confidence, told, _members(labels), _members(fields))


def _members(fields: Mapping[str, object]) -> str:
    """The members of a JSON object, for others to come behind them."""
    return f"{clean(as_json(fields)[1:-1])}, "


def _text(value: str) -> str:
    return clean(encode_basestring(value))
