"""``GET /api/v2/slo``, and notices of a host of one process."""

from __future__ import annotations

import socket

import attrs
import pytest
from ion_host_aiohttp.run.alarms import alarms
from ion_host_aiohttp.run.slo_watch import origin_of
from ion_host_aiohttp.v2.slo import status_of
from ion_host_aiohttp.workers.alarms import MOST_WAITING, Alarms
from ion_host_aiohttp.workers.figures import Figures, total
from ion_host_aiohttp.workers.fleet import WorkerPhase
from ion_host_aiohttp.workers.messages import (
    FleetState,
    NoticeSent,
    NoticeTaken,
    packed,
    unpacked,
)
from ion_host_aiohttp.workers.office import Office

from ion_framework import hookimpl
from ion_framework.pipeline.events import RequestCompleted, TurnFailed
from ion_framework.settings.loading import CommandLine
from ion_framework.settings.slo import SloSettings
from ion_framework.slo.counts import BOUNDS, Counts
from ion_framework.slo.evaluator import Evaluator
from ion_framework.slo.notice import NoticeState
from ion_framework.testing import VirtualClock

SLO = "/api/v2/slo"
FAST_BURN = "IonErrorBudgetBurn14_4x"


class Listener:
    """Keeps what it is told."""

    def __init__(self):
        self.told = []

    @hookimpl
    def ion_notify(self, notice):
        """Keep it."""
        self.told.append(notice)


def counts(requests: float, errors: float = 0.0) -> Counts:
    """So many requests, of which some failed."""
    return Counts(errors, durations=(0.0, float(requests), *([0.0] * (len(BOUNDS) - 1))))


def of_kind(heard, kind):
    """The events of a kind."""
    return [each for each in heard if isinstance(each, kind)]


class TestEndpoint:
    """What callers are told."""

    async def test_it_is_not_known_before_the_first_look(self, hosting):
        """A host that has not looked at its figures yet says that it does not know."""
        async with hosting() as host:
            body = await (await host.session.get(SLO)).json()

        assert (body["status"], body["alerts"]) == ("unknown", [])

    async def test_requests_count_and_probes_do_not(self, hosting, talk):
        """Requests of callers count by their outcome and time; probes count nothing."""
        async with hosting() as host, alarms(host.service, every_s=0.01):
            for path in ("/health", "/health/live", "/health/ready"):
                await host.session.get(path)
            for _ in range(3):
                await host.session.post("/chat", json={"message": "hello"})

            async def requests():
                body = await (await host.session.get(SLO)).json()
                return body, body["objectives"][0]["requests"] if body["objectives"] else 0

            await talk.until(lambda: host.service.slo.tally.counts().turns == 3)
            for _ in range(500):
                body, number = await requests()
                if number >= 4:
                    break
        assert body["status"] == "healthy"
        assert [each["name"] for each in body["objectives"]] == ["availability", "latency"]
        assert body["objectives"][0]["actual"] == 1.0
        assert [each["window_s"] for each in body["burn_rates"]] == [
            *(300.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0, 259200.0)
        ]
        assert len(body["alerts"]) == 8
        assert {each["state"] for each in body["alerts"]} == {"inactive"}

    async def test_what_breaks_off_counts_and_what_lasts_does_not(self, hosting, make, talk):
        """A stream that ends with an error is one, and neither a watch nor a WebSocket counts."""

        async def fail(text):
            raise RuntimeError(text)

        brain = make.plugin("brain", "generator", make.generator(fail))
        stream = {"Accept": "text/event-stream"}
        async with hosting(make.lua, make.analyzer, make.router, brain) as host:
            heard = []
            host.service.ion.listen(heard.append)
            asked = {"json": {"user_input": "hello"}, "headers": stream}
            async with host.session.post("/api/v2/process", **asked) as response:
                assert (response.status, b"NO_ANSWER" in await response.read()) == (200, True)
            async with host.session.get("/api/v2/figures/stream") as response:
                await response.content.readline()
                response.close()
            await talk.until(lambda: len(of_kind(heard, RequestCompleted)) == 2)
            counts = host.service.slo.tally.counts()

        broken, watched = of_kind(heard, RequestCompleted)
        assert (broken.failure, broken.outcome, broken.status) == ("NO_ANSWER", 503, 200)
        assert broken.lasted_s >= broken.duration_s
        assert (broken.lasting, watched.lasting) == (False, True)
        assert (counts.requests, counts.errors, counts.unanswered) == (1, 1, 1)
        (failed,) = of_kind(heard, TurnFailed)
        assert failed.persona == "lua"

    def test_what_will_never_happen_has_no_date(self):
        """A budget that lasts longer than there are dates has no end."""
        clock = VirtualClock()
        evaluator = Evaluator(SloSettings(period_days=90), clock)
        evaluator.take(counts(0))
        clock.advance(60)
        evaluator.take(counts(1e15, 1.0))

        assert status_of(evaluator.report()).objectives[0].spent_at is None


async def test_an_alert_is_told_to_plugins_and_the_log(hosting, make, talk):
    """A host whose requests fail tells its notifiers once, and leaves a line in its log."""
    listener, clock = Listener(), VirtualClock()
    plugins = (*make.standard(), make.plugin("bell", "monitor", listener))
    async with hosting(*plugins) as host:
        service = attrs.evolve(host.service, clock=clock)
        tally = service.slo.tally
        async with alarms(service, every_s=0.001):
            await talk.until(lambda: service.slo.report is not None)
            for _ in range(60):
                tally.take(make_failure())
            for _ in range(20):
                clock.advance(5)
                before = service.slo.report
                await talk.until(lambda before=before: service.slo.report is not before)
            await talk.until(lambda: listener.told)

    (notice,) = listener.told
    assert (notice.rule, notice.state, notice.value) == (
        FAST_BURN,
        NoticeState.FIRING,
        pytest.approx(1000),
    )
    (line,) = host.lines("alert")
    assert (line["rule"], line["level"], line["urgency"]) == (FAST_BURN, "error", "page")


def make_failure():
    """A request that failed."""
    return RequestCompleted("POST", "/chat", 500, "r", 1.0, 0.1)


@attrs.define(eq=False)
class Worker:
    """A worker as the supervisor's alarms see it."""

    phase: WorkerPhase = WorkerPhase.SERVING
    figures: Figures = attrs.field(factory=Figures)
    heard: list = attrs.field(factory=list)

    def tell(self, message):
        """Hear a message, as long as it lives."""
        if self.phase is WorkerPhase.DOWN:
            return False
        self.heard.append(unpacked(packed(message)))
        return True

    def ask(self, requests, errors):
        """Have it answer more requests."""
        slo = self.figures.slo
        durations = (0.0, slo.requests + requests, *([0.0] * (len(BOUNDS) - 1)))
        self.figures = Figures(slo=Counts(slo.errors + errors, durations=durations))


class TestWorkers:
    """Alerts of several workers, in the supervisor."""

    @staticmethod
    def outage(*workers, clock, alarms, past=None, seconds=150):
        """Let workers fail every second request for some time; the notices that were sent."""
        for _ in range(seconds // 5):
            clock.advance(5)
            for worker in workers:
                worker.ask(50, 25)
            alarms.look(workers, past or Figures())
        return [message for worker in workers for message in worker.heard]

    def test_a_rule_fires_once_on_the_sum(self):
        """Two workers that fail alike are one alert, told to one of them, with both counted."""
        clock, one, two = VirtualClock(), Worker(), Worker()
        alarms = Alarms(SloSettings(name="ion-1"), clock)
        alarms.look((one, two), Figures())
        (sent,) = self.outage(one, two, clock=clock, alarms=alarms)

        assert (sent.notice.rule, sent.notice.instances) == (FAST_BURN, 2)
        assert sent.notice.value == pytest.approx(500)
        assert alarms.report.objectives[0].requests == 2 * 30 * 50

    def test_what_is_promised_is_read_anew(self, tmp_path):
        """Objectives are those of the settings file as it is when they are asked for."""
        file = tmp_path / "ion.toml"
        file.write_text("[slo]\navailability = 0.9\n", "utf-8")
        with socket.socket() as reserved:
            office = Office(CommandLine(config=file), {}, reserved, insecure=False)
            before = office.promises()
            file.write_text("[slo]\navailability = 0.99\n", "utf-8")

            assert (before.availability, office.promises().availability) == (0.9, 0.99)

    def test_settings_that_were_read_anew(self):
        """Objectives that the supervisor adopts are those of its next report."""
        clock, one = VirtualClock(), Worker()
        alarms = Alarms(SloSettings(availability=0.9), clock)
        alarms.look((one,), Figures())
        alarms.adopt(SloSettings(availability=0.99))
        clock.advance(5)
        alarms.look((one,), Figures())

        assert alarms.report.objectives[0].target == 0.99

    def test_half_of_a_fleet_is_weighed_by_its_requests(self):
        """A worker that fails a little among many requests of others does not alarm by itself."""
        clock, one, two = VirtualClock(), Worker(), Worker()
        alarms = Alarms(SloSettings(), clock)
        alarms.look((one, two), Figures())
        for _ in range(360):
            clock.advance(5)
            one.ask(1, 0.02)
            two.ask(999, 0)
            alarms.look((one, two), Figures())

        assert (one.heard, two.heard) == ([], [])

    def test_the_end_of_a_worker_changes_nothing(self):
        """A worker that is replaced takes no count with it: the alert neither ends nor begins."""
        clock, one, two = VirtualClock(), Worker(), Worker()
        alarms = Alarms(SloSettings(), clock)
        alarms.look((one, two), Figures())
        (sent,) = self.outage(one, two, clock=clock, alarms=alarms)
        alarms.taken(sent.id)
        fresh, past = Worker(), total([one.figures.past()])
        two.heard.clear()
        later = self.outage(fresh, two, clock=clock, alarms=alarms, past=past, seconds=120)

        assert later == []
        assert alarms.report.objectives[0].requests == 2 * (30 + 24) * 50

    def test_what_a_worker_did_not_tell_another_does(self):
        """A notice whose worker dies before it was told goes to one that lives, and to no more."""
        clock, one, two = VirtualClock(), Worker(), Worker()
        alarms = Alarms(SloSettings(), clock)
        alarms.look((one, two), Figures())
        (sent,) = self.outage(one, two, clock=clock, alarms=alarms)
        assert one.heard == [sent]
        one.phase = WorkerPhase.DOWN
        alarms.look((two,), Figures())
        alarms.look((two,), Figures())
        assert two.heard == [sent]
        alarms.taken(sent.id)
        two.phase = WorkerPhase.DOWN
        third = Worker()
        alarms.look((third,), Figures())

        assert third.heard == []

    def test_nobody_there_is_waited_for(self):
        """A notice waits for a worker where none serves, and not too many do."""
        clock, one = VirtualClock(), Worker(phase=WorkerPhase.STARTING)
        alarms = Alarms(SloSettings(repeat_s=60.0), clock)
        alarms.look((one,), Figures())
        assert self.outage(one, clock=clock, alarms=alarms, seconds=7200) == []
        one.phase = WorkerPhase.SERVING
        alarms.look((one,), Figures())

        assert len(one.heard) == MOST_WAITING
        assert one.heard[-1].notice.repeated > 50


def test_messages_carry_notices_and_reports():
    """What supervisor and workers say of alerts comes through as it was."""
    clock = VirtualClock()
    evaluator = Evaluator(SloSettings(), clock)
    evaluator.take(counts(0))
    clock.advance(300)
    evaluator.take(counts(100, 50))
    clock.advance(100)
    (notice,) = evaluator.take(counts(200, 100))
    for message in (
        NoticeSent(id=7, notice=notice),
        NoticeTaken(id=7),
        FleetState(workers=(), slo=evaluator.report(), past=Figures(slo=counts(3, 1))),
    ):
        assert unpacked(packed(message)) == message


def test_links_are_there_where_the_address_is_known():
    """Notices link to dashboard and figures where the settings say how people reach the host."""
    here = origin_of(SloSettings(name="ion-1", url="https://ion.example/"))
    nowhere = origin_of(SloSettings())

    assert here.host == "ion-1"
    assert here.links["slo"] == "https://ion.example/api/v2/slo"
    assert nowhere.host
    assert nowhere.links == {}
