"""The dashboard of Google Cloud Monitoring, over Managed Service for Prometheus."""

from __future__ import annotations

from typing import Any

from ion_metrics.boards.widgets import WIDGETS, Curve, Unit, Widget

_COLUMNS, _WIDTH, _HEIGHT = 48, 16, 16
"""Columns of the whole, and of one tile; Cloud Monitoring's mosaic has 48."""

_UNITS = {
    Unit.PER_SECOND: "1/s",
    Unit.RATIO: "1",
    Unit.SECONDS: "s",
    Unit.BYTES: "By",
    Unit.COUNT: "1",
    Unit.CORES: "1",
    Unit.DOLLARS_PER_HOUR: "1",
}


def dashboard() -> dict[str, Any]:
    """The dashboard, for ``gcloud monitoring dashboards create --config-from-file``."""
    return {
        "displayName": "ION",
        "labels": {"ion": ""},
        "mosaicLayout": {
            "columns": _COLUMNS,
            "tiles": [_tile(index, widget) for index, widget in enumerate(WIDGETS)],
        },
    }


def _tile(index: int, widget: Widget) -> dict[str, Any]:
    row, column = divmod(index, _COLUMNS // _WIDTH)
    chart: dict[str, Any] = {
        "dataSets": [_data(widget, curve) for curve in widget.curves],
        "yAxis": {"label": widget.unit.value, "scale": "LINEAR"},
        "chartOptions": {"mode": "COLOR"},
    }
    if widget.limit is not None:
        chart["thresholds"] = [{"value": widget.limit}]
    return {
        "xPos": column * _WIDTH,
        "yPos": row * _HEIGHT,
        "width": _WIDTH,
        "height": _HEIGHT,
        "widget": {"title": widget.title, "xyChart": chart},
    }


def _data(widget: Widget, curve: Curve) -> dict[str, Any]:
    # In this format a legend names a label as ${metric.labels.…}; its own are good, so they are
    # left alone where ours names any.
    named = {} if "{{" in curve.legend else {"legendTemplate": curve.legend}
    return {
        "plotType": "STACKED_AREA" if widget.stacked else "LINE",
        "targetAxis": "Y1",
        "timeSeriesQuery": {
            "prometheusQuery": curve.query,
            "unitOverride": _UNITS[widget.unit],
        },
        **named,
    }
