"""Who is let in, who waits and who is refused; and how cheaply."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.admission import (
    CALM_S,
    REDUCED_CAPACITY,
    STALE_S,
    Admission,
    AdmissionLimits,
)

from ion_framework.testing import VirtualClock, run_virtual


class Crowd:
    """Requests before a door; each stays until it is told to go."""

    def __init__(self, **limits):
        self.clock = VirtualClock()
        self.door = Admission(AdmissionLimits(**limits), self.clock)
        self.inside = []
        self.refused = []
        self._go = {}

    async def enter(self, name, *, sheddable=True, deadline_s=None):
        """Go in, stay, leave."""
        self._go[name] = asyncio.Event()
        try:
            async with self.door.place(sheddable, deadline_s):
                self.inside.append(name)
                await self._go[name].wait()
        except RequestFailed as error:
            self.refused.append((name, error.failure.code))

    def send(self, *names, **how):
        """Have requests come, one after the other."""
        return [asyncio.create_task(self.enter(name, **how)) for name in names]

    def let_go(self, name):
        """Have one leave."""
        self._go[name].set()


async def settled():
    """Everything that can run has run."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestPlaces:
    """Places and the queue."""

    def test_first_come_first_served(self):
        """While nobody waits long, places go to those who came first."""

        async def play():
            crowd = Crowd(in_flight=1, queue=3)
            tasks = crowd.send("a", "b", "c")
            await settled()
            crowd.let_go("a")
            await settled()
            assert crowd.inside == ["a", "b"]
            assert crowd.door.figures().waiting == 1
            for name in "bc":
                crowd.let_go(name)
            await asyncio.gather(*tasks)
            assert crowd.door.figures().in_flight == 0

        run_virtual(play())

    def test_full_queue(self):
        """Whoever comes when the queue is full is refused with 503, code and Retry-After."""

        async def play():
            crowd = Crowd(in_flight=1, queue=1)
            tasks = crowd.send("a", "b", "c")
            await settled()
            assert crowd.refused == [("c", "OVERLOADED")]
            with pytest.raises(RequestFailed) as refused:
                crowd.door.check(sheddable=True)
            failure = refused.value.failure
            assert (failure.status, failure.headers["Retry-After"]) == (503, "1")
            assert failure.problem_type == REDUCED_CAPACITY
            assert crowd.door.figures().shed == 2
            crowd.door.check(sheddable=False)
            for name in "ab":
                crowd.let_go(name)
            await asyncio.gather(*tasks)

        run_virtual(play())

    def test_probes_always_get_in(self):
        """What may not be refused takes a place even where there is none."""

        async def play():
            crowd = Crowd(in_flight=1, queue=0)
            tasks = crowd.send("a") + crowd.send("probe", sheddable=False)
            await settled()
            assert crowd.inside == ["a", "probe"]
            for name in ("a", "probe"):
                crowd.let_go(name)
            await asyncio.gather(*tasks)

        run_virtual(play())

    def test_wait_is_bounded(self):
        """Nobody waits longer than the queue's time, or than the caller does."""

        async def play():
            crowd = Crowd(in_flight=1, queue=5, queue_s=2.0)
            loop = asyncio.get_running_loop()
            tasks = crowd.send("a")
            await settled()
            began = loop.time()
            patient, hasty = crowd.send("patient") + crowd.send("hasty", deadline_s=0.5)
            await hasty
            assert loop.time() - began == pytest.approx(0.5)
            await patient
            assert loop.time() - began == pytest.approx(2.0)
            assert [name for name, _ in crowd.refused] == ["hasty", "patient"]
            crowd.let_go("a")
            await asyncio.gather(*tasks)
            assert crowd.door.figures().waiting == 0

        run_virtual(play())

    def test_no_wait_in_vain(self):
        """A caller whose deadline passes before its turn can come is refused without waiting."""

        async def play():
            clock = VirtualClock()
            door = Admission(AdmissionLimits(in_flight=1, queue=5, queue_s=100), clock)
            for _ in range(200):
                async with door.place(sheddable=True):
                    clock.advance(10.0)
            async with door.place(sheddable=True):
                with pytest.raises(RequestFailed):
                    async with door.place(sheddable=True, deadline_s=1.0):
                        pass

        run_virtual(play())

    def test_newest_first_once_it_is_late(self):
        """Where the oldest has waited in vain, the newest goes first: its caller is still there."""

        async def play():
            crowd = Crowd(in_flight=1, queue=5)
            tasks = crowd.send("a", "old")
            await settled()
            crowd.clock.advance(2 * STALE_S)
            tasks += crowd.send("new")
            await settled()
            crowd.let_go("a")
            await settled()
            assert crowd.inside == ["a", "new"]
            for name in ("new", "old"):
                crowd.let_go(name)
            await asyncio.gather(*tasks)

        run_virtual(play())

    def test_caller_who_leaves(self):
        """A caller who leaves the queue leaves nothing behind, even in the instant of its turn."""

        async def play():
            crowd = Crowd(in_flight=1, queue=5)
            first, leaver, other = crowd.send("a", "leaver", "other")
            await settled()
            crowd.let_go("a")
            await first
            leaver.cancel()
            await settled()
            assert crowd.inside == ["a", "other"] or "leaver" in crowd.inside
            crowd.let_go("other")
            await asyncio.wait({leaver, other})
            assert crowd.door.figures().in_flight == 0

        run_virtual(play())

    def test_overload_is_over_after_calm(self):
        """Overload is told from the first refusal until two calm seconds have passed."""

        async def play():
            crowd = Crowd(in_flight=1, queue=0)
            tasks = crowd.send("a")
            await settled()
            before = crowd.door.overloaded
            await crowd.enter("b")
            during = crowd.door.overloaded
            crowd.clock.advance(CALM_S / 2)
            still = crowd.door.overloaded
            crowd.clock.advance(CALM_S)
            assert (before, during, still, crowd.door.overloaded) == (False, True, True, False)
            crowd.let_go("a")
            await asyncio.gather(*tasks)

        run_virtual(play())


@asynccontextmanager
async def full(hosting):
    """A host whose only place is taken."""
    admission = Admission(AdmissionLimits(in_flight=1, queue=0))
    async with hosting(admission=admission) as host, admission.place(sheddable=False):
        yield host


class TestRefusals:
    """A host at its limit."""

    async def test_who_looks_after_the_host_gets_in(self, hosting):
        """Under overload the dashboard, its files, its figures, alerts and plugins still answer."""
        async with full(hosting) as host:
            page = await (await host.session.get("/dashboard")).text()
            files = re.findall(r"(?:src|href)=\"(/dashboard/assets/[^\"]+)\"", page)
            paths = [*files, "/api/v2/figures", "/api/v2/slo", "/api/v2/plugins"]
            answers = {path: (await host.session.get(path)).status for path in paths}
            changed = await host.session.post("/api/v2/plugins/nobody/enable")
            stream = await host.session.get("/api/v2/figures/stream")
            stream.close()

        assert len(files) == 6
        assert set(answers.values()) == {200}
        assert (changed.status, stream.status) == (404, 200)

    @pytest.mark.parametrize(
        ("path", "body", "code"),
        [
            ("/chat", {"message": "hi"}, lambda found: found["status_code"]),
            ("/api/v2/process", {"user_input": "hi"}, lambda found: found["status"]),
        ],
    )
    async def test_shape(self, hosting, path, body, code):
        """A refusal has the shape of its API, the request's id, and every header of an answer."""
        async with full(hosting) as host:
            refused = await host.session.post(path, json=body, headers={"X-Request-ID": "mine"})
            document = await refused.json(content_type=None)
            await asyncio.sleep(1.2)
            (line,) = host.lines("requests shed")

        assert (refused.status, code(document)) == (503, 503)
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["X-Request-ID"] == "mine"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
        assert refused.headers["Server"] == ""
        assert line["number"] == 1

    async def test_problem_type(self, hosting):
        """API v2 names the registered kind of problem, in the caller's language."""
        async with full(hosting) as host:
            refused = await host.session.post(
                "/api/v2/process", json={"user_input": "hi"}, headers={"Accept-Language": "ko"}
            )
            document = json.loads(await refused.text())

        assert document["type"] == REDUCED_CAPACITY
        assert document["error"]["code"] == "OVERLOADED"
        assert "1초 후" in document["detail"]
        assert document["instance"] == "/api/v2/process"

    async def test_probes_answer(self, hosting):
        """Probes and the health page are answered by a host that refuses everything else."""
        async with full(hosting) as host:
            statuses = [
                (await host.session.get(path)).status
                for path in ("/health/live", "/health/ready", "/health", "/")
            ]
            other = await host.session.get("/api/v2/personas")

        assert statuses == [200, 200, 200, 200]
        assert other.status == 503

    async def test_connection_is_kept(self, hosting):
        """The connection of a refused request serves the next one."""
        ask = b"GET /api/v2/personas HTTP/1.1\r\nHost: localhost\r\n\r\n"
        last = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        async with full(hosting) as host:
            received = await host.raw(ask, ask, last)

        assert received.count(b"HTTP/1.1 503") == 2
        assert received.count(b"HTTP/1.1 200") == 1

    async def test_body_is_not_waited_for(self, hosting):
        """A request whose body is still on its way is refused before it arrives."""
        head = b"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        async with full(hosting) as host:
            received = await host.raw(head + b"Content-Length: 20\r\n\r\n{")

        assert received.startswith(b"HTTP/1.1 503")
        assert b"Connection: close" in received

    async def test_deadline_counts_the_wait(self, hosting, make):
        """What a request waited for its place is taken from the time that its caller gives it."""
        from ion_host_aiohttp.api.endpoint import Answer, Endpoint, ErrorStyle

        from ion_framework import hookimpl

        given = []

        async def handler(call, _service):
            given.append(call.deadline_s)
            await asyncio.sleep(0.3)
            return Answer(body={})

        class Slow:
            @hookimpl
            def ion_provide_routes(self):
                return [
                    Endpoint(
                        method="GET",
                        path="/slow",
                        handler=handler,
                        style=ErrorStyle.V2,
                        summary="Wait.",
                        runs_turns=True,
                    )
                ]

        slow = make.plugin("slow", "extension", Slow())
        admission = Admission(AdmissionLimits(in_flight=1))
        async with hosting(*make.standard(), slow, admission=admission) as host:
            headers = {"ION-Deadline-Ms": "5000"}
            first = asyncio.create_task(host.session.get("/slow", headers=headers))
            await asyncio.sleep(0.1)
            second = await host.session.get("/slow", headers=headers)
            statuses = [(await first).status, second.status]

        assert statuses == [200, 200]
        assert given[0] == 5.0
        assert given[1] < 4.95
