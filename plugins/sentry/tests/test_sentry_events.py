"""What arrives at Sentry of turns, requests, the cache and failures."""

from __future__ import annotations

import asyncio

import pytest

from ion_framework import TurnRequest, hookimpl
from ion_framework.domain.trace_context import TraceContext
from ion_framework.errors import FailureCause, GenerationError, NoAnswerError
from ion_framework.testing import (
    DictCache,
    FakeGenerator,
    VirtualClock,
    make_persona,
    make_plugin,
    make_request_completed,
    make_status_changed,
    make_turn_failed,
    running_ion,
)

TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", 1)
SAID = "my doctor called about the results"


class Caching:
    """A plugin with a cache."""

    def __init__(self) -> None:
        self._cache = DictCache()

    @hookimpl
    def ion_provide_cache(self):
        """The cache."""
        return self._cache


class Broken:
    """A generator that quotes what it was asked when it fails."""

    model = "broken-1"

    @hookimpl
    async def ion_generate(self, prompt):
        """No answer."""
        raise GenerationError(FailureCause.REJECTED, f"refused to answer {prompt.user}")
        yield


def named(fake, name):
    """The transactions of a name."""
    return [item for item in fake.of("transaction") if item["transaction"] == name]


def span(transaction, op):
    """The spans of an operation."""
    return [item for item in transaction["spans"] if item["op"] == op]


async def test_the_four_events_arrive(fake, monitor):
    """Persona at work, request, figures of the cache and routing decision arrive, with data."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    parts = make_plugin("cache", Caching(), "cache"), make_plugin("m", FakeGenerator(), "generator")
    async with running_ion(sentry, *parts) as ion:
        for _ in range(4):
            await ion.respond(TurnRequest(text=SAID, user_id="ann", request_id="r-1"))
        ion.emit(make_request_completed(status=503, duration_s=2.5))

    first, *_, last = named(fake, "invoke_workflow ion.turn")
    (persona,), (route,) = span(first, "gen_ai.invoke_agent"), span(first, "ion.route")
    assert persona["description"] == "invoke_agent sage"
    assert persona["data"]["ion.resonance_key"].count("-") >= 2
    assert persona["data"]["gen_ai.agent.name"] == "sage"
    assert not persona["data"]["ion.cache_hit"]
    assert first["measurements"]["persona_process"]["unit"] == "millisecond"
    assert route["data"]["ion.routing.primary"] == "sage"
    assert set(route["data"]) >= {
        "ion.routing.secondary", "ion.routing.confidence", "ion.routing.score.sage",
        "ion.routing.router", "ion.tone", "ion.pace", "ion.intent", "ion.routing.margin",
    }  # fmt: skip
    (asked,) = span(first, "gen_ai.chat")
    assert asked["description"].startswith("chat ")
    assert asked["data"]["gen_ai.operation.name"] == "chat"
    (looked,) = span(last, "cache.get")
    assert looked["data"]["cache.hit"]
    assert not span(last, "gen_ai.chat")
    (figures,) = named(fake, "cache performance")
    assert figures["measurements"]["cache_hits"]["value"] == 3
    assert figures["measurements"]["cache_hit_rate"] == {"value": 0.75, "unit": "ratio"}
    assert figures["tags"]["cache_health"] == "good"
    (answered,) = named(fake, "POST /chat")
    assert answered["contexts"]["trace"]["op"] == "http.server"
    assert answered["contexts"]["trace"]["status"] == "unavailable"
    assert answered["tags"] == {"http.method": "POST", "http.status_code": "503", "slow": "yes"}
    assert not [body for body in fake.bodies if SAID.encode() in body or b"ann" in body]


async def test_events_carry_release_and_environment(fake, monitor):
    """Release, environment and the SDK stand in an event, the machine's name does not."""
    sentry = make_plugin(
        "sentry", monitor(fake.dsn(7), release="ion@1", environment="test"), "monitor"
    )
    async with running_ion(sentry) as ion:
        ion.emit(make_request_completed())

    (event,) = fake.of("transaction")
    assert (event["release"], event["environment"]) == ("ion@1", "test")
    assert event["sdk"]["integrations"] == []
    assert not {"server_name", "user", "request", "modules", "breadcrumbs"} & set(event)
    assert fake.paths == ["/api/7/envelope/"]


async def test_the_callers_trace_goes_on(fake, monitor):
    """A request stands below the caller's span, and its turn below the request."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    async with running_ion(sentry) as ion:
        await ion.respond(TurnRequest(text="hello", request_id="r-1", trace=TRACE))
        ion.emit(make_request_completed(trace=TRACE))

    traces = [item["contexts"]["trace"] for item in fake.of("transaction")]
    turn = next(trace for trace in traces if trace["op"] == "gen_ai.invoke_workflow")
    asked = next(trace for trace in traces if trace["op"] == "http.server")
    assert {turn["trace_id"], asked["trace_id"]} == {TRACE.trace_id}
    assert asked["parent_span_id"] == TRACE.parent_id
    assert turn["parent_span_id"] == asked["span_id"]


async def test_scores_of_many_personas_arrive(fake, monitor):
    """The routing decision has the score of every persona, however many there are."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    many = tuple(make_persona(f"sage-{n}") for n in range(60))
    async with running_ion(sentry, personas=many) as ion:
        await ion.respond("hello")

    (turn,) = named(fake, "invoke_workflow ion.turn")
    (route,) = span(turn, "ion.route")
    assert sum(name.startswith("ion.routing.score.") for name in route["data"]) == 60


async def test_without_a_trace_turn_and_request_still_meet(fake, monitor):
    """Without a caller's trace, one request id makes one trace of a request and its turn."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    async with running_ion(sentry) as ion:
        await ion.respond(TurnRequest(text="hello", request_id="r-1"))
        ion.emit(make_request_completed())

    traces = [item["contexts"]["trace"] for item in fake.of("transaction")]
    assert len({trace["trace_id"] for trace in traces}) == 1
    assert "parent_span_id" not in next(item for item in traces if item["op"] == "http.server")


async def test_a_turn_that_nobody_answers_is_an_error(fake, monitor):
    """The event is grouped by code and plugin, and has nothing of what the plugin said."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    broken = make_plugin("broken", Broken(), "generator")
    async with running_ion(sentry, broken) as ion:
        with pytest.raises(NoAnswerError) as caught:
            await ion.respond(SAID)

    assert SAID in caught.value.detail
    (event,) = fake.of("event")
    assert event["fingerprint"] == ["ion.turn_failed", "no_answer", "broken"]
    assert event["tags"] == {"code": "no_answer", "plugin": "broken"}
    assert event["exception"]["values"][0]["type"] == "no_answer"
    assert "stacktrace" not in event["exception"]["values"][0]
    assert not [body for body in fake.bodies if SAID.encode() in body]


async def test_a_fault_of_our_own_is_grouped_by_its_class(fake, monitor):
    """An internal error has the class of the exception in its fingerprint."""
    sentry = make_plugin("sentry", monitor(fake.dsn()), "monitor")
    async with running_ion(sentry) as ion:
        ion.emit(make_turn_failed(SAID, code="internal_error", message="KeyError"))
        ion.emit(make_turn_failed(SAID, code="cancelled", message="left"))

    (event,) = fake.of("event")
    assert event["fingerprint"] == ["ion.turn_failed", "internal_error", "KeyError"]


@pytest.mark.parametrize("detailed", [True, False])
async def test_details_are_sent_where_they_are_wanted(fake, monitor, detailed):
    """With ``include_detail`` an event has what was said, without addresses of people."""
    sentry = make_plugin("sentry", monitor(fake.dsn(), include_detail=detailed), "monitor")
    reason = "ion_startup raised OSError: no disk for ann@example.org"
    async with running_ion(sentry) as ion:
        ion.emit(make_status_changed(reason=reason))
        ion.emit(make_status_changed(before="failed", after="active", reason="runs"))

    (event,) = fake.of("event")
    assert event["fingerprint"] == ["ion.plugin_status", "failed", "sage"]
    assert ("no disk" in str(event)) is detailed
    assert "example.org" not in str(event)


async def test_what_a_caller_makes_up_is_not_sent(fake, monitor):
    """Neither a method that nobody knows nor a request id turns up, nor a route to be ignored."""
    one = monitor(fake.dsn(), ignore_routes=("/health/live",))
    async with running_ion(make_plugin("sentry", one, "monitor")) as ion:
        ion.emit(
            make_request_completed(
                method="HUNTER2", route="", status=405, request_id="ann@example.org"
            )
        )
        ion.emit(make_request_completed(route="/health/live"))

    (event,) = fake.of("transaction")
    assert event["transaction"] == "OTHER (no route)"
    assert b"HUNTER2" not in fake.bodies[0]
    assert b"ann@" not in fake.bodies[0]


async def test_figures_of_the_cache_come_by_the_clock(fake, monitor):
    """While turns go on, a report is sent with the first turn after its time."""
    clock = VirtualClock()
    sentry = monitor(fake.dsn(), clock=clock, traces_sample_rate=1e-12, cache_report_s=60)
    parts = make_plugin("cache", Caching(), "cache"), make_plugin("s", sentry, "monitor")
    async with running_ion(*parts, clock=clock) as ion:
        for _ in range(3):
            await ion.respond("hello")
            await asyncio.sleep(0.05)  # until the observer has been told
            clock.advance(40)

    (figures,) = named(fake, "cache performance")
    assert figures["measurements"]["cache_hits"]["value"] == 2
    assert figures["timestamp"] - figures["start_timestamp"] == 80
    assert figures["tags"]["cache_health"] == "good"
