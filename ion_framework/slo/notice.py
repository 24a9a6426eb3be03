"""What notifiers are told: that an alert fires, still fires, or is over."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import attrs


class Severity(StrEnum):
    """How urgent it is: ``page`` is now, ``ticket`` is in working hours."""

    PAGE = "page"
    TICKET = "ticket"


class NoticeState(StrEnum):
    """What became of an alert."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Measure(StrEnum):
    """What a rule looks at.

    ``error_rate``
        Share of the requests that failed, 0 to 1.
    ``latency_p95``
        Seconds within which 95 % of the requests were answered, or their answer had begun.
    ``hit_rate``
        Share of the turns that the cache answered, 0 to 1.
    ``unanswered_rate``
        Share of the turns that were answered by a stand-in or not at all, 0 to 1.
    ``burn_rate``
        How many times as fast as it may the error budget is used up.
    """

    ERROR_RATE = "error_rate"
    LATENCY_P95 = "latency_p95"
    HIT_RATE = "hit_rate"
    UNANSWERED_RATE = "unanswered_rate"
    BURN_RATE = "burn_rate"


@attrs.frozen(kw_only=True)
class Notice:
    """That an alert changed. It holds figures only: nothing that anybody wrote.

    Attributes:
        id: name of this alert from when it fires until it is over: all notices of it have the
            same, and no other alert has.
        rule: name of the rule, the one that the alert has in Prometheus's rule files.
        measure: what the rule looks at.
        severity: how urgent it is.
        state: whether it fires or is over.
        value: what was measured, in the unit of ``measure``; None where there was nothing to
            measure any more.
        threshold: the rule's limit, in the same unit.
        below: whether the limit is the least that there should be; else it is the most.
        window_s: seconds over which it was measured: the rule's longest window.
        since: when it began, seconds since the Unix epoch.
        at: when it changed, seconds since the Unix epoch.
        repeated: how often it was told before that it fires.
        host: name of the host.
        instances: processes of the host that serve.
        links: where to look, by name.
    """

    id: str
    rule: str
    measure: Measure
    severity: Severity
    state: NoticeState
    value: float | None
    threshold: float
    below: bool
    window_s: float
    since: float
    at: float
    repeated: int = 0
    host: str = ""
    instances: int = 1
    links: Mapping[str, str] = attrs.field(factory=dict)
