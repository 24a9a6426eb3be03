"""Handing batches to the collector: counted, and quiet."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextvars import ContextVar

from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from ion_otel.settings import OtelSettings, pairs
from ion_otel.tally import Tally

_IS_OURS: ContextVar[bool] = ContextVar("ion_otel_exports", default=False)


def _is_not_ours(_: logging.LogRecord) -> bool:
    return not _IS_OURS.get()


class CountingExporter(SpanExporter):
    """The SDK's exporter, with what becomes of spans counted instead of logged.

    It logs every failed attempt; here a collector that is down costs one line of the plugin's a
    minute. An application that uses the same exporter keeps its own lines.

    Args:
        settings: where to, and how long that may take.
        tally: where what became of spans is counted.
    """

    def __init__(self, settings: OtelSettings, tally: Tally) -> None:
        logging.getLogger(trace_exporter.__name__).addFilter(_is_not_ours)
        self._tally = tally
        self._given_up = False
        self._lock = threading.Lock()
        self._inner = trace_exporter.OTLPSpanExporter(
            endpoint=settings.url,
            headers=dict(pairs(settings.headers)),
            timeout=settings.timeout_s,
        )

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, within the time that the settings give it."""
        result = SpanExportResult.FAILURE
        token = _IS_OURS.set(True)
        try:
            if not self._given_up:
                result = self._inner.export(spans)
        except Exception:  # noqa: BLE001  whatever a library raises: counted, and the next batch goes
            result = SpanExportResult.FAILURE
        finally:
            _IS_OURS.reset(token)
        if result is SpanExportResult.SUCCESS:
            self._tally.sent += len(spans)
        else:
            self._tally.failed += len(spans)
        return result

    def shutdown(self) -> None:
        """Send nothing any more, and stop waiting between two attempts."""
        with self._lock:
            if self._given_up:
                return
            self._given_up = True
        token = _IS_OURS.set(True)
        try:
            self._inner.shutdown()  # type: ignore[no-untyped-call]  # so in the SDK
        finally:
            _IS_OURS.reset(token)
