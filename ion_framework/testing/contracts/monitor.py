"""What every monitor has to hold: whatever it is told, and whatever becomes of what it tells."""

from __future__ import annotations

import asyncio
import gc
import io
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, redirect_stderr, redirect_stdout
from copy import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from ion_framework.ion import Ion
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.events import Event
from ion_framework.pipeline.observers import ObserverStats
from ion_framework.testing.contracts.plugin import PluginContract

if TYPE_CHECKING:
    from ion_framework.testing.network.collector import FakeCollector

SECRET = "hunter2-said-in-confidence"  # noqa: S105  it opens nothing
"""What people, models and plugins say in these tests, and nobody may read anywhere."""

ODD_WORDS = (
    "",
    " ",
    "\x00\x1b[31m",
    "\ud800 alone",
    "가" * 4_000,
    "\u202eright to left",
    "%s {0}",
)

MOST_MS = 1.0
"""Milliseconds of the event loop that an event may cost, on the mean; plain ones cost 0.05."""

MOST_GROWTH = 256
"""Bytes that each further event may leave behind once whatever keeps events is full."""

WAIT_S, END_S = 30.0, 15.0
"""Seconds in which events have to be taken, and an `Ion` has to end."""

_BATCH = 400
_ROUNDS, _FURTHER = 60, 20
_MEASURED = 4


class MonitorContract(PluginContract):
    """Subclass with ``plugin = "<name>"`` to test a plugin that provides a monitor.

    A monitor that sends somewhere says how it is pointed at a server, which then hangs, refuses
    and goes away, and where it counts what it could not hand over::

        class TestBeacon(MonitorContract):
            plugin = "beacon"

            def reach(self, url):
                return {"BEACON_URL": url}

            def lost(self, monitor):
                return monitor.dropped

    Settings of the class should have it send whatever it can (no sampling), and end soon.
    """

    kind: ClassVar[Kind | None] = Kind.MONITOR

    # --- what a subclass says of itself ---------------------------------------------------------

    def reach(self, url: str) -> Mapping[str, str]:  # noqa: ARG002  one that sends nothing needs none
        """Variables of the environment that have the monitor send to a server over HTTP.

        Args:
            url: its address, as ``http://127.0.0.1:1234``.

        Returns:
            the variables; none, as here, where the monitor sends nothing over HTTP.
        """
        return {}

    def lost(self, monitor: Any) -> int:
        """How much the monitor says that it could not hand over.

        Args:
            monitor: the plugin's own object.

        Raises:
            NotImplementedError: a monitor that sends has to count, and to say where.
        """
        raise NotImplementedError(
            f"{self.plugin} sends what it is told, so that something can be lost: count it, and "
            f"redefine lost() in {type(self).__name__} to say where that stands"
        )

    def written(self, monitor: Any) -> str:  # noqa: ARG002  one that writes elsewhere looks at itself
        """What the monitor has written elsewhere than to streams, a server and a host's documents.

        Args:
            monitor: the plugin's own object.
        """
        return ""

    # --- what the tests build on ----------------------------------------------------------------

    @asynccontextmanager
    async def watching(self, server: FakeCollector) -> AsyncIterator[Ion]:
        """A running `Ion` whose monitor sends to a server, where it sends at all."""
        contract = copy(self)
        # On the copy alone: two at once have servers of their own.
        vars(contract)["environ"] = {**self.environ, **self.reach(server.url)}
        async with contract.running() as ion:
            yield ion

    def monitor(self, ion: Ion) -> Any:
        """The plugin's own object."""
        found = [item for item in ion.hooks.of("ion_observe") if item.plugin == self.plugin]
        assert found, f"{self.plugin} does not implement ion_observe, as every monitor does"
        return getattr(found[0].function, "__self__", found[0].function)

    def taken(self, ion: Ion) -> ObserverStats:
        """What has become of the events that the monitor was told."""
        return ion.observer_stats()[self.plugin]

    async def tell(self, ion: Ion, events: Sequence[Event]) -> None:
        """Tell the monitor of events, and wait until it has taken them."""
        for at in range(0, len(events), _BATCH):
            part = events[at : at + _BATCH]
            due = _count(self.taken(ion)) + len(part)
            for event in part:
                ion.emit(event)
            async with asyncio.timeout(WAIT_S):
                while _count(self.taken(ion)) < due:  # noqa: ASYNC110  no event stands for it
                    await asyncio.sleep(0)

    # --- what holds for every monitor -----------------------------------------------------------

    async def test_every_kind_of_event_is_taken(self) -> None:
        """Events of every kind, with odd words in every place, are taken without an error."""
        from ion_framework.testing.events import make_events

        with _server() as server:
            async with self.watching(server) as ion:
                for number, words in enumerate(ODD_WORDS):
                    await self.tell(ion, make_events(words, number))
                assert (self.taken(ion).failed, self.taken(ion).dropped) == (0, 0)

    async def test_observing_costs_little(self) -> None:
        """An event takes less than a millisecond of the event loop, on the mean of many."""
        with _server() as server:
            async with self.watching(server) as ion:
                await self.tell(ion, list(_many(1)))
                events = list(_many(_ROUNDS))
                began = time.thread_time()
                await self.tell(ion, events)
                spent_ms = (time.thread_time() - began) * 1000
        assert spent_ms / len(events) < MOST_MS

    async def test_no_text_gets_out(
        self, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
    ) -> None:
        """What people, models and plugins said is in nothing that the monitor writes or sends."""
        from ion_framework.testing.events import make_events

        with _server() as server:
            async with self.watching(server) as ion:
                monitor = self.monitor(ion)
                await ion.respond(SECRET)
                await self.tell(ion, make_events(SECRET))
                told = [await _documents(ion), self.written(monitor)]
            sent = b"\n".join(item.body for item in server.deliveries)
            asked = "\n".join(f"{item.path} {item.headers}" for item in server.deliveries)
        assert sent or not self.reach("http://127.0.0.1:9"), "nothing has arrived, so look further"
        told += [*capfd.readouterr(), caplog.text, sent.decode("utf-8", "replace"), asked]
        assert [text for text in told if SECRET in text] == []

    async def test_what_was_told_is_handed_over_at_the_end(self) -> None:
        """The end comes soon, and what the monitor was told just before it has arrived by then."""
        with _server() as server:
            async with self.watching(server) as ion:
                monitor = self.monitor(ion)
                await self.tell(ion, list(_many(1)))
                began = time.monotonic()
            assert time.monotonic() - began < END_S
            if self.reach(server.url):
                assert server.bodies
                assert self.lost(monitor) == 0

    @pytest.mark.parametrize("fault", ["hangs", "refuses", "is gone"])
    async def test_where_nobody_listens_turns_go_on(self, fault: str) -> None:
        """A server that hangs, refuses or is gone holds up neither turns nor the end."""
        with _server() as server, ExitStack() as stack:
            if not self.reach(server.url):
                _without_streams(stack)
            async with self.watching(server) as ion:
                _break(server, fault)
                monitor = self.monitor(ion)
                async with asyncio.timeout(WAIT_S):
                    assert (await ion.respond("hello")).content
                await self.tell(ion, list(_many(_ROUNDS)))
                assert self.taken(ion).failed == 0
                began = time.monotonic()
            assert time.monotonic() - began < END_S
            if self.reach("http://127.0.0.1:9"):
                assert self.lost(monitor) > 0

    async def test_what_waits_is_bounded(self) -> None:
        """While nothing can be handed over, more and more events take no more and more memory."""
        with _server() as server:
            async with self.watching(server) as ion:
                server.hang()
                await self.tell(ion, list(_many(_ROUNDS)))  # by then whatever is bounded is full
                tracemalloc.start()
                try:
                    # Several times: what is imported meanwhile is kept once, what is not bounded
                    # every time.
                    held = [await self._held_after_more(ion) for _ in range(_MEASURED)]
                finally:
                    tracemalloc.stop()
                    server.resume()
        growth = min(after - before for before, after in pairwise(held))
        assert growth < MOST_GROWTH * len(list(_many(_FURTHER)))

    async def _held_after_more(self, ion: Ion) -> int:
        """Bytes that are held after further events."""
        await self.tell(ion, list(_many(_FURTHER)))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]


def _server() -> FakeCollector:
    from ion_framework.testing.network.collector import FakeCollector  # http.server is slow

    return FakeCollector()


def _break(server: FakeCollector, fault: str) -> None:
    if fault == "hangs":
        server.hang()
    elif fault == "refuses":
        server.status = 503
    else:
        server.stop()


def _many(rounds: int) -> Iterator[Event]:
    """Events of every kind, each round with ids of its own."""
    from ion_framework.testing.events import make_events

    for number in range(rounds):
        yield from make_events("hello", number)


def _count(stats: ObserverStats) -> int:
    return stats.delivered + stats.dropped + stats.failed


async def _documents(ion: Ion) -> str:
    """The documents that the monitor has a host serve."""
    from ion_framework.pipeline.documents import DocumentRoute, HostView

    view = HostView(ion=ion, figures=dict)
    written = [
        await route.open(view)("text/plain")
        for route in ion.provisions.routes
        if isinstance(route, DocumentRoute)
    ]
    return "\n".join(document.body.decode("utf-8", "replace") for document in written)


class _Gone(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, _text: str) -> int:
        """Nothing can be written.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError


def _without_streams(stack: ExitStack) -> None:
    """Take both streams away from whoever writes to them, the core's own log aside."""
    from structlog.testing import capture_logs

    stack.enter_context(capture_logs())
    stack.enter_context(redirect_stdout(_Gone()))
    stack.enter_context(redirect_stderr(_Gone()))
