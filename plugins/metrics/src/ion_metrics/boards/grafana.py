"""The dashboard of Grafana."""

from __future__ import annotations

from typing import Any

from ion_metrics.boards.widgets import WIDGETS, Unit, Widget

SCHEMA_VERSION = 39
"""Version of Grafana's dashboard format; later Grafanas read it and migrate it."""

_COLUMNS, _HEIGHT, _FULL = 3, 8, 24
_UNITS = {
    Unit.PER_SECOND: "reqps",
    Unit.RATIO: "percentunit",
    Unit.SECONDS: "s",
    Unit.BYTES: "bytes",
    Unit.COUNT: "short",
    Unit.CORES: "short",
    Unit.DOLLARS_PER_HOUR: "currencyUSD",
}
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """The dashboard, to be imported as JSON; it asks for the Prometheus to read from."""
    return {
        "uid": "ion-overview",
        "title": "ION",
        "tags": ["ion"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [
                {
                    "name": "datasource",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": [_panel(index, widget) for index, widget in enumerate(WIDGETS)],
    }


def _panel(index: int, widget: Widget) -> dict[str, Any]:
    row, column = divmod(index, _COLUMNS)
    width = _FULL // _COLUMNS
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": widget.title,
        "description": widget.told,
        "datasource": _SOURCE,
        "gridPos": {"x": column * width, "y": row * _HEIGHT, "w": width, "h": _HEIGHT},
        "fieldConfig": {"defaults": _defaults(widget), "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _SOURCE,
                "expr": curve.query,
                "legendFormat": curve.legend,
                "range": True,
            }
            for number, curve in enumerate(widget.curves)
        ],
    }


def _defaults(widget: Widget) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if widget.limit is not None:
        steps.append({"color": "red", "value": widget.limit})
    return {
        "unit": _UNITS[widget.unit],
        "min": 0,
        "custom": {
            "fillOpacity": 20 if widget.stacked else 0,
            "stacking": {"mode": "normal" if widget.stacked else "none"},
            "thresholdsStyle": {"mode": "off" if widget.limit is None else "line"},
        },
        "thresholds": {"mode": "absolute", "steps": steps},
    }
