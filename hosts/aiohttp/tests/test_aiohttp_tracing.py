"""``traceparent`` from the request to the log, the events, the turn and the errors."""

from __future__ import annotations

import pytest

from ion_framework import hookimpl
from ion_framework.pipeline.events import RequestCompleted, TurnCompleted

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
HEADERS = {"traceparent": PARENT, "tracestate": "congo=t61rcWkgMzE"}
CALLS = (
    ("/chat", {"message": "playful"}),
    ("/api/v2/process", {"user_input": "playful"}),
)


class Monitor:
    """Keeps events."""

    def __init__(self):
        self.events = []

    @hookimpl
    def ion_observe(self, event):
        """One event."""
        self.events.append(event)

    def of(self, kind):
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


@pytest.mark.parametrize(("path", "body"), CALLS)
async def test_the_trace_reaches_turn_and_monitors(hosting, make, path, body):
    """The events of the request and of its turn know the caller's trace."""
    monitor = Monitor()
    plugins = (*make.standard(), make.plugin("watcher", "monitor", monitor))

    async with hosting(*plugins) as host:
        async with host.session.post(path, json=body, headers=HEADERS) as response:
            assert 200 == response.status
        [line] = host.lines()

    [turn], [request] = monitor.of(TurnCompleted), monitor.of(RequestCompleted)
    assert turn.trace == request.trace == turn.request.trace
    assert (TRACE, "congo=t61rcWkgMzE") == (request.trace.trace_id, request.trace.state)
    assert TRACE == line["trace_id"]


async def test_a_problem_names_the_trace(hosting):
    """A v2 error carries the trace id, null where the caller is in no trace."""
    async with hosting() as host:
        found = []
        for headers in (HEADERS, {}, {"traceparent": "00-zz"}):
            async with host.session.get("/api/v2/nowhere", headers=headers) as response:
                found.append((await response.json())["trace_id"])

    assert [TRACE, None, None] == found


async def test_two_traces_are_none(hosting):
    """A header that is there twice is malformed, and malformed ones leave no word in the log."""
    async with hosting() as host:
        headers = [("traceparent", PARENT), ("traceparent", PARENT)]
        async with host.session.get("/health/live", headers=headers) as response:
            assert 200 == response.status
        [line] = host.lines()

    assert "trace_id" not in line
