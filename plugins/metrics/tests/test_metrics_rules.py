"""Rules and dashboards name what there is, say what they mean, and are what the code makes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ion_metrics.boards import cloud, grafana
from ion_metrics.boards.alerts import BURNS, THRESHOLDS, burn_alerts, recorded
from ion_metrics.boards.rendering import files, main
from ion_metrics.boards.widgets import WIDGETS
from ion_metrics.names import BY_NAME, Kind

FOLDER = Path(__file__).parents[1]
ALERTS = {alert.name: alert for alert in (*THRESHOLDS, *burn_alerts())}
QUERIES = {
    **{alert.name: alert.expr for alert in ALERTS.values()},
    **recorded(),
    **{
        f"{widget.title} {number}": curve.query
        for widget in WIDGETS
        for number, curve in enumerate(widget.curves)
    },
}
OF_PROMETHEUS = {"instance", "job"}
HOURS = 3600


def walk(tree):
    """Every node of an expression."""
    yield tree
    if isinstance(tree, tuple):
        for each in tree[1:]:
            yield from walk(each)


def metric_of(name):
    """The metric of a series, and the labels that the series has."""
    base = name.removesuffix("_bucket")
    metric = BY_NAME[name] if name in BY_NAME else BY_NAME[base]
    assert (metric.kind is Kind.HISTOGRAM) is (name != metric.name)
    more = {"le"} if metric.kind is Kind.HISTOGRAM else set()
    return metric, {*metric.labels, *more, *OF_PROMETHEUS}


@pytest.mark.parametrize("name", QUERIES)
def test_queries_name_what_there_is(promql, name):
    """A query reads as PromQL, and names metrics and labels that the plugin has."""
    selectors = [
        each
        for each in walk(promql.parser(QUERIES[name]).whole())
        if isinstance(each, promql.selector)
    ]
    known = set()
    for each in selectors:
        if each.name in recorded():
            continue
        _, labels = metric_of(each.name)
        known |= labels
        assert {label for label, _, _ in each.matchers} <= labels
    grouped = {
        label
        for each in walk(promql.parser(QUERIES[name]).whole())
        if isinstance(each, tuple) and each[0] in ("sum", "count")
        for label in each[1]
    }

    assert selectors
    assert grouped <= known


@pytest.mark.parametrize("name", QUERIES)
def test_only_counters_have_rates(promql, name):
    """A rate is taken of a counter or a histogram, over a window; nothing else has a window."""
    for each in walk(promql.parser(QUERIES[name]).whole()):
        if isinstance(each, tuple) and each[0] in ("rate", "increase"):
            assert each[1].window_s
            assert metric_of(each[1].name)[0].kind is not Kind.GAUGE


def test_the_files_are_what_the_code_makes():
    """The committed rules and dashboards are those that the modules render."""
    for path, text in files().items():
        assert (FOLDER / path).read_text("utf-8") == text, f"run the module for {path}"


def test_files_are_written(tmp_path):
    """The module writes every file into the folder that it is given."""
    main(tmp_path)

    written = {str(f.relative_to(tmp_path)) for f in tmp_path.rglob("*") if f.is_file()}
    assert {Path(path) for path in files()} == set(map(Path, written))


def test_rules_are_as_prometheus_reads_them():
    """Rule files are YAML with groups of rules that have exactly the fields of their kind."""
    yaml = pytest.importorskip("yaml")
    found = {}
    for path in ("rules/thresholds.yml", "rules/error-budget.yml"):
        content = yaml.safe_load((FOLDER / path).read_text("utf-8"))
        assert set(content) == {"groups"}
        for group in content["groups"]:
            assert set(group) == {"name", "rules"}
            found |= {each.get("alert") or each["record"]: each for each in group["rules"]}
    for name, expr in recorded().items():
        assert found[name] == {"record": name, "expr": expr}
    for name, alert in ALERTS.items():
        rule = found[name]
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert (rule["expr"], rule["for"]) == (alert.expr, alert.lasts)
        assert rule["labels"] == {"severity": alert.severity}
        assert rule["annotations"]["summary"] == alert.summary
        assert rule["annotations"]["runbook"].split() == alert.runbook.split()
    assert len(found) == len(recorded()) + len(ALERTS)


class TestReplay:
    """What the alerts say of an hour of a host."""

    @staticmethod
    def hour(promql, *, errors=0.0, slow=0.0, hits=0.9):
        """A host with ten requests a second, of which some fail, and some are slow."""
        replay = promql.replay()
        for minute in range(61):
            at, done = minute * 60.0, minute * 600.0
            labels = {"method": "POST", "route": "/chat"}
            replay.add(at, "ion_http_requests_total", done, **labels, status="200")
            replay.add(at, "ion_http_requests_total", done * 9, route="/metrics", status="200")
            if errors:
                replay.add(at, "ion_http_requests_total", done * errors, **labels, status="503")
            for bound, share in (("1", 1 - slow), ("2", 1 - slow), ("5", 1), ("+Inf", 1)):
                name = "ion_http_request_duration_seconds_bucket"
                replay.add(at, name, done * share, **labels, le=bound)
            replay.add(at, "ion_cache_turns_total", done * hits, status="hit")
            replay.add(at, "ion_cache_turns_total", done * (1 - hits), status="miss")
            replay.add(at, "ion_http_requests_shed_total", 0.0)
            replay.add(at, "ion_processes", 2.0)
            replay.add(at, "ion_process_starts_total", 2.0)
            replay.add(at, "ion_plugin_status", 2.0, plugin="lua", status="active")
        return replay

    @staticmethod
    def firing(replay, when):
        """The alerts on thresholds whose expression holds."""
        return {alert.name for alert in THRESHOLDS if replay.at(when, alert.expr)}

    def test_a_healthy_host_is_quiet(self, promql):
        """Nothing is wrong with a host that answers in time and mostly from its cache."""
        assert self.firing(self.hour(promql), HOURS) == set()

    def test_errors(self, promql):
        """Six errors in a hundred requests of callers fire, four do not."""
        assert self.firing(self.hour(promql, errors=0.07), HOURS) == {"IonErrorRateHigh"}
        assert self.firing(self.hour(promql, errors=0.04), HOURS) == set()

    def test_latency(self, promql):
        """Six slow requests in a hundred fire, four do not."""
        assert self.firing(self.hour(promql, slow=0.06), HOURS) == {"IonLatencyHigh"}
        assert self.firing(self.hour(promql, slow=0.04), HOURS) == set()

    @pytest.mark.parametrize("lost", ["no_answer", "degraded"])
    def test_unanswered_turns(self, promql, lost):
        """Six turns in a hundred without an answer of their own fire, four or too few do not."""
        for share, each_minute, fires in ((0.06, 600.0, True), (0.04, 600.0, False), (1, 1, False)):
            replay = self.hour(promql)
            for minute in range(61):
                at, done = minute * 60.0, minute * each_minute
                bad = {"outcome": "no_answer", "degraded": "false"}
                if lost == "degraded":
                    bad = {"outcome": "answered", "degraded": "true"}
                well = {"outcome": "answered", "degraded": "false", "persona": "lua"}
                replay.add(at, "ion_turns_total", done * (1 - share), **well)
                replay.add(at, "ion_turns_total", done * share, **bad, persona="lua")
                replay.add(at, "ion_turns_total", done * 9, outcome="cancelled", degraded="false")
            assert self.firing(replay, HOURS) == ({"IonTurnsUnanswered"} if fires else set())

    def test_hit_rate(self, promql):
        """A cache that answers three turns in four fires."""
        assert self.firing(self.hour(promql, hits=0.75), HOURS) == {"IonCacheHitRateLow"}

    def test_no_instance(self, promql):
        """A host that tells nothing any more is missed, and nothing else is said of it."""
        assert self.firing(self.hour(promql), 3 * HOURS) == {"IonNoInstance"}

    def test_plugins_and_restarts_and_refusals(self, promql):
        """A plugin that is out, workers that end, and refused requests fire each."""
        replay = self.hour(promql)
        replay.add(HOURS, "ion_plugin_status", 1.0, plugin="gemini", status="quarantined")
        replay.add(HOURS, "ion_process_starts_total", 9.0)
        replay.add(HOURS, "ion_http_requests_shed_total", 900.0)

        found = self.firing(replay, HOURS)

        assert found == {"IonPluginOut", "IonProcessesRestart", "IonRequestsRefused"}
        assert replay.at(HOURS, ALERTS["IonPluginOut"].expr) == {
            (("plugin", "gemini"), ("status", "quarantined")): 1.0
        }

    @pytest.mark.parametrize("burn", BURNS, ids=lambda burn: f"{burn.factor:g}")
    def test_burn_rates_need_both_windows(self, promql, burn):
        """A burn alert fires where both windows burn faster than its factor, not where one does."""
        alert = ALERTS[f"IonErrorBudgetBurn{burn.factor:g}x".replace(".", "_")]
        pace = burn.factor * 0.001
        fired = []
        for long, short in ((1.1, 1.1), (1.1, 0.9), (0.9, 1.1)):
            replay = promql.replay()
            replay.add(0, f"ion:http_error_ratio:{burn.long}", pace * long)
            replay.add(0, f"ion:http_error_ratio:{burn.short}", pace * short)
            fired.append(bool(replay.at(0, alert.expr)))

        assert fired == [True, False, False]

    def test_recorded_ratio(self, promql):
        """The recorded ratio is the share of errors among the requests of callers."""
        replay = self.hour(promql, errors=0.25)

        (found,) = replay.at(HOURS, recorded()["ion:http_error_ratio:30m"]).values()

        assert found == pytest.approx(0.2)


def conforms(value, schema, where="$"):
    """Whether a value is as a small schema says: a type, a dict of members, or a list of one."""
    if isinstance(schema, dict):
        assert isinstance(value, dict), where
        required = {name for name in schema if not name.endswith("?")}
        allowed = {name.removesuffix("?") for name in schema}
        assert required <= set(value) <= allowed, where
        for name, inner in value.items():
            expected = schema.get(name, schema.get(f"{name}?"))
            conforms(inner, expected, f"{where}.{name}")
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for number, inner in enumerate(value):
            conforms(inner, schema[0], f"{where}[{number}]")
    elif isinstance(schema, frozenset):
        assert value in schema, where
    else:
        assert isinstance(value, schema), where


SOURCE = {"type": frozenset({"prometheus"}), "uid": str}
STEP = {"color": str, "value": (int, float, type(None))}
GRAFANA = {
    "uid": str, "title": str, "tags": [str], "schemaVersion": int, "version": int,
    "editable": bool, "refresh": str, "time": {"from": str, "to": str},
    "templating": {"list": [{"name": str, "label": str, "type": str, "query": str}]},
    "panels": [
        {
            "id": int, "type": frozenset({"timeseries"}), "title": str, "description": str,
            "datasource": SOURCE,
            "gridPos": {"x": int, "y": int, "w": int, "h": int},
            "fieldConfig": {
                "defaults": {
                    "unit": str, "min": int, "custom": {
                        "fillOpacity": int,
                        "stacking": {"mode": frozenset({"none", "normal"})},
                        "thresholdsStyle": {"mode": frozenset({"off", "line"})},
                    },
                    "thresholds": {"mode": frozenset({"absolute"}), "steps": [STEP]},
                },
                "overrides": [dict],
            },
            "options": {
                "legend": {"displayMode": str, "placement": str, "showLegend": bool},
                "tooltip": {"mode": str, "sort": str},
            },
            "targets": [
                {
                    "refId": str, "datasource": SOURCE, "expr": str, "legendFormat": str,
                    "range": bool,
                }
            ],
        }
    ],
}  # fmt: skip
CLOUD = {
    "displayName": str, "labels": dict,
    "mosaicLayout": {
        "columns": frozenset({12, 24, 48}),
        "tiles": [
            {
                "xPos": int, "yPos": int, "width": int, "height": int,
                "widget": {
                    "title": str,
                    "xyChart": {
                        "dataSets": [
                            {
                                "plotType": frozenset({"LINE", "STACKED_AREA"}),
                                "targetAxis": frozenset({"Y1", "Y2"}),
                                "timeSeriesQuery": {"prometheusQuery": str, "unitOverride": str},
                                "legendTemplate?": str,
                            }
                        ],
                        "yAxis": {"label": str, "scale": frozenset({"LINEAR", "LOG10"})},
                        "chartOptions": {"mode": frozenset({"COLOR"})},
                        "thresholds?": [{"value": float}],
                    },
                },
            }
        ],
    },
}  # fmt: skip


class TestDashboards:
    """The same widgets for Grafana and for Google Cloud Monitoring."""

    def test_they_have_the_fields_of_their_formats(self):
        """Both files conform to the part of their format's schema that they use."""
        conforms(json.loads((FOLDER / "dashboards/grafana.json").read_text("utf-8")), GRAFANA)
        conforms(
            json.loads((FOLDER / "dashboards/cloud-monitoring.json").read_text("utf-8")), CLOUD
        )

    def test_they_show_the_same(self):
        """Both show every widget by its title, with its queries."""
        panels = grafana.dashboard()["panels"]
        tiles = [tile["widget"] for tile in cloud.dashboard()["mosaicLayout"]["tiles"]]
        shown = [(each["title"], [t["expr"] for t in each["targets"]]) for each in panels]

        assert shown == [
            (
                each["title"],
                [d["timeSeriesQuery"]["prometheusQuery"] for d in each["xyChart"]["dataSets"]],
            )
            for each in tiles
        ]
        assert [title for title, _ in shown] == [widget.title for widget in WIDGETS]
        assert len({title for title, _ in shown}) == len(WIDGETS)

    def test_nothing_lies_over_anything(self):
        """Panels and tiles lie inside their grid, each in a place of its own."""
        for boxes, columns in (
            ([tuple(p["gridPos"].values()) for p in grafana.dashboard()["panels"]], 24),
            (
                [
                    (t["xPos"], t["yPos"], t["width"], t["height"])
                    for t in cloud.dashboard()["mosaicLayout"]["tiles"]
                ],
                48,
            ),
        ):
            taken = set()
            for x, y, width, height in boxes:
                assert x + width <= columns
                cells = {(x + i, y + j) for i in range(width) for j in range(height)}
                assert not cells & taken
                taken |= cells
