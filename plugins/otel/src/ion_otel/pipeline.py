"""From an event to the collector, for one `Ion`: nothing of the process is touched."""

from __future__ import annotations

import threading

from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from ion_framework.pipeline.events import TurnCompleted, TurnFailed
from ion_otel.conventions import names_of
from ion_otel.exporting import CountingExporter
from ion_otel.settings import OtelSettings, pairs
from ion_otel.tally import Tally
from ion_otel.turns import TurnTeller
from ion_otel.writing import Origin, TraceWriter

SERVICE = "ion"
_GRACE_S = 0.1


class Pipeline:
    """Makes spans of events, and has them sent in a thread of the SDK's.

    Args:
        settings: the settings.
        versions: versions of ION and of this plugin.
        tally: where what becomes of spans is counted.
    """

    def __init__(self, settings: OtelSettings, versions: tuple[str, str], tally: Tally) -> None:
        names = names_of(settings.profile, settings.semconv_opt_in)
        scope = InstrumentationScope("ion_otel", versions[1], names.schema_url)
        self._origin = Origin(_resource(settings, versions[0]), scope)
        self._teller = TurnTeller(
            names, include_ids=settings.include_ids, include_content=settings.include_content
        )
        self._most = settings.queue_size
        self._tally = tally
        self._exporter = CountingExporter(settings, tally)
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=settings.queue_size,
            schedule_delay_millis=settings.delay_ms,
            max_export_batch_size=settings.batch_size,
        )

    def take(self, event: TurnCompleted | TurnFailed, trace_id: int) -> None:
        """Have the spans of an event sent; where they do not all fit, none is.

        Args:
            event: the event.
            trace_id: the trace that it belongs to.
        """
        # The processor would drop the oldest spans one by one, and a log line for each.
        count = self._teller.spans(event)
        if self._tally.waiting + count > self._most:
            self._tally.dropped += count
            return
        self._tally.taken += count
        writer = TraceWriter(self._origin, trace_id, event.trace, self._processor.on_end)
        self._teller.write(event, writer)

    def close(self, limit_s: float) -> None:
        """Send what waits, for at most so many seconds, and end; waits for it.

        Args:
            limit_s: seconds; what waits longer is lost.
        """
        # The processor's own end may take half a minute, and cannot be told otherwise.
        ending = threading.Thread(target=self._processor.shutdown, name="ion-otel-end", daemon=True)
        ending.start()
        ending.join(limit_s)
        if ending.is_alive():
            self._exporter.shutdown()
            ending.join(_GRACE_S)


def _resource(settings: OtelSettings, version: str) -> Resource:
    """The service; what the SDK finds out of itself goes before the name ``ion`` only."""
    given = dict(pairs(settings.resource_attributes))
    found = Resource.create({SERVICE_VERSION: version, **given})
    name = settings.service_name or given.get(SERVICE_NAME) or SERVICE
    return found.merge(Resource({SERVICE_NAME: name}))
