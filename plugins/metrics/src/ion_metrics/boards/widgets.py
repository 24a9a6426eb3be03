"""The widgets of every dashboard, in PromQL. Grafana and Google Cloud Monitoring show the same."""

from __future__ import annotations

from enum import StrEnum

import attrs

from ion_framework.pipeline.events import OWN_FAULTS
from ion_metrics import names
from ion_metrics.names import Metric

WINDOW = "5m"
"""The time over which rates are taken."""


class Unit(StrEnum):
    """What the numbers of a widget are."""

    PER_SECOND = "1/s"
    RATIO = "ratio"
    SECONDS = "s"
    BYTES = "bytes"
    COUNT = "count"
    CORES = "cores"
    DOLLARS_PER_HOUR = "$/h"


@attrs.frozen(kw_only=True)
class Curve:
    """One query of a widget.

    Attributes:
        query: PromQL.
        legend: what a curve is called, with labels as ``{{label}}``.
    """

    query: str
    legend: str


@attrs.frozen(kw_only=True)
class Widget:
    """A chart.

    Attributes:
        title: what it shows.
        told: how to read it, one sentence.
        unit: what its numbers are.
        curves: its queries.
        limit: where it becomes worrying, None without such a point.
        stacked: whether curves add up to something.
    """

    title: str
    told: str
    unit: Unit
    curves: tuple[Curve, ...]
    limit: float | None = None
    stacked: bool = False


def rate(metric: Metric, selector: str = "", by: str = "", window: str = WINDOW) -> str:
    """The increase of a counter a second, summed over everything but some labels.

    Args:
        metric: the counter.
        selector: which series, as ``status=~"5.."``.
        by: labels that stay apart, separated by commas.
        window: the time over which it is taken.
    """
    apart = f" by ({by})" if by else ""
    chosen = f"{{{selector}}}" if selector else ""
    return f"sum{apart} (rate({metric.name}{chosen}[{window}]))"


def quantile(share: float, metric: Metric, selector: str = "", window: str = WINDOW) -> str:
    """The time below which a share of the requests stays, from a histogram."""
    chosen = f"{{{selector}}}" if selector else ""
    inner = f"sum by (le) (rate({metric.name}_bucket{chosen}[{window}]))"
    return f"histogram_quantile({share}, {inner})"


def ratio(part: str, whole: str) -> str:
    """A share of what happened; nothing, rather than 0, where nothing did."""
    return f"{part} / ({whole} > 0)"


ERRORS = 'status=~"5..",status!="501"'
"""What counts as an error of the host: 501 says that the request is of another protocol."""

_OWN_FAULTS = "|".join(sorted(OWN_FAULTS))

DUE = f'outcome=~"answered|{_OWN_FAULTS}"'
"""Turns that were to be answered: neither refused, nor broken off by their callers."""

SERVED = 'route!~"/metrics|/health.*"'
"""Requests of callers: probes and Prometheus's own would hide how few there are at night."""


def error_ratio(window: str = WINDOW) -> str:
    """The share of requests that the host answered with an error."""
    errors = rate(names.HTTP_REQUESTS, f"{SERVED},{ERRORS}", window=window)
    whole = rate(names.HTTP_REQUESTS, SERVED, window=window)
    # Without a single error there is no series to divide: then the share is 0.
    return ratio(f"({errors} or vector(0))", whole)


def unanswered_ratio(window: str = WINDOW) -> str:
    """The share of turns that got no answer, or a stand-in's; callers' own faults left out."""
    lost = rate(names.TURNS, f'outcome=~"{_OWN_FAULTS}"', window=window)
    degraded = rate(names.TURNS, 'degraded="true"', window=window)
    whole = rate(names.TURNS, DUE, window=window)
    return ratio(f"(({lost} or vector(0)) + ({degraded} or vector(0)))", whole)


def hit_ratio(window: str = WINDOW) -> str:
    """The share of turns that the cache answered, of those that asked it."""
    hits = rate(names.CACHE_TURNS, 'status=~"hit|stale"', window=window)
    whole = rate(names.CACHE_TURNS, 'status=~"hit|stale|miss"', window=window)
    return ratio(f"({hits} or vector(0))", whole)


def _latency(share: float) -> Widget:
    return Widget(
        title=f"Latency P{share * 100:.0f}",
        told=f"{share:.0%} of the requests take no longer than this.",
        unit=Unit.SECONDS,
        curves=(Curve(query=quantile(share, names.HTTP_DURATION, SERVED), legend="all routes"),),
        limit=2.0 if share == 0.95 else None,  # noqa: PLR2004  the percentile with an alert
    )


def _one(title: str, told: str, unit: Unit, query: str, legend: str = "") -> Widget:
    return Widget(
        title=title, told=told, unit=unit, curves=(Curve(query=query, legend=legend or title),)
    )


WIDGETS: tuple[Widget, ...] = (
    Widget(
        title="Request rate",
        told="Requests a second by route; probes and Prometheus left out.",
        unit=Unit.PER_SECOND,
        curves=(Curve(query=rate(names.HTTP_REQUESTS, SERVED, "route"), legend="{{route}}"),),
        stacked=True,
    ),
    Widget(
        title="Error rate",
        told="Share of requests that the host answered with 5xx.",
        unit=Unit.RATIO,
        curves=(Curve(query=error_ratio(), legend="5xx"),),
        limit=0.05,
    ),
    _latency(0.5),
    _latency(0.95),
    _latency(0.99),
    Widget(
        title="Rate limit exceeded (429) and load shed",
        told="Requests a second refused: 429 by the rate limit, 503 for want of room.",
        unit=Unit.PER_SECOND,
        curves=(
            Curve(query=rate(names.HTTP_LIMITED), legend="429"),
            Curve(query=rate(names.HTTP_SHED), legend="shed"),
        ),
    ),
    Widget(
        title="Response codes",
        told="Requests a second by status.",
        unit=Unit.PER_SECOND,
        curves=(Curve(query=rate(names.HTTP_REQUESTS, SERVED, "status"), legend="{{status}}"),),
        stacked=True,
    ),
    Widget(
        title="Instances",
        told="Hosts that Prometheus reaches, and the processes that live in them.",
        unit=Unit.COUNT,
        curves=(
            Curve(query=f"count({names.PROCESSES.name})", legend="hosts"),
            Curve(query=f"sum({names.PROCESSES.name})", legend="processes"),
        ),
    ),
    _one(
        "Memory",
        "Bytes that the processes of one host hold.",
        Unit.BYTES,
        f"sum by (instance) ({names.MEMORY.name})",
        "{{instance}}",
    ),
    _one(
        "CPU",
        "Processors that the processes of one host keep busy.",
        Unit.CORES,
        rate(names.CPU, by="instance"),
        "{{instance}}",
    ),
    Widget(
        title="Persona distribution",
        told="Answered turns a second by persona.",
        unit=Unit.PER_SECOND,
        curves=(
            Curve(query=rate(names.TURNS, 'outcome="answered"', "persona"), legend="{{persona}}"),
        ),
        stacked=True,
    ),
    Widget(
        title="Cache hit rate",
        told="Share of look-ups that each tier answered, and of turns answered by any.",
        unit=Unit.RATIO,
        curves=(
            Curve(
                query=ratio(
                    rate(names.CACHE_LOOKUPS, 'result="hit"', "tier"),
                    rate(names.CACHE_LOOKUPS, "", "tier"),
                ),
                legend="tier {{tier}}",
            ),
            Curve(query=hit_ratio(), legend="turns"),
        ),
        limit=0.8,
    ),
    Widget(
        title="Cache operations",
        told="Turns a second by what the cache did.",
        unit=Unit.PER_SECOND,
        curves=(Curve(query=rate(names.CACHE_TURNS, "", "status"), legend="{{status}}"),),
        stacked=True,
    ),
    _one(
        "Plugin states",
        "Processes by plugin and status, of what does not simply run.",
        Unit.COUNT,
        f"sum by (plugin, status) ({names.PLUGIN_STATUS.name}"
        '{status!~"active|disabled|idle"}) > 0',
        "{{plugin}}: {{status}}",
    ),
    _one(
        "Stage latency P95",
        "95% of the turns spend no longer in a stage than this.",
        Unit.SECONDS,
        "histogram_quantile(0.95, sum by (le, stage) "
        f"(rate({names.STAGE_DURATION.name}_bucket[{WINDOW}])))",
        "{{stage}}",
    ),
    _one(
        "Tokens",
        "Tokens a second by model and kind.",
        Unit.PER_SECOND,
        rate(names.TOKENS, by="model, kind"),
        "{{model}} {{kind}}",
    ),
    _one(
        "Cost",
        "US dollars an hour by model, by the generator's price table.",
        Unit.DOLLARS_PER_HOUR,
        f"3600 * {rate(names.COST, by='model')}",
        "{{model}}",
    ),
    _one(
        "Event loop lag P99",
        "99% of the timers come no later than this.",
        Unit.SECONDS,
        quantile(0.99, names.LOOP_LAG),
    ),
)
