"""Transactions and spans as Sentry's protocol has them: plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ion_sentry.identity import Place, new_span_id

Document = dict[str, Any]


@attrs.frozen(kw_only=True)
class Timed:
    """A part of a trace.

    Attributes:
        place: where it stands.
        op: what kind of work it is.
        name: what it is called.
        start: seconds since the Unix epoch.
        duration_s: how long it took.
        data: further facts: texts, numbers, truths.
        status: how it ended, as Sentry names it.
    """

    place: Place
    op: str
    name: str
    start: float
    duration_s: float
    data: Mapping[str, Any] = attrs.field(factory=dict)
    status: str = "ok"

    def below(  # noqa: PLR0913  one keyword per fact of a span
        self,
        op: str,
        name: str,
        *,
        start: float,
        duration_s: float,
        data: Mapping[str, Any] | None = None,
        status: str = "ok",
    ) -> Timed:
        """A part of this one.

        Args:
            op: what kind of work it is.
            name: what it is called.
            start: seconds since the Unix epoch.
            duration_s: how long it took.
            data: further facts.
            status: how it ended.
        """
        place = Place(self.place.trace_id, new_span_id(), self.place.span_id)
        return Timed(
            place=place,
            op=op,
            name=name,
            start=start,
            duration_s=max(0.0, duration_s),
            data=data or {},
            status=status,
        )

    def span(self) -> Document:
        """It, as a span of a transaction."""
        return {
            **self._trace(),
            "description": self.name,
            "start_timestamp": self.start,
            "timestamp": self.start + self.duration_s,
        }

    def transaction(
        self,
        *,
        source: str,
        tags: Mapping[str, str],
        measurements: Mapping[str, Document],
        spans: tuple[Timed, ...] = (),
    ) -> Document:
        """It, as a transaction.

        Args:
            source: where its name comes from: ``route`` or ``custom``.
            tags: what it is found by; few different values each.
            measurements: figures, made with `milliseconds` and its like.
            spans: its parts.
        """
        return {
            "type": "transaction",
            "transaction": self.name,
            "transaction_info": {"source": source},
            "start_timestamp": self.start,
            "timestamp": self.start + self.duration_s,
            "contexts": {"trace": self._trace()},
            "tags": {name: value for name, value in tags.items() if value},
            "measurements": dict(measurements),
            "spans": [item.span() for item in spans],
        }

    def _trace(self) -> Document:
        place = self.place
        trace: Document = {
            "trace_id": place.trace_id,
            "span_id": place.span_id,
            "op": self.op,
            "status": self.status,
            "origin": "auto.ion",
            "data": dict(self.data),
        }
        return trace | ({"parent_span_id": place.parent_id} if place.parent_id else {})


def milliseconds(value: float) -> Document:
    """A duration as a measurement."""
    return {"value": round(value, 3), "unit": "millisecond"}


def ratio(value: float) -> Document:
    """A share, 0 to 1, as a measurement."""
    return {"value": round(value, 4), "unit": "ratio"}


def count(value: float) -> Document:
    """A number of things as a measurement."""
    return {"value": value, "unit": "none"}
