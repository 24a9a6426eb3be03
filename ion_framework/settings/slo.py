"""Settings of what a host promises, and of when somebody is told that it does not keep it."""

from __future__ import annotations

import attrs

_IN = attrs.validators


@attrs.frozen
class SloSettings:
    """Service level objectives and the limits of alerts.

    Attributes:
        availability: share of requests that are to be answered without a 5xx, 0.5 to 0.99999.
        latency_s: seconds in which requests are to be answered, or their answers to begin, 0.001
            to 7.5.
        latency_target: share of requests that are to be answered within ``latency_s``, 0.5 to
            0.9999.
        error_rate: share of failed requests above which somebody is told, 0 to 1; 1 is never.
        unanswered_rate: share of turns that are answered by a stand-in or not at all, above which
            somebody is told, 0 to 1; 1 is never.
        hit_rate: share of turns that the cache is to answer, below which somebody is told, 0 to
            1; 0 is never.
        least_requests: requests that a window must hold before it says anything, 1 to 1000000.
        period_days: days that an error budget is for, 1 to 90.
        repeat_s: seconds after which an alert that still fires is told again, 60 to 604800.
        name: what the host is called in notices; empty is the machine's name.
        url: address at which people reach the host, for links in notices; empty for no links.
    """

    availability: float = attrs.field(default=0.999, validator=[_IN.ge(0.5), _IN.le(0.99999)])
    latency_s: float = attrs.field(default=2.0, validator=[_IN.ge(0.001), _IN.le(7.5)])
    latency_target: float = attrs.field(default=0.95, validator=[_IN.ge(0.5), _IN.le(0.9999)])
    error_rate: float = attrs.field(default=0.05, validator=[_IN.ge(0.0), _IN.le(1.0)])
    unanswered_rate: float = attrs.field(default=0.05, validator=[_IN.ge(0.0), _IN.le(1.0)])
    hit_rate: float = attrs.field(default=0.8, validator=[_IN.ge(0.0), _IN.le(1.0)])
    least_requests: int = attrs.field(default=10, validator=[_IN.ge(1), _IN.le(1_000_000)])
    period_days: int = attrs.field(default=30, validator=[_IN.ge(1), _IN.le(90)])
    repeat_s: float = attrs.field(default=14400.0, validator=[_IN.ge(60.0), _IN.le(604800.0)])
    name: str = attrs.field(default="", validator=_IN.max_len(200))
    url: str = attrs.field(default="")

    @url.validator
    def _is_address(self, _: object, value: str) -> None:
        if value and not (value.startswith(("https://", "http://")) and value.isprintable()):
            raise ValueError(
                f"'url' must begin with https:// or http://, as https://ion.example: {value!r}"
            )
