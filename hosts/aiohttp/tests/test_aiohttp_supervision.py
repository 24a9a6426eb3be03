"""The parts of a host of several processes: messages, figures, pins, pauses, patience."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import sys
import time
from pathlib import Path

import attrs
import pytest
from ion_host_aiohttp.run.addresses import bind
from ion_host_aiohttp.run.logs import make_logger
from ion_host_aiohttp.workers.backoff import SETTLED_S, Backoff
from ion_host_aiohttp.workers.control import MOST_UNSENT, Control
from ion_host_aiohttp.workers.figures import Figures, TierFigures, total
from ion_host_aiohttp.workers.fleet import Member, PluginTrouble, WorkerPhase, WorkerState
from ion_host_aiohttp.workers.lines import fields_of, line_of
from ion_host_aiohttp.workers.messages import (
    DesiredState,
    Failed,
    FleetState,
    Heartbeat,
    Hello,
    PluginPin,
    PluginStatus,
    Ready,
    Serve,
    Serving,
    Stop,
    packed,
    unpacked,
)
from ion_host_aiohttp.workers.office import Office
from ion_host_aiohttp.workers.pins import pinned, pins
from ion_host_aiohttp.workers.supervisor import Patience, Supervisor

from ion_framework.plugin_host.discovery import Candidate
from ion_framework.settings.loading import CommandLine
from ion_framework.settings.model import LogSettings

STATE = WorkerState(number=1, pid=7, phase=WorkerPhase.SERVING, figures=Figures(answered=3))
TROUBLE = PluginTrouble(2, "gemini", "failed")


class TestMessages:
    """What supervisor and workers say."""

    @pytest.mark.parametrize(
        "message",
        [
            DesiredState(
                number=1,
                host="::1",
                port=80,
                line={"enable": ["a"]},
                config="[server]\nport = 1\n# 한글\n",
                plugins=(PluginPin(name="a", distribution="ion-a", version="1"),),
            ),
            Hello(pid=1),
            Ready(),
            Failed(reason="no"),
            Serve(),
            Serving(),
            Heartbeat(figures=Figures(answered=3)),
            PluginStatus(troubles=(TROUBLE,)),
            FleetState(workers=(STATE,), troubles=(TROUBLE,), past=Figures(shed=2)),
            Stop(gently=False),
        ],
        ids=lambda message: type(message).__name__,
    )
    def test_they_arrive_as_they_were_sent(self, message):
        """A message is one line, and the line is the message."""
        line = packed(message)

        assert line.count(b"\n") == 1
        assert unpacked(line) == message

    @pytest.mark.parametrize(
        "line",
        [b"", b"x", b"[]", b"{}", b'{"kind":"hello","content":{}}', b'{"kind":"hello"}', b"\xff"],
    )
    def test_what_is_no_message(self, line):
        """Anything else is told apart from a message."""
        with pytest.raises(ValueError, match="no message"):
            unpacked(line)

    def test_unknown_kind(self):
        """A kind that a later version may know is passed over."""
        assert unpacked(b'{"kind":"dance","content":{}}') is None

    def test_secrets_are_not_shown(self):
        """Neither the command line nor the settings file stand in the text of a desired state."""
        state = DesiredState(number=1, host="a", port=1, line={"x": "s3cret"}, config="s3cret")

        assert "s3cret" not in repr(state)

    def test_command_line(self):
        """A command line arrives as it was typed."""
        line = CommandLine(config=Path("a.toml"), port=0, enable=("a", "b"), workers=4)

        assert line_of(json.loads(json.dumps(fields_of(line)))) == line


class TestControl:
    """The channel."""

    async def test_both_ways_until_the_end(self):
        """Each end hears the other, and hears that it is gone."""
        ours, theirs = map(await_control, socket.socketpair())
        ours, theirs = await ours, await theirs
        assert ours.send(Hello(pid=1))
        assert theirs.send(Serve())
        assert await theirs.receive() == Hello(pid=1)
        assert await ours.receive() == Serve()
        theirs.close()
        assert await ours.receive() is None
        ours.close()

    async def test_garbage_ends_it(self):
        """An end that says what is no message counts as gone."""
        left, right = socket.socketpair()
        control = await Control.over(left)
        right.sendall(b"garbage\n")
        assert await control.receive() is None
        control.close()
        right.close()

    async def test_bound(self):
        """What a reader does not take is kept up to a bound, and then not said."""
        left, right = socket.socketpair()
        control = await Control.over(left)
        large = Failed(reason="x" * 1_000_000)
        said = [control.send(large) for _ in range(2 + MOST_UNSENT // 1_000_000 * 2)]
        assert said[0] is True
        assert said[-1] is False
        right.close()
        control.close()


async def await_control(end):
    """A channel over an end."""
    return await Control.over(end)


async def unasked(_order):
    """Nobody is asked for a change here."""
    raise AssertionError


class TestFigures:
    """Figures of many processes."""

    def test_sum(self):
        """The sum of figures is taken figure by figure."""
        found = total((Figures(answered=8, errors=2, in_flight=1), Figures(answered=2, shed=5)))

        assert found == Figures(answered=10, errors=2, in_flight=1, shed=5)
        assert found.error_rate == 0.2

    def test_past(self):
        """Of a process that is gone stays what it did, and not what it was doing."""
        memory = TierFigures(hits=3, entries=2, bytes=9, answering=1)
        gone = Figures(answered=8, cache_hits=3, in_flight=1, cache_bytes=9, tiers={"m": memory})

        past = Figures(answered=8, cache_hits=3, tiers={"m": TierFigures(hits=3)})
        assert gone.past() == past
        assert unpacked(packed(Heartbeat(figures=gone))) == Heartbeat(figures=gone)

    def test_member(self):
        """A worker tells the others' figures as they were told to it, and its own as they are."""
        own = [Figures(answered=1)]
        member = Member(1, lambda: own[0], lambda: 5.0, unasked)
        other = attrs.evolve(STATE, number=2, figures=Figures(answered=10))
        member.hear(
            (STATE, other), (TROUBLE, PluginTrouble(1, "own", "failed")), Figures(answered=100)
        )
        own[0] = Figures(answered=2)

        assert member.figures().answered == 112
        assert [worker.figures.answered for worker in member.workers()] == [2, 10]
        assert member.troubles() == (TROUBLE,)


class TestPins:
    """The set of plugins."""

    A = Candidate("a", "ion_a", "ion-a", "1", Path("/a"))
    B = Candidate("b", "ion_b", "ion-b", "1", Path("/b"))

    def test_same(self):
        """What is as it was found is taken as it is."""
        assert pinned(pins(lambda: (self.A, self.B)), lambda: (self.A, self.B))() == (
            self.A,
            self.B,
        )

    def test_changes_since(self):
        """New plugins are not there; changed and removed ones are, with what happened."""
        upgraded = attrs.evolve(self.A, version="2")
        new = Candidate("c", "ion_c", "ion-c", "1", Path("/c"))
        a, b = pinned(pins(lambda: (self.A, self.B)), lambda: (upgraded, new))()

        assert (a.name, a.folder) == ("a", None)
        assert "runs version 1, 2 is installed since" in a.problem
        assert (b.name, b.folder) == ("b", None)
        assert "removed since; restart the host, or send SIGHUP" in b.problem


class TestBackoff:
    """Pauses between starts."""

    def test_accident(self):
        """A worker that served well has a successor at once, every time."""
        backoff = Backoff()

        assert [backoff.ended(SETTLED_S) for _ in range(3)] == [0.0, 0.0, 0.0]

    def test_first_early_end(self):
        """One early end is an accident, too; those that follow cost more and more time."""
        backoff = Backoff(first_s=0.5, most_s=3.0)

        assert [backoff.ended(1.0) for _ in range(5)] == [0.0, 1.0, 2.0, 3.0, 3.0]
        assert backoff.failures == 5

    def test_never_served(self):
        """A start that fails is never repeated at once."""
        assert Backoff(first_s=0.5).ended(0.0) == 0.5


@pytest.mark.skipif(sys.platform != "linux", reason="needs SO_REUSEPORT")
class TestPatience:
    """How long the supervisor waits."""

    async def test_hanging_worker_is_replaced(self, tmp_path):
        """A worker that gives no sign of life is killed and replaced."""
        log = io.StringIO()
        logger = make_logger(log, LogSettings())
        reserved = bind("127.0.0.1", 0, insecure=False, shared=True)
        line = CommandLine(port=0, enable=("aiohttp",), log_format="json", log_level="error")
        office = Office(
            line, {**os.environ, "ION_DATA_DIR": str(tmp_path)}, reserved, insecure=False
        )
        ready = asyncio.Event()
        patience = Patience(silence_s=3.0)
        supervisor = Supervisor(1, office.desired, logger, ready.set, patience=patience)
        running = asyncio.create_task(supervisor.run())
        try:
            async with asyncio.timeout(60):
                await ready.wait()
                (first,) = pids(log)
                os.kill(first, 19)  # SIGSTOP: nothing of it moves any longer
                while len(pids(log)) < 2:  # noqa: ASYNC110  the log is what there is to see
                    await asyncio.sleep(0.05)
            hung = [json.loads(each) for each in log.getvalue().splitlines()]
            assert not is_alive(first)
            assert "worker hangs and is replaced" in {line["event"] for line in hung}
        finally:
            running.cancel()
            await asyncio.wait({running}, timeout=20)
            reserved.close()


def pids(log):
    """The processes that have served, by the log."""
    found = [json.loads(each) for each in log.getvalue().splitlines()]
    return [line["pid"] for line in found if line["event"] == "worker serves"]


def is_alive(pid):
    """Whether a process is there, and not only waited for."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.01)
    return True
