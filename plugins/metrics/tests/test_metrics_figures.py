"""Figures: what is counted, under bounded labels, and how it is written."""

from __future__ import annotations

import re
import sys
import time

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ion_metrics import names
from ion_metrics.counting import Counting
from ion_metrics.exposition import written
from ion_metrics.ledger import CAPACITY, Ledger
from ion_metrics.names import ALL, Kind
from ion_metrics.plugin import PATH, Metrics
from ion_metrics.settings import MetricsSettings
from ion_metrics.vocabulary import MOST_WORDS, OTHER, Vocabulary
from prometheus_client.openmetrics.parser import text_string_to_metric_families as of_openmetrics
from prometheus_client.parser import text_string_to_metric_families as of_text
from structlog.testing import capture_logs

from ion_framework import TurnRequest
from ion_framework.clock import SystemClock
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.documents import HostView
from ion_framework.pipeline.events import (
    AnswerRefreshed,
    LoopHeld,
    PluginStatusChanged,
    RequestCompleted,
    TurnCompleted,
    TurnFailed,
)
from ion_framework.pipeline.receipt import CacheOutcome, CacheStatus
from ion_framework.testing import FakeGenerator, make_plugin, running_ion

SECRET = "write to ann@example.org"


@pytest.fixture
def counting(ledger):
    """What counts into them."""
    return Counting(ledger, Vocabulary())


def requested(method="POST", route="/chat", status=200, duration_s=0.02):
    """A request that has ended."""
    return RequestCompleted(method, route, status, "r-1", 0.0, duration_s)


async def a_turn(**plugins):
    """A turn that was answered, as observers are told of it."""
    generator = make_plugin("parrot", FakeGenerator(), "generator")
    async with running_ion(generator, **plugins) as ion:
        reply = await ion.respond("hello")
    return TurnCompleted(TurnRequest(text=SECRET), reply, 0.0, 0.015)


class TestNames:
    """The one module of names."""

    def test_names_follow_prometheus(self):
        """Names have the prefix, base units, and ``_total`` exactly where a counter is meant."""
        for metric in ALL:
            assert re.fullmatch(r"ion_[a-z_]+", metric.name)
            assert metric.name.endswith("_total") is (metric.kind is Kind.COUNTER)
            assert not re.search(r"_(ms|milliseconds|kb|mb|percent)(_|$)", metric.name)
            assert metric.help.endswith(".")
            assert (metric.kind is Kind.HISTOGRAM) is bool(metric.buckets)
            assert list(metric.buckets) == sorted(metric.buckets)
        assert len({metric.name for metric in ALL}) == len(ALL)

    def test_no_label_holds_people(self):
        """No label names a user, a session, a path or a text."""
        labels = {label for metric in ALL for label in metric.labels}

        assert not labels & {"user", "user_id", "principal", "session", "path", "message", "text"}

    def test_durations_of_requests_have_the_buckets_of_the_conventions(self):
        """OpenTelemetry's buckets for HTTP are all there, and the bound of the alert."""
        wanted = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}

        assert set(names.HTTP_BUCKETS) == wanted | {2}


class TestEvents:
    """What each event counts."""

    def test_requests(self, counting, ledger):
        """A request counts by method, route and status, and its time in one bucket."""
        for _ in range(2):
            counting.take(requested())
        counting.take(requested(status=429))
        counting.take(requested("BREW", "", 405))

        found = ledger.numbers()
        assert found["ion_http_requests_total", ("POST", "/chat", "200")] == (2.0,)
        assert found["ion_http_requests_total", (OTHER, "", "405")] == (1.0,)
        assert found["ion_http_rate_limited_total", ("/chat",)] == (1.0,)
        *buckets, total = found["ion_http_request_duration_seconds", ("POST", "/chat")]
        assert buckets == [0.0, 0.0, 3.0] + [0.0] * 13
        assert total == pytest.approx(0.06)

    def test_a_bound_belongs_to_its_bucket(self, counting, ledger):
        """A time exactly at a bound counts below it, one beyond all counts in the last."""
        counting.take(requested(duration_s=0.005))
        counting.take(requested(duration_s=11.0))

        *buckets, _ = ledger.numbers()["ion_http_request_duration_seconds", ("POST", "/chat")]
        assert (buckets[0], buckets[-1]) == (1.0, 1.0)

    async def test_turns(self, counting, ledger):
        """A turn counts its persona, its stages, its attempts, and what the cache did."""
        event = await a_turn()
        counting.take(event)
        degraded = attrs.evolve(event, reply=attrs.evolve(event.reply, degraded="second best"))
        counting.take(degraded)

        found = ledger.numbers()
        assert found["ion_turns_total", ("sage", "answered", "false")] == (1.0,)
        assert found["ion_turns_total", ("sage", "answered", "true")] == (1.0,)
        assert found["ion_cache_turns_total", ("bypass",)] == (2.0,)
        stages = {labels[0] for name, labels in found if name == "ion_stage_duration_seconds"}
        assert {"analyze", "route", "prompt", "generate"} <= stages
        attempts = {k: v for k, v in found.items() if k[0] == "ion_generation_attempts_total"}
        ((_, labels),) = attempts
        assert (labels[0], labels[2]) == ("parrot", "succeeded")

    async def test_tokens_are_counted_once(self, counting, ledger):
        """Tokens of an answer count where it was made, and not where the cache served it."""
        event = await a_turn()
        spent = Usage(input_tokens=7, output_tokens=3, cost_usd=0.5)
        receipt = attrs.evolve(event.reply.receipt, usage=spent)
        made = attrs.evolve(event, reply=attrs.evolve(event.reply, model="m-1", receipt=receipt))
        hit = attrs.evolve(receipt, cache=CacheOutcome(CacheStatus.HIT), attempts=())
        served = attrs.evolve(made, reply=attrs.evolve(made.reply, receipt=hit))
        for each in (made, served, served):
            counting.take(each)
        counting.take(AnswerRefreshed(made.request, True, "", spent, 0.0, 0.1))

        found = ledger.numbers()
        assert found["ion_generation_tokens_total", ("m-1", "input")] == (7.0,)
        assert found["ion_generation_tokens_total", ("", "output")] == (3.0,)
        assert found["ion_generation_cost_dollars_total", ("m-1",)] == (0.5,)
        assert found["ion_answer_refreshes_total", ("succeeded",)] == (1.0,)
        assert found["ion_cache_turns_total", ("hit",)] == (2.0,)

    def test_streams(self, counting, ledger):
        """A stream that broke off counts as its error, and what lasts is counted apart."""
        counting.take(attrs.evolve(requested(status=200), failure="NO_ANSWER", failure_status=503))
        counting.take(attrs.evolve(requested(method="GET", status=101), lasting=True))

        found = ledger.numbers()
        statuses = {labels[2] for name, labels in found if name == "ion_http_requests_total"}
        times = [
            sum(n[:-1]) for (name, _), n in found.items() if "duration" in name and "http" in name
        ]
        lasting = {labels[2] for name, labels in found if name == "ion_http_lasting_total"}
        assert statuses == {"503"}
        assert lasting == {"101"}
        assert sum(times) == 1

    def test_failures_and_plugins(self, counting, ledger):
        """Failed turns count by code; changes and holds by plugin; what is unknown not at all."""
        failed = TurnFailed(TurnRequest(text=SECRET), "no_answer", SECRET, 0.0, 1.0, SECRET)
        counting.take(failed)
        counting.take(attrs.evolve(failed, persona="lua"))
        counting.take(PluginStatusChanged("lua", "active", "quarantined", SECRET, 0.0))
        counting.take(LoopHeld("lua", "ion_guard", "ion-persona-lua", 1.5, (SECRET,), 0.0))
        counting.take(object())

        found = ledger.numbers()
        assert found["ion_turns_total", ("", "no_answer", "false")] == (1.0,)
        assert found["ion_turns_total", ("lua", "no_answer", "false")] == (1.0,)
        assert found["ion_plugin_status_changes_total", ("lua", "quarantined")] == (1.0,)
        assert found["ion_loop_held_seconds_total", ("lua",)] == (1.5,)
        assert SECRET not in written(found, "").body.decode()


class TestCardinality:
    """Labels stay few, whatever comes."""

    @settings(deadline=None)
    @given(st.lists(st.text(max_size=90), min_size=1, max_size=30))
    def test_nothing_invented_becomes_a_label(self, words):
        """Text that is no name becomes ``other``, in labels and methods alike."""
        ledger = Ledger()
        counting = Counting(ledger, Vocabulary())
        for word in words:
            counting.take(requested(method=word, route="", status=404))
            counting.take(TurnFailed(TurnRequest(text="x"), word, "", 0.0, 0.1))

        found = ledger.numbers()
        methods = {labels[0] for name, labels in found if name == "ion_http_requests_total"}
        outcomes = {labels[1] for name, labels in found if name == "ion_turns_total"}
        assert methods <= {OTHER, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
        assert all(re.fullmatch(r"[\w./@:+{}-]{0,120}", each) for each in outcomes)

    def test_words_are_counted(self):
        """A label has at most so many words; further ones are ``other``, known ones stay."""
        words = Vocabulary()
        found = {words.word("model", f"m-{number}") for number in range(MOST_WORDS + 50)}

        assert len(found) == MOST_WORDS + 1
        assert words.word("model", "m-0") == "m-0"
        assert words.word("model", "m-249") == OTHER

    def test_only_what_is_installed_is_named(self):
        """A persona that is not installed is ``other``; none at all stays empty."""
        words = Vocabulary()
        words.installed["persona"] = lambda: {"lua"}

        assert [words.word("persona", each) for each in ("lua", "eve", "")] == ["lua", OTHER, ""]

    def test_a_full_ledger_says_so(self, ledger):
        """Series that find no room are counted together, and disturb no other."""
        counting = Counting(ledger, Vocabulary())
        counting.take(requested())
        for number in range(CAPACITY // names.STAGE_DURATION.width + 5):
            ledger.place(names.STAGE_DURATION, (str(number),))
        for _ in range(3):
            counting.take(requested())

        found = ledger.numbers()
        assert found["ion_http_requests_total", ("POST", "/chat", "200")] == (4.0,)
        assert found["ion_metrics_series_refused_total", ()][0] > 0


class TestExposition:
    """The forms in which the figures are written."""

    TEXT = "text/plain; version=1.0.0"
    OPEN = "application/openmetrics-text; version=1.0.0"

    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            ("", "text/plain; version=0.0.4"),
            ("*/*", "text/plain; version=0.0.4"),
            ("text/plain;version=1.0.0", TEXT),
            ("application/openmetrics-text;version=1.0.0", OPEN),
            ("text/plain;version=1.0.0;q=0.5,application/openmetrics-text;version=1.0.0", OPEN),
            ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=1.0.0", TEXT),
            ("application/openmetrics-text;version=1.0.0;q=0", "text/plain; version=0.0.4"),
            ("application/openmetrics-text;q=lots", "text/plain; version=0.0.4"),
        ],
    )
    def test_the_form_is_negotiated(self, ledger, accept, media_type):
        """The form that the caller likes best is taken; without one it is the oldest."""
        found = written(ledger.numbers(), accept).media_type

        assert found.removesuffix("; escaping=underscores") == media_type

    @pytest.mark.parametrize(
        ("accept", "read"),
        [("", of_text), ("application/openmetrics-text;version=1.0.0", of_openmetrics)],
    )
    def test_it_can_be_read(self, counting, ledger, accept, read):
        """Prometheus's own parser reads every metric, with cumulative buckets and their count."""
        for seconds in (0.001, 0.02, 99.0):
            counting.take(requested(duration_s=seconds))

        families = list(read(written(ledger.numbers(), accept).body.decode()))

        samples = {(s.name, s.labels.get("le")): s.value for f in families for s in f.samples}
        name = "ion_http_request_duration_seconds"
        assert samples[f"{name}_bucket", "0.005"] == 1.0
        assert samples[f"{name}_bucket", "0.025"] == 2.0
        assert samples[f"{name}_bucket", "+Inf"] == samples[f"{name}_count", None] == 3.0
        told = {family.name.removesuffix("_total") for family in families}
        assert {metric.name.removesuffix("_total") for metric in ALL} <= told


class TestPlugin:
    """The plugin before a host."""

    def test_the_route(self):
        """It provides ``GET /metrics`` for administrators, for readers, or for everybody."""
        scopes = []
        for scope in ("admin", "read", "open"):
            plugin = Metrics(MetricsSettings(scope=scope), SystemClock())
            (route,) = plugin.ion_provide_routes()
            scopes.append(route.scope)
            assert (route.method, route.path) == ("GET", PATH)

        assert scopes == ["admin", "read", None]

    async def test_its_life(self):
        """It counts before a host is there, tells the figures of one process, and ends."""
        plugin = Metrics(MetricsSettings(sample_s=0.01), SystemClock())
        plugin.ion_observe(requested())
        async with running_ion(make_plugin("metrics", plugin, "monitor")) as ion:
            (route,) = ion.provisions.routes
            write = route.open(HostView(ion=ion, figures=dict))
            await plugin.ion_startup()
            ion.emit(requested())
            document = None
            for _ in range(500):
                document = (await write("")).body.decode()
                if "ion_loop_lag_seconds_count 0" not in document and " 2.0" in document:
                    break
            await plugin.ion_shutdown()

        assert 'ion_http_requests_total{method="POST",route="/chat",status="200"}' in document
        assert 'ion_plugin_status{plugin="metrics",status="active"} 1.0' in document

    @pytest.mark.skipif(sys.platform == "win32", reason="there are no workers on Windows")
    async def test_a_folder_that_cannot_be_written(self, tmp_path):
        """Where nothing can be shared it says so, and tells the figures of its own process."""
        plugin = Metrics(MetricsSettings(), SystemClock())
        plugin.ion_observe(requested())
        async with running_ion(make_plugin("metrics", plugin, "monitor")) as ion:
            (route,) = ion.provisions.routes
            with capture_logs() as logged:
                missing = tmp_path / "missing"
                write = route.open(HostView(ion=ion, figures=dict, shared_dir=missing))
            document = (await write("")).body.decode()

        assert [line["folder"] for line in logged] == [str(missing)]
        assert 'ion_http_requests_total{method="POST",route="/chat",status="200"} 1.0' in document

    async def test_what_an_event_costs(self, counting):
        """A request and a turn together cost far less than one tenth of a thousandth second."""
        turn, request = await a_turn(), requested()
        best = float("inf")
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(1000):
                counting.take(request)
                counting.take(turn)
            best = min(best, (time.perf_counter() - began) / 1000)

        assert best < 100e-6
