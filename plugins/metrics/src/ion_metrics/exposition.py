"""The figures as Prometheus reads them, in the text form or as OpenMetrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from ion_framework.pipeline.documents import Document
from ion_metrics.ledger import Numbers
from ion_metrics.names import ALL, Kind, Metric

_CHARSET = "; charset=utf-8"
_QUALITY = re.compile(r";\s*q\s*=\s*([^;,\s]*)", re.IGNORECASE)


def written(numbers: Numbers, accept: str) -> Document:
    """The figures in the form that is liked best.

    Args:
        numbers: the figures.
        accept: the header ``Accept``; what it does not name gets the text form.
    """
    encode, media_type = choose_encoder(_by_liking(accept))
    return Document(encode(_Figures(numbers)), media_type.replace(_CHARSET, ""))


def _by_liking(accept: str) -> str:
    """The same header with the best first: prometheus_client takes the first that it knows."""
    liked = []
    for item in accept.split(","):
        found = _QUALITY.search(item)
        quality = _number(found[1]) if found else 1.0
        if quality > 0:
            liked.append((quality, _QUALITY.sub("", item)))
    liked.sort(key=lambda each: -each[0])
    return ",".join(item for _, item in liked)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


class _Figures(Collector):
    """The figures as families of prometheus_client."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterable[Family]:
        """Every metric with its series, those without one included."""
        found: dict[str, list[tuple[tuple[str, ...], tuple[float, ...]]]] = {}
        for (name, labels), own in sorted(self._numbers.items()):
            found.setdefault(name, []).append((labels, own))
        return [_family(metric, found.get(metric.name, [])) for metric in ALL]


def _family(metric: Metric, series: list[tuple[tuple[str, ...], tuple[float, ...]]]) -> Family:
    if metric.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, numbers in series:
            histogram.add_metric(labels, list(_buckets(metric, numbers)), sum_value=numbers[-1])
        return histogram
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, numbers in series:
        family.add_metric(labels, numbers[0])
    return family


def _buckets(metric: Metric, numbers: tuple[float, ...]) -> Iterator[tuple[str, float]]:
    """The buckets as Prometheus has them: each holds those below it."""
    bounds = (*map(floatToGoString, metric.buckets), "+Inf")
    return zip(bounds, accumulate(numbers[:-1]), strict=True)
