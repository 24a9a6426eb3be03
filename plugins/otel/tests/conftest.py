"""A collector of one's own, on a real socket, that reads OTLP as collectors do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import attrs
import pytest
from ion_otel.plugin import Otel
from ion_otel.settings import OtelSettings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from ion_framework.clock import SystemClock
from ion_framework.testing import FakeCollector


@attrs.frozen
class SeenSpan:
    """A span as it arrived.

    Attributes:
        name: its name.
        kind: its kind, as the protocol numbers them.
        trace_id: its trace.
        span_id: itself.
        parent_id: what it is a part of, empty without.
        start: its beginning, nanoseconds since the Unix epoch.
        end: its end.
        attributes: its attributes; lists are tuples.
        failed: whether its status is an error.
        state: its ``tracestate``.
        is_remote: whether what it is a part of is another service's.
    """

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    start: int
    end: int
    attributes: Mapping[str, Any]
    failed: bool
    state: str
    is_remote: bool


@attrs.define(eq=False)
class FakeOtlp(FakeCollector):
    """A server that is spoken to as collectors are."""

    answer_headers: Mapping[str, str] = attrs.field(
        factory=lambda: {"Content-Type": "application/x-protobuf"}
    )
    answer_body: bytes = ExportTraceServiceResponse().SerializeToString()

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        """The requests, read by the protocol."""
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    @property
    def resources(self) -> list[Mapping[str, Any]]:
        """The services that spans came from."""
        return [
            _values(found.resource.attributes)
            for one in self.requests
            for found in one.resource_spans
        ]

    @property
    def scopes(self) -> list[Any]:
        """What made the spans."""
        return [
            scope
            for one in self.requests
            for found in one.resource_spans
            for scope in found.scope_spans
        ]

    @property
    def spans(self) -> list[SeenSpan]:
        """Every span."""
        return [_seen(span) for scope in self.scopes for span in scope.spans]

    def named(self, name: str) -> list[SeenSpan]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]


def _seen(span: Any) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_values(span.attributes),
        failed=span.status.code == 2,
        state=span.trace_state,
        is_remote=bool(span.flags & 0x200),
    )


def _values(attributes: Any) -> Mapping[str, Any]:
    return {item.key: _value(item.value) for item in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(_value(item) for item in value.array_value.values)
    return getattr(value, kind)


@pytest.fixture
def fakes() -> Iterator[Callable[[], FakeOtlp]]:
    """A function that starts a server; all of them stop in the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(FakeOtlp())


@pytest.fixture
def fake(fakes: Callable[[], FakeOtlp]) -> FakeOtlp:
    """One server."""
    return fakes()


@pytest.fixture
def monitor() -> Callable[..., Otel]:
    """A function that makes the plugin."""

    def make(endpoint: str, *, clock: Any = None, logger: Any = None, **settings: Any) -> Otel:
        import structlog

        given = OtelSettings(endpoint=endpoint, **settings)
        return Otel(given, clock or SystemClock(), logger or structlog.get_logger(), "1.2.3")

    return make
