"""What the gate says besides its table: all percentiles, and what the figures cannot show."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ion_load.figures import Figures

LATE_SHARE = 0.1
"""Lateness of the sender is told from this share of P95 on."""

LATE_MS = 5.0
"""And from this many milliseconds on: every scheduler is late by one or two."""


def remarks(figures: Figures) -> Iterator[str]:
    """Sentences about a run, for people."""
    if not figures.requests:
        yield f"No request is in {figures.source}."
        return
    if not math.isnan(figures.p95_ms.value):
        yield _latencies(figures)
        yield from _doubts(figures)
    if figures.degraded:
        yield f"{figures.degraded} of {figures.requests} answers were degraded."


def _latencies(figures: Figures) -> str:
    told = ", ".join(
        f"{name} {found.value:.1f}"
        for name, found in (
            ("P50", figures.p50_ms), ("P95", figures.p95_ms), ("P99", figures.p99_ms)
        )
    )  # fmt: skip
    largest = f", largest {figures.samples_ms[-1]:.1f}" if figures.samples_ms else ""
    return f"Latencies: {told}{largest} ms."


def _doubts(figures: Figures) -> Iterator[str]:
    """What the latencies hold that is not the host's, or do not hold that is."""
    if figures.rate is None:
        yield (
            "They are of a closed loop, which asks nothing while a host hangs, and locust rounds "
            "them to two digits; ion load gate --url measures them at a constant rate."
        )
    elif figures.late_ms > max(LATE_MS, LATE_SHARE * figures.p95_ms.value):
        yield (
            f"They hold up to {figures.late_ms:.1f} ms (P95) by which this machine sent the "
            "requests late: ask at a lower --rate, or from a machine that is less busy."
        )
