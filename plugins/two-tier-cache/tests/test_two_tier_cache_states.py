"""Whatever the order of calls: the cache beside a plain model of what it should say."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from ion_two_tier_cache.cache import TwoTierCache
from ion_two_tier_cache.filling import PUT_OFF_S
from ion_two_tier_cache.freshness import FreshnessRules
from ion_two_tier_cache.memory import MemoryTier

from ion_framework.pipeline.cache import CachedRefusal, Hit, Miss, Pending, Refused, Stale
from ion_framework.testing import VirtualClock
from ion_framework.testing.contracts.cache import KEY, REPLY

OUTAGE = CachedRefusal("generate", "no_answer", "every generator failed", 5)
REJECTED = attrs.evolve(OUTAGE, repeatable=True)
BLOCKED = CachedRefusal("g", "safety", "not this", repeatable=True)

# Few keys and few instants, so that calls meet each other.
KEYS = tuple(attrs.evolve(KEY, text=text, tags=tags) for text, tags in (("1", ("a",)), ("2", "ab")))
RULES = FreshnessRules(
    stale_while_revalidate_s=20.0,
    stale_if_error_s=40.0,
    refusal_ttl_s=10.0,
    early_refresh_beta=0.0,
    jitter=0.0,
)


@attrs.define(eq=False)
class Held:
    """What the model knows of an entry."""

    body: object
    made_at: float
    fresh_s: float
    later_s: tuple[float, float] = (20.0, 40.0)

    def state(self, now):
        """Its window: 0 fresh, 1 stale, 2 on error, 3 gone."""
        ends = self.made_at + self.fresh_s
        bounds = (ends, ends + self.later_s[0], ends + sum(self.later_s))
        return sum(now >= bound for bound in bounds)


@attrs.define(eq=False)
class Loan:
    """A lease that was handed out: whether it counts, and what there was meanwhile."""

    lease: object
    key: object
    spare: Held | None
    refreshes: bool = False
    out: bool = True
    void: bool = False


class CacheMachine(RuleBasedStateMachine):
    """The cache beside a model of entries, leases and pauses; nobody waits."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = VirtualClock()
        memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=self.clock)
        self.cache = TwoTierCache(memory, self.clock, rules=RULES)
        self.held, self.flights, self.pauses, self.loans = {}, {}, {}, []
        self.stored = 0

    def teardown(self):
        """Close the loop of this run."""
        self.loans.clear()
        self.runner.close()

    def alive(self, key):
        """The model's entry, if it is not gone."""
        held = self.held.get(key)
        return held if held is not None and held.state(self.clock.time()) < 3 else None

    def lend(self, key, lease, spare, *, refreshes=False):
        """Note a lease that was handed out."""
        loan = Loan(lease, key, spare, refreshes)
        self.flights[key] = loan
        self.loans.append(loan)

    @rule(key=st.sampled_from(KEYS))
    def look_up(self, key):
        """A look-up answers what the model says."""
        found = self.runner.run(self.cache.lookup(key))
        held, now = self.alive(key), self.clock.time()
        until, failures = self.pauses.get(key, (0.0, 0))
        busy = key in self.flights
        quiet = busy or now < until
        state = held.state(now) if held is not None else 3
        if held is not None and isinstance(held.body, CachedRefusal):
            assert found == Refused(held.body, now - held.made_at)
        elif state == 0:
            assert found == Hit(held.body, now - held.made_at)
        elif (state == 1 and quiet) or (state == 2 and quiet and failures):
            assert found == Stale(held.body, now - held.made_at)
        elif state == 1:
            assert (type(found), found.reply, found.refresh is None) == (Stale, held.body, False)
            self.lend(key, found.refresh, held, refreshes=True)
        elif busy:
            assert isinstance(found, Pending)
        else:
            assert isinstance(found, Miss)
            spare = None if held is None else Stale(held.body, now - held.made_at)
            assert found.spare == spare
            self.lend(key, found.lease, held)

    def end(self, data):
        """A lease that ends now, and whether that counts."""
        loan = data.draw(st.sampled_from(self.loans[-2:]))
        counts, loan.out = loan.out, False
        if counts and not loan.void:
            del self.flights[loan.key]
        return loan, counts

    def failed(self, loan):
        """The model of a pause after a failure."""
        if loan.spare is not None:
            failures = self.pauses.get(loan.key, (0.0, 0))[1] + 1
            pause_s = min(2.0 ** (failures - 1), 30.0)
            self.pauses[loan.key] = (self.clock.monotonic() + pause_s, failures)

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), ttl_s=st.sampled_from((10.0, 0.0)))
    def store(self, data, ttl_s):
        """The first call of a lease that is not void stores."""
        loan, counts = self.end(data)
        self.stored += 1
        reply = attrs.evolve(REPLY, content=f"reply {self.stored}")
        self.runner.run(loan.lease.store(reply, ttl_s))
        if counts:
            self.pauses.pop(loan.key, None)
        if counts and not loan.void and ttl_s > 0:
            self.held[loan.key] = Held(reply, self.clock.time(), ttl_s)

    @precondition(lambda self: self.loans)
    @rule(data=st.data())
    def share(self, data):
        """What is shared is not kept, and is a failure of a refreshment."""
        loan, counts = self.end(data)
        self.runner.run(loan.lease.share(attrs.evolve(REPLY, degraded="a stand-in")))
        if counts:
            self.failed(loan)

    @precondition(lambda self: self.loans)
    @rule(data=st.data(), refusal=st.sampled_from((OUTAGE, REJECTED, BLOCKED)))
    def refuse(self, data, refusal):
        """A refusal is kept where it would be repeated and no old answer can stand in for it."""
        loan, counts = self.end(data)
        self.runner.run(loan.lease.refuse(refusal))
        if not counts:
            return
        self.failed(loan)
        spared = loan.spare is not None and loan.spare.state(self.clock.time()) < 3
        if refusal.repeatable and not loan.void and not (spared and refusal is REJECTED):
            self.held[loan.key] = Held(refusal, self.clock.time(), 10.0, (0.0, 0.0))

    @precondition(lambda self: self.loans)
    @rule(data=st.data())
    def release(self, data):
        """A released lease leaves everything as it was; one to refresh is put off for a second."""
        loan, counts = self.end(data)
        self.runner.run(loan.lease.release())
        if counts and loan.refreshes:
            _, failures = self.pauses.get(loan.key, (0.0, 0))
            self.pauses[loan.key] = (self.clock.monotonic() + PUT_OFF_S, failures)

    @rule(by=st.sampled_from((0.5, 10.0, 20.0)))
    def wait(self, by):
        """Time passes."""
        self.clock.advance(by)

    @rule(tag=st.sampled_from("abc"))
    def invalidate(self, tag):
        """An invalidation drops what carries the tag, and voids what is being made for it."""
        keys = [key for key in KEYS if tag in key.tags]
        expected = sum(self.alive(key) is not None for key in keys)
        assert self.runner.run(self.cache.invalidate(tag)) == expected
        for key in keys:
            self.forget(key)

    @rule()
    def clear(self):
        """A clear drops everything."""
        expected = sum(self.alive(key) is not None for key in KEYS)
        assert self.runner.run(self.cache.clear()) == expected
        for key in KEYS:
            self.forget(key)
        self.pauses.clear()

    def forget(self, key):
        """Drop an entry from the model, and void the lease that is out for it."""
        self.held.pop(key, None)
        if key in self.flights:
            self.flights.pop(key).void = True

    @invariant()
    def as_many_flights_as_the_model_has(self):
        """No flight is left over, and none is missing."""
        assert len(self.cache._flights) == len(self.flights)


@attrs.define(eq=False)
class Group:
    """The model of a flight: who leads, who waits, how often it was refused."""

    leader: int
    waiting: list[int] = attrs.field(factory=list)
    refusals: int = 0
    void: bool = False


class FlightMachine(RuleBasedStateMachine):
    """Turns that ask the same, beside a model of who leads and who waits."""

    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner()
        clock = VirtualClock()
        memory = MemoryTier(max_entries=100, max_bytes=1 << 20, clock=clock)
        self.cache = TwoTierCache(memory, clock, rules=RULES)
        self.tasks, self.told, self.groups = [], [], []
        self.current = self.entry = None
        self.answers = 0

    def teardown(self):
        """Close the loop of this run."""
        self.tasks.clear()
        self.runner.close()

    def run(self, *work):
        """Do something in one step of the loop, then let everybody go on as far as they can."""

        async def steps():
            for step in work:
                result = step()
                if asyncio.iscoroutine(result):
                    await result
            for _ in range(20):
                await asyncio.sleep(0)

        self.runner.run(steps())

    async def turn(self):
        """A turn: what it gets, after waiting."""
        found = await self.cache.lookup(KEY)
        return await found.flight.wait() if isinstance(found, Pending) else found

    def ask_model(self, turn):
        """What the model tells a turn that asks now."""
        if self.entry is not None:
            self.told[turn] = self.entry
        elif self.current is not None:
            self.current.waiting.append(turn)
        else:
            self.current = Group(turn)
            self.groups.append(self.current)
            self.told[turn] = "lead"

    def end_group(self, group, told):
        """The model's flight is over, and all who wait are told."""
        self.groups.remove(group)
        if self.current is group:
            self.current = None
        for turn in group.waiting:
            if told is None:
                self.ask_model(turn)
            else:
                self.told[turn] = told

    def hand_on(self, group):
        """The model's leader has left."""
        if group.waiting and not group.void:
            group.leader = group.waiting.pop(0)
            self.told[group.leader] = "lead"
        else:
            self.end_group(group, None)

    @rule()
    def ask(self):
        """A turn asks."""
        self.run(lambda: self.tasks.append(self.runner.get_loop().create_task(self.turn())))
        self.told.append(None)
        self.ask_model(len(self.tasks) - 1)

    def lead(self, data):
        """A group of the model, and the lease of its leader."""
        group = data.draw(st.sampled_from(self.groups))
        return group, self.tasks[group.leader].result().lease

    @precondition(lambda self: self.groups)
    @rule(data=st.data(), kept=st.booleans())
    def answer(self, data, kept):
        """A leader's answer goes to all who wait, and is kept unless it is void."""
        group, lease = self.lead(data)
        self.answers += 1
        reply = attrs.evolve(REPLY, content=f"answer {self.answers}")
        self.run(lambda: lease.store(reply, 100.0) if kept else lease.share(reply))
        if kept and not group.void:
            self.entry = reply
        self.end_group(group, reply)

    @precondition(lambda self: self.groups)
    @rule(data=st.data())
    def refuse(self, data):
        """After a first refusal the next tries, after a second all are refused."""
        group, lease = self.lead(data)
        self.run(lambda: lease.refuse(OUTAGE))
        group.refusals += 1
        if group.refusals >= 2:
            self.end_group(group, OUTAGE)
        else:
            self.hand_on(group)

    @precondition(lambda self: self.groups)
    @rule(data=st.data(), vanishes=st.booleans())
    def leave(self, data, vanishes):
        """A leader leaves, with a word or without."""
        group, lease = self.lead(data)
        if vanishes:
            self.tasks[group.leader] = None
            del lease
            self.run()
        else:
            self.run(lease.release)
        self.told[group.leader] = "gone"
        self.hand_on(group)

    @precondition(lambda self: any(group.waiting for group in self.groups))
    @rule(data=st.data(), offered=st.booleans())
    def cancel(self, data, offered):
        """One who waits leaves, perhaps in the very step in which it is offered the lead."""
        group = data.draw(st.sampled_from([group for group in self.groups if group.waiting]))
        turn = group.waiting[0] if offered else data.draw(st.sampled_from(group.waiting))
        lease = self.tasks[group.leader].result().lease
        steps = (lease.release,) if offered else ()
        self.run(*steps, self.tasks[turn].cancel)
        self.told[turn] = "cancelled"
        group.waiting.remove(turn)
        if offered:
            self.told[group.leader] = "gone"
            self.hand_on(group)

    @rule(everything=st.booleans())
    def invalidate(self, everything):
        """What is being made is void, and what was kept is gone."""
        self.run(lambda: self.cache.clear() if everything else self.cache.invalidate("tenant:t"))
        self.entry = None
        if self.current is not None:
            self.current.void, self.current = True, None

    @invariant()
    def everybody_was_told_what_the_model_says(self):
        """Each turn has what the model says, or waits where the model has it waiting."""
        for task, told in zip(self.tasks, self.told, strict=True):
            if told in ("gone", None) or task is None:
                assert told == "gone" or not task.done()
            elif told == "cancelled":
                assert task.cancelled()
            elif told == "lead":
                assert isinstance(task.result(), Miss)
            elif told is OUTAGE:
                assert task.result() == Refused(OUTAGE, 0.0)
            else:
                assert task.result() == Hit(told, 0.0)

    @invariant()
    def nobody_is_left_over(self):
        """As many wait, and as much is being made, as in the model."""
        assert len(self.cache._flights) == (self.current is not None)
        waiting = 0 if self.current is None else len(self.current.waiting)
        assert self.cache.stats().tiers["flights"]["waiting"] == waiting


@pytest.mark.parametrize("examples", [100, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("machine", [CacheMachine, FlightMachine])
def test_the_cache_does_what_its_model_does(machine, examples):
    """Over any sequence of calls the cache and its model agree."""
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=50, deadline=None),
    )
