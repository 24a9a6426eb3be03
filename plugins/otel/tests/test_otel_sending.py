"""What the network does to the plugin, and what the plugin does not do to turns."""

from __future__ import annotations

import asyncio
import logging
import threading
import time

import pytest
from ion_otel.exporting import CountingExporter
from ion_otel.outbox import MOST_EARLY, Outbox
from ion_otel.sampling import Sampler
from ion_otel.settings import OtelSettings
from ion_otel.tally import Tally
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from structlog.testing import capture_logs

from ion_framework.domain.trace_context import TraceContext
from ion_framework.pipeline.events import TurnFailed
from ion_framework.testing import make_plugin, make_turn_failed, running_ion
from ion_framework.testing.network.ports import free_port

SPANS = 11
"""Spans of a turn that a generator answers."""

IDS = [f"{(number * 0x9E3779B97F4A7C15) % (1 << 128) or 1:032x}" for number in range(1, 401)]


def failed(caller: TraceContext | None = None) -> TurnFailed:
    """A turn that nobody answered: one span."""
    return make_turn_failed(request={"trace": caller})


def told(trace_id: str, flags: int) -> TraceContext:
    """What a caller told."""
    return TraceContext(trace_id, "00f067aa0ba902b7", flags)


async def run(monitor, events):
    """Have a monitor told events, with the ends of an `Ion` around them."""
    await monitor.ion_startup()
    for event in events:
        monitor.ion_observe(event)
    await monitor.ion_shutdown()
    return monitor.tally


@pytest.mark.parametrize(("ratio", "least", "most"), [(0, 0, 0), (0.25, 60, 140), (1, 400, 400)])
async def test_a_share_of_the_traces_is_sent(fake, monitor, ratio, least, most):
    """Of 400 turns in traces of their own the ratio arrives: none, some, all."""
    tally = await run(monitor(fake.url, sampling_ratio=ratio, queue_size=1000), [failed()] * 400)

    assert least <= len(fake.spans) <= most
    assert tally.sent == len(fake.spans) == len({span.trace_id for span in fake.spans})


async def test_the_callers_flag_counts(fake, monitor):
    """A parentbased sampler sends what the caller records and nothing else, whatever the ratio."""
    events = [failed(told(IDS[0], 1)), failed(told(IDS[1], 0)), failed(told(IDS[2], 3)), failed()]
    await run(monitor(fake.url, sampling_ratio=0), events)

    assert [span.trace_id for span in fake.spans] == [IDS[0], IDS[2]]


def test_samplers_decide_as_the_specification_says():
    """Each of the six kinds treats a sampled caller, an unsampled one and none as it should."""
    kinds = {
        "always_on": (True, True, True),
        "always_off": (False, False, False),
        "traceidratio": (False, False, False),
        "parentbased_always_on": (True, False, True),
        "parentbased_always_off": (True, False, False),
        "parentbased_traceidratio": (True, False, False),
    }
    callers = (told(IDS[0], 1), told(IDS[0], 0), None)

    for kind, expected in kinds.items():
        chosen = [Sampler(kind, 0.0).trace_id(caller) is not None for caller in callers]
        assert tuple(chosen) == expected, kind


def test_the_ratio_chooses_the_traces_that_the_sdk_chooses():
    """For the same ids the own sampler and the SDK's agree, so that traces come whole."""
    ours, theirs = Sampler("traceidratio", 0.3), TraceIdRatioBased(0.3)

    chosen = [ours.trace_id(told(one, 0)) is not None for one in IDS]
    assert chosen == [
        theirs.should_sample(None, int(one, 16), "name").decision.is_sampled() for one in IDS
    ]
    assert 60 < sum(chosen) < 180


async def test_nobody_there_costs_a_turn_nothing(monitor, caplog):
    """While the collector is away turns are answered, and losses are counted and told once."""
    one = monitor(f"http://127.0.0.1:{free_port()}", delay_ms=10, batch_size=1, timeout_s=0.3)
    with capture_logs() as lines:
        async with running_ion(make_plugin("otel", one, "monitor")) as ion:
            for _ in range(20):
                assert (await ion.respond("hello")).content

    (line,) = [line for line in lines if line["event"] == "spans for the collector were lost"]
    tally = one.tally
    assert (tally.sent, line["sent"]) == (0, 0)
    assert tally.taken >= 20 * 9
    assert tally.failed + tally.dropped + tally.waiting >= 20 * 9
    assert line["failed"] + line["dropped"] + line["unsent"] >= 20 * 9
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


async def test_a_collector_that_hangs_holds_neither_turns_nor_the_end(fake, monitor):
    """The queue fills, turns are dropped whole and counted, and the end waits ``flush_s``."""
    fake.hang()
    one = monitor(fake.url, queue_size=64, batch_size=8, delay_ms=10, flush_s=0.2, timeout_s=5)
    began = time.monotonic()
    async with running_ion(make_plugin("otel", one, "monitor")) as ion:
        await ion.respond("hello")
        await asyncio.to_thread(fake.arrived.wait, 10)
        for _ in range(20):
            await ion.respond("hello")
    spent = time.monotonic() - began

    assert one.tally.dropped > 0
    assert one.tally.dropped % SPANS == 0
    assert one.tally.taken <= 64
    assert spent < 5


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_refusals_are_counted(fake, monitor, status):
    """Spans that the collector refuses count as failed, and the next batch is tried."""
    fake.status = status
    tally = await run(monitor(fake.url, batch_size=2), [failed()] * 5)

    assert (tally.sent, tally.failed, tally.waiting) == (0, 5, 0)
    assert len(fake.paths) == 3


async def test_a_collector_that_is_busy_is_asked_again(fake, monitor):
    """After a 503 the same batch is sent once more and arrives."""
    fake.status = 503
    one = monitor(fake.url, delay_ms=10)
    await one.ion_startup()
    one.ion_observe(failed())
    await asyncio.to_thread(fake.arrived.wait, 10)
    fake.status = 200
    fake.arrived.clear()
    await asyncio.to_thread(fake.arrived.wait, 10)
    await one.ion_shutdown()

    assert len(fake.paths) == 2
    assert (one.tally.sent, one.tally.lost) == (1, 0)


async def test_two_live_side_by_side(fakes, monitor):
    """Two monitors in one process send to collectors of their own, and the process has none."""
    one, other = fakes(), fakes()
    first = monitor(one.url, service_name="one")
    second = monitor(other.url, service_name="two", profile="latest")
    async with (
        running_ion(make_plugin("otel", first, "monitor")) as ion,
        running_ion(make_plugin("otel", second, "monitor")) as another,
    ):
        ion.emit(failed())
        another.emit(failed())
        another.emit(failed())

    assert [len(one.spans), len(other.spans)] == [1, 2]
    assert [found["service.name"] for found in one.resources] == ["one"]
    assert {found["service.name"] for found in other.resources} == {"two"}
    assert isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


async def test_an_ion_that_is_opened_again_sends_again(fake, monitor):
    """The end is no end for good: a second start has a queue and counts of its own."""
    one = monitor(fake.url)
    await run(one, [failed()])
    one.ion_observe(failed())
    tally = await run(one, [failed()])

    assert (tally.taken, tally.sent, len(fake.spans)) == (1, 1, 2)


async def test_it_can_be_switched_off(fake, monitor):
    """With ``disabled`` nothing is sent, for all that there is an endpoint."""
    tally = await run(monitor(fake.url, disabled=True), [failed()])

    assert (tally.taken, fake.bodies) == (0, [])


async def test_an_address_for_traces_is_taken_as_it_is(fake, monitor):
    """The address for traces goes before the other, and nothing is added to it."""
    one = monitor("http://127.0.0.1:9", traces_endpoint=f"{fake.url}/own/path")
    await run(one, [failed()])

    assert fake.paths == ["/own/path"]


async def test_turns_wait_for_the_import_in_bounds():
    """Before there is a pipeline a bounded number of turns waits; without one they are counted."""
    gate, tally, said = threading.Event(), Tally(), []

    def make():
        gate.wait(10)
        raise OSError("no certificate")

    outbox = Outbox(make, tally, said.append)
    for _ in range(MOST_EARLY + 5):
        outbox.put(failed(), 1)
    assert tally.dropped == 5
    gate.set()
    await outbox.close(5)
    outbox.put(failed(), 1)

    assert tally.dropped == MOST_EARLY + 6
    assert [str(error) for error in said] == ["no certificate"]


def test_lines_of_an_applications_own_exporter_stay(caplog):
    """Only what happens while the plugin sends is quiet; the same logger speaks for others."""
    settings = OtelSettings(endpoint=f"http://127.0.0.1:{free_port()}", timeout_s=0.05)
    exporter = CountingExporter(settings, tally := Tally())
    exporter.export(())
    exporter.shutdown()
    exporter.shutdown()
    exporter.export(())
    logging.getLogger(trace_exporter.__name__).error("somebody else's")

    assert [record.message for record in caplog.records] == ["somebody else's"]
    assert tally.lost == 0
