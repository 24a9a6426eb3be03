"""Bursts, overload and slow models at the door, in a time in which only work takes time."""

from __future__ import annotations

import asyncio
from collections import Counter

import attrs
import pytest
from ion_host_aiohttp.errors.failure import RequestFailed
from ion_host_aiohttp.run.admission import Admission, AdmissionLimits
from ion_host_aiohttp.run.pacing import LONGEST_S, PATIENT_S, ROUNDS, Pacing
from ion_host_aiohttp.run.standing import (
    AGAIN_S,
    INTERVAL_S,
    MEMORY_S,
    TARGET_S,
    StandingQueue,
)

from ion_framework.testing import VirtualTimeLoop

STEPS, STEP_S = 20, 0.0001
CAPACITY = 1 / (STEPS * STEP_S)


class WorkingLoop(VirtualTimeLoop):
    """A loop whose time passes by what is done in it, as a processor's does."""

    def __init__(self):
        super().__init__()
        self._worked_s = 0.0

    def time(self):
        """Seconds slept and worked."""
        return super().time() + self._worked_s

    monotonic = time

    def work(self, seconds):
        """Be busy."""
        self._worked_s += seconds


@attrs.define
class Told:
    """What became of one request."""

    came_s: float
    took_s: float
    status: int


class Simulation:
    """A host's door, before turns of two milliseconds in twenty steps.

    Args:
        model_s: seconds that each turn waits for a model between its steps.
        refusal_s: what it costs to refuse a request.
        limits: of the door.
    """

    def __init__(self, model_s=0.0, refusal_s=0.0001, **limits):
        self.loop = asyncio.get_running_loop()
        self.door = Admission(AdmissionLimits(**limits), self.loop)
        self.told = []
        self._model_s = model_s
        self._refusal_s = refusal_s
        self._tasks = []

    def come(self, number=1):
        """So many requests arrive at one instant."""
        self._tasks += [asyncio.create_task(self.request()) for _ in range(number)]

    async def load(self, times, seconds):
        """Requests come evenly, at this many times what can be worked off."""
        began = self.loop.time()
        for number in range(round(times * CAPACITY * seconds)):
            due = began + number / (times * CAPACITY)
            if due > self.loop.time():
                await asyncio.sleep(due - self.loop.time())
            self.come()

    async def ended(self):
        """Everything that came has its answer."""
        await asyncio.gather(*self._tasks)
        return Counter(each.status for each in self.told)

    async def request(self):
        """One request, from its arrival to its answer."""
        came = self.loop.time()
        status = await self._answered()
        self.told.append(Told(came, self.loop.time() - came, status))

    async def _answered(self):
        if not self.door.lets_in:
            self.loop.work(self._refusal_s)
            self.door.count_shed()
            return 503
        turn = self.loop.create_future()
        self.door.pacing.arrive(lambda _, in_vain: turn.set_result(in_vain), self.loop)
        if await turn:
            self.door.count_shed()
            return 503
        try:
            async with self.door.place(sheddable=True):
                for step in range(STEPS):
                    self.loop.work(STEP_S)
                    await asyncio.sleep(self._model_s if step == STEPS // 2 else 0)
        except RequestFailed as error:
            return error.failure.status.value
        return 200


def run(main):
    """Run in working time."""
    with asyncio.Runner(loop_factory=WorkingLoop) as runner:
        return runner.run(main)


@pytest.mark.parametrize("number", [100, 256, 400, 512])
def test_bursts_are_answered(number):
    """However many come at one instant, as long as there is room for them all are answered."""

    async def play():
        door = Simulation()
        door.come(number)
        assert await door.ended() == {200: number}
        assert not door.door.overloaded
        assert max(each.took_s for each in door.told) < 1.1 * number / CAPACITY

    run(play())


def test_burst_after_burst():
    """Bursts that are each worked off before the next one are answered, all of them."""

    async def play():
        door = Simulation()
        for _ in range(20):
            door.come(300)
            await asyncio.sleep(1.0)
        assert await door.ended() == {200: 6000}

    run(play())


def test_more_than_there_is_room_for():
    """Of a burst beyond places and queue just what is beyond is refused."""

    async def play():
        door = Simulation()
        door.come(600)
        assert await door.ended() == {200: 512, 503: 88}

    run(play())


def test_a_load_that_can_be_borne():
    """At 95 % of what can be worked off nothing is refused, and nobody waits for long."""

    async def play():
        door = Simulation()
        await door.load(0.95, 30)
        assert set(await door.ended()) == {200}
        assert max(each.took_s for each in door.told) < TARGET_S

    run(play())


def test_twice_the_load():
    """Under twice the load nine tenths of the capacity are answered, soon, and the rest refused."""

    async def play():
        door = Simulation()
        await door.load(2.0, 60)
        counted = await door.ended()
        assert counted[200] >= 0.9 * 60 * CAPACITY
        late = [each for each in door.told if each.came_s > 4 * INTERVAL_S]
        assert max(each.took_s for each in late if each.status == 200) < 2 * PATIENT_S
        assert max(each.took_s for each in door.told if each.status == 503) < TARGET_S
        assert door.door.overloaded

    run(play())


@pytest.mark.parametrize("stall_s", [0.0, 1.5])
def test_patient_clients_are_no_overload(stall_s):
    """Clients who ask again when they have their answer are all served, also after a stall."""

    async def play():
        door, ends = Simulation(), 6.0
        door.loop.call_later(2.0, door.loop.work, stall_s)
        await asyncio.gather(*(client(door, ends) for _ in range(64)))
        counted = Counter(each.status for each in door.told)
        assert counted[503] == 0
        assert counted[200] >= 0.95 * (ends - stall_s) * CAPACITY
        assert not door.door.overloaded

    async def client(door, ends):
        while door.loop.time() < ends:
            await door.request()

    run(play())


def test_recovery():
    """As soon as load can be borne again everything is answered."""

    async def play():
        door = Simulation()
        await door.load(2.0, 10)
        ended = asyncio.get_running_loop().time()
        await door.load(0.5, 10)
        assert (await door.ended())[503] > 0
        last = max(each.came_s for each in door.told if each.status == 503)
        assert last - ended < 0.5
        assert not door.door.overloaded

    run(play())


def test_slow_models_are_no_overload():
    """Requests that wait for a model take places, and nothing of the time of others."""

    async def play():
        door = Simulation(model_s=30.0)
        door.come(256)
        await asyncio.sleep(1.0)
        assert door.door.in_flight == 256
        assert not door.door.overloaded
        assert await door.ended() == {200: 256}
        assert max(each.took_s for each in door.told) < 31.5

    run(play())


def test_slow_models_after_a_burst():
    """What a burst has cost takes no place from requests that wait for a model after it."""

    async def play():
        door = Simulation()
        door.come(400)
        await door.ended()
        slow = Simulation(model_s=5.0)
        slow.door = door.door
        slow.come(256)
        await asyncio.sleep(1.0)
        assert slow.door.in_flight == 256
        await slow.ended()

    run(play())


def test_more_than_models_can_bear():
    """Where all places wait for models newcomers are refused at once, not after a wait."""

    async def play():
        door = Simulation(model_s=1.0, in_flight=20, queue=20)
        for _ in range(20 * 40):
            door.come()
            await asyncio.sleep(0.025)
        counted = await door.ended()
        assert counted[200] > 0.85 * 20 * 20
        refused = sorted(each.took_s for each in door.told if each.status == 503)
        assert refused[int(0.9 * len(refused))] < 0.01

    run(play())


def test_a_caller_who_leaves_takes_no_turn():
    """Whoever has gone before its turn is passed over."""

    async def play():
        loop = asyncio.get_running_loop()
        pacing, begun = Pacing(), []
        arrivals = [pacing.arrive(lambda *_, name=name: begun.append(name), loop) for name in "abc"]
        assert arrivals[0] is None
        pacing.leave(arrivals[1])
        assert pacing.waiting == 1
        for _ in range(3 * ROUNDS):
            await asyncio.sleep(0)
        assert begun == ["a", "c"]
        assert pacing.waiting == 0

    run(play())


def test_waited_in_vain():
    """Whoever has waited for longer than anybody may is told so when its turn comes."""

    async def play():
        loop = asyncio.get_running_loop()
        pacing, told = Pacing(queue_s=1.0), []
        for _ in range(100):
            pacing.arrive(lambda _, in_vain: told.append(in_vain), loop)
        loop.work(5.0)
        for _ in range(3 * ROUNDS):
            await asyncio.sleep(0)
        assert told[:3] == [False, True, True]

    run(play())


def test_one_stall_says_nothing_of_the_next_round():
    """After a loop that hung a burst is let in all the same."""

    async def play():
        loop = asyncio.get_running_loop()
        pacing = Pacing()
        for _ in range(2):
            pacing.arrive(lambda *_: None, loop)
        loop.work(100 * LONGEST_S)
        for _ in range(3 * ROUNDS):
            await asyncio.sleep(0)
        let_in = 0
        for _ in range(300):
            let_in += pacing.admits
            pacing.arrive(lambda *_: None, loop)
        assert let_in == 300

    run(play())


class TestStandingQueue:
    """The difference between a burst and overload."""

    def test_a_wait_that_comes_down_is_none(self):
        """One short wait within the interval shows that the queue is worked off."""
        queue = StandingQueue()
        for number in range(100):
            waited_s = 0.0 if number % 9 == 8 else 10 * TARGET_S
            queue.left(waited_s, number * INTERVAL_S / 10)
            assert not queue.is_standing

    def test_a_wait_that_stays(self):
        """A queue in which everybody waits for longer than the target, for an interval, stands."""
        queue = StandingQueue()
        queue.left(2 * TARGET_S, 10.0)
        queue.left(2 * TARGET_S, 10.0 + 0.9 * INTERVAL_S)
        before = queue.is_standing
        queue.left(2 * TARGET_S, 10.0 + INTERVAL_S)
        assert (before, queue.is_standing) == (False, True)

    def test_it_ends_when_nobody_waits(self):
        """Only a queue that has run dry stands no longer."""
        queue = StandingQueue(interval_s=0.0)
        queue.left(2 * TARGET_S, 1.0)
        queue.left(2 * TARGET_S, 1.0)
        queue.left(0.0, 1.0)
        before = queue.is_standing
        queue.ran_dry()
        assert (before, queue.is_standing) == (True, False)

    @pytest.mark.parametrize(("later_s", "stands"), [(0.0, True), (2 * MEMORY_S, False)])
    def test_it_comes_back_sooner(self, later_s, stands):
        """Shortly after it has been standing a queue is watched for a shorter time."""
        queue = StandingQueue()
        for now in (1.0, 1.0 + INTERVAL_S, 1.1 + INTERVAL_S):
            queue.left(2 * TARGET_S, now)
        queue.ran_dry()
        now = 1.2 + INTERVAL_S + later_s
        queue.left(2 * TARGET_S, now)
        queue.left(2 * TARGET_S, now + 1.1 * AGAIN_S)
        assert queue.is_standing is stands
