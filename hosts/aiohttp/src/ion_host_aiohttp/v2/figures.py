"""``GET /api/v2/figures`` and ``/api/v2/figures/stream``: what the dashboard shows.

Who watches gets the last quarter of an hour at once and a point every second from then on, each
over the last five seconds at least: the processes of a host tell each other once a second what
they did, so that a shorter time would show when they told it rather than when it happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise

from ion_framework.domain.language import Language
from ion_host_aiohttp.access.caller import Scope
from ion_host_aiohttp.api.encoding import encode
from ion_host_aiohttp.api.endpoint import Answer, Call, Endpoint, ErrorStyle
from ion_host_aiohttp.api.streams import EVENT_STREAM, Stream, sse_event
from ion_host_aiohttp.errors import failures
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.figures.points import Point, point_between, totals_of
from ion_host_aiohttp.figures.sampler import HISTORY_S, Sample, Sampler
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.v2.figures_schema import (
    FiguresHistory,
    FiguresQuery,
    FiguresReport,
    PluginState,
    PluginStates,
    plugin_states,
    report_of,
    serving,
)
from ion_host_aiohttp.v2.plugin_reasons import prepare
from ion_host_aiohttp.workers.figures import Figures

_SLACK_S = 0.5
_LAST_S = 2.0
"""Seconds before the longest stream in which this one ends by itself."""
_START_S = 10.0
"""Seconds that the processes of a host have to begin in."""
PURSE = "figures"
"""What looking at the host counts in, so that it takes nothing from what its caller may ask."""
STOPPING, IN_TIME = "stopping", "in_time"


def take_sample(service: Service) -> Sample | None:
    """The figures of the whole host now; None where this process has not heard of them yet."""
    processes = serving(service)
    if not processes:
        return None
    return Sample(
        at=service.clock.time(),
        read_at=service.clock.monotonic(),
        processes=processes,
        figures=service.fleet.figures(),
    )


def _reasons(service: Service) -> tuple[str, ...]:
    return tuple(record.reason for record in service.ion.plugins)


async def show_figures(call: Call[None], service: Service) -> Answer:
    """Tell the figures once."""
    await prepare(_reasons(service), call.language)
    return Answer(body=report_of(service, call.language))


async def tell_figures(call: Call[None], service: Service) -> Stream:
    """Tell the figures from now on.

    Raises:
        RequestFailed: 503, the host ends; who is told so by the end of a stream comes again.
    """
    if service.lifecycle.draining.is_set():
        raise RequestFailed(failures.cut_off())
    await prepare(_reasons(service), call.language)
    return Stream(chunks=_events(call.query.interval_s, service, call.language), lasting=True)


async def _events(
    interval_s: int, service: Service, language: Language | None
) -> AsyncGenerator[bytes, None]:
    sampler, plugins = service.sampler, plugin_states(service, language)
    reasons = _reasons(service)
    loop = asyncio.get_running_loop()
    until = loop.time() + service.limits.stream_s - _LAST_S
    with sampler.watched():
        yield _history(sampler, service)
        yield _plugins(plugins)
        told = sampler.latest()
        while (sample := await _next(service, until - loop.time())) is not None:
            if _reasons(service) != reasons:
                reasons = _reasons(service)
                await prepare(reasons, language)
            now = plugin_states(service, language)
            if now != plugins:
                plugins = now
                yield _plugins(plugins)
            if told is None or sample.read_at - told.read_at >= interval_s - _SLACK_S:
                told = sample
                yield sse_event(encode(_point(sampler, sample, interval_s)), event="point")
    reason = STOPPING if service.lifecycle.draining.is_set() else IN_TIME
    yield sse_event(encode({"reason": reason}), event="end")


def _history(sampler: Sampler, service: Service) -> bytes:
    samples = sampler.history()
    points = tuple(point_between(before, after) for before, after in pairwise(samples))
    history = FiguresHistory(
        at=round(service.clock.time(), 3),
        uptime_s=round(service.fleet.uptime_s(), 3),
        before=totals_of(_first(samples[0], service)) if samples else None,
        points=points,
    )
    return sse_event(encode(history), event="history")


def _first(sample: Sample, service: Service) -> Figures:
    """What had happened before the first sample: nothing, where that is of the host's start."""
    age_s = service.fleet.uptime_s() - (service.clock.monotonic() - sample.read_at)
    return Figures() if age_s < _START_S else sample.figures


def _plugins(states: tuple[PluginState, ...]) -> bytes:
    return sse_event(encode(PluginStates(plugins=states)), event="plugins")


def _point(sampler: Sampler, sample: Sample, interval_s: int) -> Point:
    return point_between(sampler.before(sample, max(HISTORY_S, interval_s)), sample)


async def _next(service: Service, left_s: float) -> Sample | None:
    """The next sample; None where the time is up, or the host ends."""
    coming = asyncio.create_task(service.sampler.next())
    ending = asyncio.create_task(service.lifecycle.draining.wait())
    try:
        await asyncio.wait(
            {coming, ending}, timeout=max(0.0, left_s), return_when=asyncio.FIRST_COMPLETED
        )
        return coming.result() if coming.done() and not ending.done() else None
    finally:
        coming.cancel()
        ending.cancel()


FIGURES: Endpoint[None] = Endpoint(
    method="GET",
    path="/api/v2/figures",
    handler=show_figures,
    style=ErrorStyle.V2,
    summary="Figures of the whole host: requests, latencies, personas, cache, plugins, processes.",
    description="Counts are since the start of the host, added up over all of its processes.",
    response=FiguresReport,
    scope=Scope.ADMIN,
    purse=PURSE,
    sheddable=False,
    tag="figures",
)

FIGURES_STREAM: Endpoint[None] = Endpoint(
    method="GET",
    path="/api/v2/figures/stream",
    handler=tell_figures,
    style=ErrorStyle.V2,
    summary="The same figures as they change: what `/dashboard` shows.",
    description=(
        "Events: `history` with up to 15 minutes of points, `plugins` at first and whenever a "
        "plugin changes, `point` every `interval_s` seconds, and `end` (`stopping`: the host "
        "does; `in_time`: connect again). Rates, shares and percentiles of a point are of the "
        "last five seconds or `interval_s`, whichever is longer; its `totals` are since the start."
    ),
    query=FiguresQuery,
    media_type=EVENT_STREAM,
    scope=Scope.ADMIN,
    purse=PURSE,
    sheddable=False,
    tag="figures",
    streams=True,
)

ENDPOINTS = (FIGURES, FIGURES_STREAM)
"""What this module serves."""
