"""The contract of monitors finds what a monitor must not do, and the kit's parts that it uses."""

from __future__ import annotations

import gzip
import sys
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from threading import Thread
from urllib.parse import urlsplit

import attrs
import pytest

from ion_framework.pipeline.events import TurnCompleted
from ion_framework.pipeline.markers import hookimpl
from ion_framework.testing import (
    FakeCollector,
    MonitorContract,
    make_events,
    make_ion,
    make_plugin,
    make_turn_completed,
)
from ion_framework.testing.contracts.monitor import SECRET


class Watching:
    """A monitor that does something with each event.

    Args:
        act: what it does.
    """

    def __init__(self, act):
        self._act = act

    @hookimpl
    def ion_observe(self, event):
        """Do it."""
        self._act(event)


class Sending(Watching):
    """A monitor that sends each event at once, and counts nothing.

    Args:
        addresses: takes the address from here.
    """

    def __init__(self, addresses):
        super().__init__(self._send)
        self._addresses = addresses

    def _send(self, _event):
        with suppress(OSError):
            post(self._addresses[-1])


def contract_of(make, **options):
    """The contract of a monitor that lives in this process."""

    class TestIt(MonitorContract):
        plugin = "watch"
        waived = {"make": "it is not installed"}  # noqa: RUF012  the contract declares it

        def make(self):
            return make_ion(make_plugin("watch", make(), "monitor"))

    for name, value in options.items():
        setattr(TestIt, name, value)
    return TestIt()


def nothing(_event):
    """Does nothing with it."""


async def test_a_monitor_that_does_nothing_wrong_passes(capfd, caplog):
    """One that keeps the last event and no more holds everything."""
    contract = contract_of(lambda: Watching(nothing))

    await contract.test_every_kind_of_event_is_taken()
    await contract.test_observing_costs_little()
    await contract.test_no_text_gets_out(capfd, caplog)
    await contract.test_what_was_told_is_handed_over_at_the_end()
    await contract.test_where_nobody_listens_turns_go_on("hangs")
    await contract.test_what_waits_is_bounded()


async def test_a_monitor_that_raises_is_found():
    """One that trips over an event of some kind does not pass."""

    def fussy(event):
        assert not isinstance(event, TurnCompleted)

    with pytest.raises(AssertionError):
        await contract_of(lambda: Watching(fussy)).test_every_kind_of_event_is_taken()


async def test_a_monitor_that_costs_much_is_found():
    """One that works for more than a millisecond on each event does not pass."""

    def slow(_event):
        until = time.thread_time() + 0.0012
        while time.thread_time() < until:
            pass

    with pytest.raises(AssertionError):
        await contract_of(lambda: Watching(slow)).test_observing_costs_little()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_monitor_that_tells_texts_is_found(capfd, caplog, stream):
    """One that prints events as they are does not pass, whichever stream it prints to."""

    def tell(event):
        getattr(sys, stream).write(f"{event}")

    with pytest.raises(AssertionError, match=SECRET):
        await contract_of(lambda: Watching(tell)).test_no_text_gets_out(capfd, caplog)


async def test_what_a_monitor_writes_elsewhere_is_looked_at(capfd, caplog):
    """What the subclass says that the monitor has written may hold no texts either."""
    kept = []
    contract = contract_of(
        lambda: Watching(lambda event: kept.append(repr(event))),
        written=lambda _self, _monitor: "".join(kept),
    )

    with pytest.raises(AssertionError, match=SECRET):
        await contract.test_no_text_gets_out(capfd, caplog)


async def test_a_monitor_that_needs_its_stream_is_found():
    """One that writes to a stream that is gone, and lets the error out, does not pass."""

    def tell(_event):
        sys.stderr.write("something happened")

    with pytest.raises(AssertionError):
        await contract_of(lambda: Watching(tell)).test_where_nobody_listens_turns_go_on("hangs")


async def test_a_monitor_that_keeps_everything_is_found():
    """One that has an unbounded list of what it was told does not pass."""
    with pytest.raises(AssertionError):
        await contract_of(lambda: Watching([].append)).test_what_waits_is_bounded()


async def test_a_monitor_that_sends_has_to_count():
    """One that sends, and does not say what it lost, is told what to write."""
    addresses = []

    def reach(_self, url):
        addresses.append(url)
        return {"WATCH_URL": url}

    contract = contract_of(lambda: Sending(addresses), reach=reach)

    with pytest.raises(NotImplementedError, match=r"redefine lost\(\) in TestIt"):
        await contract.test_what_was_told_is_handed_over_at_the_end()


async def test_a_monitor_that_sends_nothing_where_it_should_is_found(capfd, caplog):
    """Where nothing arrives at the server the look for texts has proved nothing, and says so."""
    contract = contract_of(lambda: Watching(nothing), reach=lambda _self, url: {"WATCH_URL": url})

    with pytest.raises(AssertionError, match="nothing has arrived"):
        await contract.test_no_text_gets_out(capfd, caplog)


# --- builders ------------------------------------------------------------------------------------


def test_events_of_every_kind_are_built():
    """Every kind of event is there, and what was said stands in it but in requests and holds."""
    events = make_events(SECRET)
    kinds = {type(event).__name__ for event in events}
    silent = {type(event).__name__ for event in events if SECRET not in repr(event)}

    assert kinds == {
        "TurnCompleted", "TurnFailed", "AnswerRefreshed", "RequestCompleted",
        "PluginStatusChanged", "LoopHeld",
    }  # fmt: skip
    assert silent == {"RequestCompleted", "LoopHeld"}


def test_a_turn_is_of_one_piece():
    """Request, reply and receipt of a built turn agree with each other."""
    event = make_turn_completed("hi", request={"request_id": "r-9"}, content="yes", model="m-2")

    assert (event.request.text, event.reply.content, event.reply.model) == ("hi", "yes", "m-2")
    assert event.request.request_id == event.reply.receipt.request_id == "r-9"
    assert event.reply.usage == event.reply.receipt.usage
    assert event.duration_s * 1000 == event.reply.receipt.spent_ms
    assert attrs.evolve(event) == event


# --- the server ----------------------------------------------------------------------------------


def post(url, body=b"hello", **headers):
    """What a server answers: status, headers and body."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.hostname, parts.port, timeout=30)) as connection:
        connection.request("POST", f"{parts.path}?{parts.query}", body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def test_a_collector_keeps_what_it_takes():
    """It unpacks bodies, and keeps path and headers; a refused request is told apart."""
    with FakeCollector(answer_headers={"X-Said": "yes"}, answer_body=b"thanks") as server:
        status, headers, body = post(
            f"{server.url}/a?b=c", gzip.compress(b"one"), **{"Content-Encoding": "gzip"}
        )
        server.status = 503
        refused = post(f"{server.url}/d", b"two")

    assert (status, headers["X-Said"], body, refused[0]) == (200, "yes", b"thanks", 503)
    assert (server.bodies, server.paths) == ([b"one"], ["/a?b=c", "/d?"])
    assert [item.body for item in server.deliveries] == [b"one", b"two"]
    assert server.header("Content-Encoding") == ["gzip", None]


def test_a_collector_hangs_until_it_goes_on():
    """While it hangs a request has arrived and is not answered; then it is, as it was to be."""
    with FakeCollector() as server:
        server.hang()
        answers = []
        asking = Thread(target=lambda: answers.append(post(server.url)[0]))
        asking.start()
        assert server.arrived.wait(30)
        assert (answers, server.deliveries) == ([], [])
        server.resume()
        asking.join(30)

    assert answers == [200]


def test_a_collector_has_an_address_while_it_listens():
    """Without having been started it says so, it is not started twice, and its end is no error."""
    server = FakeCollector()
    with pytest.raises(RuntimeError, match="was not started"):
        _ = server.url
    server.start()
    with pytest.raises(RuntimeError, match="listens already"):
        server.start()
    address = server.url
    server.stop()
    server.stop()

    with pytest.raises(OSError, match="refused"):
        post(address)
