"""Which traces are sent: what the specification's samplers decide, without their cost.

The SDK's samplers take a context and make a result for every question, 20 µs a turn. The share is
judged as they do it, so that services which sample by one ratio choose the same traces.
"""

from __future__ import annotations

from random import Random

from ion_framework.domain.trace_context import TraceContext

_JUDGED_BITS = 64
"""Low bits of the trace's id that decide, as in the SDK's ``TraceIdRatioBased``."""

_LOW = (1 << _JUDGED_BITS) - 1
_TRACE_BITS = 128


class Sampler:
    """Decides about traces.

    Args:
        kind: as ``OTEL_TRACES_SAMPLER`` names it.
        ratio: share of the traces for the kinds that end in ``traceidratio``, 0 to 1.
    """

    def __init__(self, kind: str, ratio: float) -> None:
        self._follows_caller = kind.startswith("parentbased_")
        shares = {"always_on": 1.0, "always_off": 0.0, "traceidratio": ratio}
        # Seeded by the system; to ask that for every turn costs more than all else here.
        self._bits = Random().getrandbits  # noqa: S311  an id of a trace guards nothing
        self._bound = round(shares[kind.removeprefix("parentbased_")] * (_LOW + 1))

    def trace_id(self, caller: TraceContext | None) -> int | None:
        """The id of the trace that a turn is part of; None where that is not sent.

        Args:
            caller: what the caller told; without it the turn begins a trace of its own.
        """
        if caller is None:
            own = self._bits(_TRACE_BITS) or 1
            return own if own & _LOW < self._bound else None
        if self._follows_caller:
            return int(caller.trace_id, 16) if caller.sampled else None
        told = int(caller.trace_id, 16)
        return told if told & _LOW < self._bound else None
