"""What a line tells of an event: its level, its message, its fields."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import attrs

from ion_framework.domain.conversation import shorten
from ion_framework.domain.trace_context import TraceContext
from ion_framework.line_stream import CLOUD_TRACE
from ion_framework.pipeline.chunks import FinishReason, Usage
from ion_framework.pipeline.events import (
    OWN_FAULTS,
    AnswerRefreshed,
    Event,
    LoopHeld,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.reply import Reply
from ion_framework.recording.redaction import redact
from ion_log.settings import LogSettings

_BROKEN = frozenset({"failed", "invalid", "incompatible", "conflict", "untrusted"})
_SERVER_ERROR, _TOO_MANY = 500, 429
_PLUGINS = re.compile(r"(?:^|; )([a-z0-9][a-z0-9-]{0,63}): ")
_WHOLE = 1 << 32

Fields = dict[str, Any]


@attrs.frozen
class Line:
    """One line before it is rendered.

    Attributes:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        message: what happened.
        fields: the rest, in the order in which it is written.
    """

    level: str
    message: str
    fields: Mapping[str, Any]


class Teller:
    """Says what is logged of an event.

    Args:
        settings: what is logged.
    """

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        self._tells: Mapping[type, Callable[[Any], Line | None]] = {
            TurnCompleted: self._completed,
            TurnFailed: self._failed,
            AnswerRefreshed: self._refreshed,
            RequestCompleted: self._request,
            PluginStatusChanged: self._plugin,
            LoopHeld: self._held,
        }

    def line(self, event: Event) -> Line | None:
        """The line for an event, None where it is not logged."""
        tell = self._tells.get(type(event))
        return tell(event) if tell else None

    def usual(self, event: Event) -> TurnCompleted | None:
        """The event, where its line is to be written and has nothing but what every answer has."""
        if type(event) is not TurnCompleted or not self._settings.answered:
            return None
        reply = event.reply
        if reply.receipt.attempts or not _is_whole(reply):
            return None
        return event if self._sampled(event.request.request_id) else None

    def _completed(self, event: TurnCompleted) -> Line | None:
        reply = event.reply
        whole = _is_whole(reply)
        if not self._settings.answered or (whole and not self._sampled(event.request.request_id)):
            return None
        labels = {"persona": reply.persona, "cache": reply.receipt.cache.status.value}
        fields = self._common("turn", event.at, event.trace, labels) | _turn_fields(event)
        texts = {"text": event.request.text, "answer": reply.content, "degraded": reply.degraded}
        return Line("info" if whole else "warning", "turn answered", fields | self._texts(texts))

    def _failed(self, event: TurnFailed) -> Line | None:
        if not self._settings.failed:
            return None
        level = "error" if event.code in OWN_FAULTS else "info"
        fields = self._common("turn", event.at, event.trace, {"code": event.code}) | {
            "request_id": event.request.request_id,
            "code": event.code,
            "duration_ms": _ms(event.duration_s),
        }
        failed = list(dict.fromkeys(_PLUGINS.findall(event.detail)))
        if failed:
            fields["failed"] = failed
        texts = {"text": event.request.text, "reason": event.message, "detail": event.detail}
        return Line(level, "turn failed", fields | self._texts(texts))

    def _refreshed(self, event: AnswerRefreshed) -> Line | None:
        if not (self._settings.answered if event.succeeded else self._settings.failed):
            return None
        fields = self._common("refresh", event.at, event.request.trace, {}) | {
            "request_id": event.request.request_id,
            "duration_ms": _ms(event.duration_s),
            **_usage(event.usage),
        }
        texts = {"text": event.request.text, "reason": event.message}
        level = "info" if event.succeeded else "warning"
        message = "answer made anew" if event.succeeded else "answer not made anew"
        return Line(level, message, fields | self._texts(texts))

    def _request(self, event: RequestCompleted) -> Line | None:
        if not self._settings.requests:
            return None
        server = event.outcome >= _SERVER_ERROR
        level = "error" if server else "warning" if event.outcome == _TOO_MANY else "info"
        fields = self._common("request", event.at, event.trace, {}) | {
            "httpRequest": {
                "requestMethod": event.method,
                "requestUrl": event.route,
                "status": event.status,
                "latency": f"{event.duration_s:.6f}s",
            },
            "request_id": event.request_id,
            "duration_ms": _ms(event.duration_s),
        }
        if event.lasted_s is not None:
            fields["lasted_ms"] = _ms(event.lasted_s)
        if event.failure:
            fields["failure"] = event.failure
        return Line(level, "request", fields)

    def _plugin(self, event: PluginStatusChanged) -> Line | None:
        if not self._settings.plugins:
            return None
        level = "error" if event.after in _BROKEN else "info"
        labels = {"plugin": event.plugin}
        fields = self._common("plugin", event.at, None, labels) | {
            "plugin": event.plugin,
            "before": event.before,
            "after": event.after,
        }
        level = "warning" if event.after == "quarantined" else level
        texts = self._texts({"reason": event.reason})
        return Line(level, "a plugin's status changed", fields | texts)

    def _held(self, event: LoopHeld) -> Line | None:
        if not self._settings.plugins:
            return None
        labels = {"plugin": event.plugin} if event.plugin else {}
        fields = self._common("loop", event.at, None, labels) | {
            "plugin": event.plugin,
            "hook": event.hook,
            "duration_ms": _ms(event.seconds),
            "stack": " > ".join(event.stack),
        }
        return Line("warning", "the event loop was held", fields)

    def _common(
        self, kind: str, at: float, trace: TraceContext | None, labels: Mapping[str, str]
    ) -> Fields:
        moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
        fields: Fields = {"timestamp": moment.replace("+00:00", "Z"), "kind": kind}
        if labels:
            fields["logging.googleapis.com/labels"] = dict(labels)
        if trace is not None:
            project = self._settings.project
            whole = f"projects/{project}/traces/{trace.trace_id}" if project else trace.trace_id
            fields |= {
                CLOUD_TRACE: whole,
                "logging.googleapis.com/spanId": trace.parent_id,
                "logging.googleapis.com/trace_sampled": trace.sampled,
            }
        return fields

    def _texts(self, texts: Mapping[str, str]) -> Fields:
        """The texts that are not empty, where texts are wanted at all."""
        if not self._settings.include_text:
            return {}
        most = self._settings.text_chars
        # Cut last: half a telephone number would not be found.
        return {name: shorten(redact(text).text, most) for name, text in texts.items() if text}

    def _sampled(self, request_id: str) -> bool:
        wanted = self._settings.sample
        if wanted >= 1:
            return True
        return zlib.crc32(request_id.encode("utf-8", "replace")) / _WHOLE < wanted


def _is_whole(reply: Reply) -> bool:
    return not reply.degraded and reply.finish_reason is FinishReason.STOP


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _usage(usage: Usage) -> Fields:
    given = {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": usage.cost_usd,
    }
    return {name: value for name, value in given.items() if value is not None}


def _turn_fields(event: TurnCompleted) -> Fields:
    reply, receipt = event.reply, event.reply.receipt
    fields: Fields = {
        "request_id": event.request.request_id,
        "persona": reply.persona,
        "key": str(receipt.key),
        "confidence": float(receipt.confidence),
        "cache": receipt.cache.status.value,
        "generator": reply.generator,
        "model": reply.model,
        "finish": reply.finish_reason.value,
        "duration_ms": _ms(event.duration_s),
        "stages_ms": {item.stage: round(item.duration_ms, 3) for item in receipt.stages},
    }
    # Those of an answer from the cache were spent, and told, when it was made.
    if receipt.attempts:
        fields |= _usage(reply.usage)
    if reply.degraded:
        fields["failed"] = _failed_plugins(event)
    return fields


def _failed_plugins(event: TurnCompleted) -> list[str]:
    attempts = event.reply.receipt.attempts
    return list(dict.fromkeys(item.plugin for item in attempts if not item.succeeded))
