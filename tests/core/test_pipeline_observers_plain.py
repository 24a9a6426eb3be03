"""Observers that are plain functions: told together, outside of any task, and contained."""

import asyncio
from contextvars import ContextVar

import attrs
import pytest

from ion_framework.pipeline.bulkhead import Bulkhead
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.events import RequestCompleted
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.markers import hookimpl
from ion_framework.pipeline.observers import QUEUE_SIZE, Observers, ObserverStats, close_lanes
from ion_framework.plugin_host.record import Status
from ion_framework.testing import VirtualClock, run_virtual
from tests.support.observing import observing

EVENT = RequestCompleted("GET", "/", 200, "id", 0.0, 0.0)


class Hanging:
    """Comes to no end."""

    @hookimpl
    async def ion_observe(self, event):
        """Hang."""
        await asyncio.sleep(3600)


async def _fail(_):
    raise ValueError("no")


class Plain:
    """Does what a function does, in a plain function, at every event of a request."""

    def __init__(self, function=lambda _: None):
        self.function = function
        self.seen = []

    @hookimpl
    def ion_observe(self, event):
        """See the event, and do what the function does."""
        if isinstance(event, RequestCompleted):
            self.seen.append(event.request_id)
            return self.function(event)
        return None


def told(number):
    """An event of its own."""
    return RequestCompleted("GET", "/", 200, f"r-{number}", 0.0, 0.0)


def trusted(observer, **changes):
    """An implementation without a bulkhead, as those of ION's own plugins."""
    return Implementation("ion_observe", "p", "d", "1", observer.ion_observe, ("event",), **changes)


def test_plain_functions_hear_of_everything_in_order_with_the_next_turn_of_the_loop():
    """Nothing is told within the turn, and with the next turn of the loop all is, in its order."""
    first, second, slow = Plain(), Plain(), Hanging()

    async def main(ion):
        for number in range(5):
            ion.emit(told(number))
        before = list(first.seen)
        await asyncio.sleep(0)
        return before

    assert [] == observing(main, first, slow, second)
    assert [f"r-{number}" for number in range(5)] == first.seen == second.seen


def test_a_plain_function_hears_of_all_before_the_next_one_does():
    """Of events that came together one observer is told after the other, not event by event."""
    heard = []
    first, second = (Plain(lambda event, n=n: heard.append((n, event.request_id))) for n in "ab")

    async def main(ion):
        for number in range(2):
            ion.emit(told(number))
        await asyncio.sleep(0)

    observing(main, first, second)

    assert [("a", "r-0"), ("a", "r-1"), ("b", "r-0"), ("b", "r-1")] == heard


def test_of_plain_functions_too_a_thousand_events_wait_at_most():
    """What comes on top before the loop turns is dropped and counted."""
    plain = Plain()

    async def main(ion):
        for _ in range(QUEUE_SIZE + 250):
            ion.emit(EVENT)
        full = ion.observer_stats()["o0"]
        await asyncio.sleep(0)
        return full, ion.observer_stats()["o0"]

    assert (
        ObserverStats(0, 250, 0, waiting=QUEUE_SIZE),
        ObserverStats(QUEUE_SIZE, 250, 0),
    ) == observing(main, plain)


@pytest.mark.parametrize("error", [ValueError, SystemExit, asyncio.CancelledError])
def test_a_plain_function_that_fails_is_counted_and_quarantined(error):
    """Whatever it raises, the fifth time within a minute ends it, and another hears of all."""

    def fail(_):
        raise error("no")

    bad, good = Plain(fail), Plain()

    async def main(ion):
        for number in range(8):
            ion.emit(told(number))
        await asyncio.sleep(1)
        return ion.observer_stats()["o0"], ion.host.record("o0").status

    stats, status = observing(main, bad, good)

    # The news of its own quarantine is dropped as well.
    assert (ObserverStats(0, 4, 5), Status.QUARANTINED) == (stats, status)
    assert (5, 8) == (len(bad.seen), len(good.seen))


class Unbound:
    """An object that nobody can look at."""

    @property
    def __class__(self):
        """Not to be had."""
        raise RuntimeError("unbound")


class WithoutNotesError(Exception):
    """An error that nothing can be added to."""

    def add_note(self, note):
        """Refuse it."""
        raise RuntimeError(note)


def _without_notes(_):
    raise WithoutNotesError


@pytest.mark.parametrize("odd", [lambda _: Unbound(), _without_notes])
def test_an_observer_that_cannot_even_be_looked_at_takes_nothing_from_the_others(odd):
    """What an odd answer or error does where it is handled is its failure; another hears of all."""
    bad, good = Plain(odd), Plain()

    async def main(ion):
        for number in range(4):
            ion.emit(told(number))
        await asyncio.sleep(0)
        return ion.observer_stats()["o0"]

    assert ObserverStats(0, 0, 4) == observing(main, bad, good)
    assert 4 == len(good.seen)


def test_after_its_quarantine_a_plain_function_is_tried_again():
    """One event tries it; when that goes well it hears of the rest."""
    clock, bad = VirtualClock(), Plain(lambda _: 1 / 0)

    async def main(ion):
        for number in range(5):
            ion.emit(told(number))
        await asyncio.sleep(0)
        clock.advance(61)
        bad.function = lambda _: None
        for number in range(3):
            ion.emit(told(number))
        await asyncio.sleep(0)
        return ion.host.record("o0").status

    assert Status.ACTIVE is observing(main, bad, clock=clock)
    assert 8 == len(bad.seen)


def test_what_a_plain_function_gives_to_be_awaited_is_awaited():
    """A plain function that returns a coroutine is told of all, one after the other."""
    done = []

    async def later(event):
        await asyncio.sleep(1)
        done.append(event.request_id)

    async def main(ion):
        for number in range(3):
            ion.emit(told(number))
        await asyncio.sleep(2.5)
        half = list(done)
        await asyncio.sleep(2)
        return half, ion.observer_stats()["o0"]

    half, stats = observing(main, Plain(later))

    assert (["r-0", "r-1"], ["r-0", "r-1", "r-2"]) == (half, done)
    assert ObserverStats(3, 0, 0) == stats


def test_an_awaitable_of_a_plain_function_that_fails_counts_as_its_failure():
    """What comes of the coroutine is what came of the event."""

    async def main(ion):
        ion.emit(EVENT)
        await asyncio.sleep(1)
        return ion.observer_stats()["o0"]

    assert ObserverStats(0, 0, 1) == observing(main, Plain(_fail))


def test_observers_do_not_see_what_a_turn_has_set():
    """A context variable that is set where something happens has its default in an observer."""
    said = ContextVar("said", default="nothing")
    seen = []

    async def main(ion):
        said.set("in confidence")
        ion.emit(EVENT)
        await asyncio.sleep(0)

    observing(main, Plain(lambda _: seen.append(said.get())))

    assert ["nothing"] == seen


def test_an_observer_that_tells_of_something_itself_does_not_hold_the_loop():
    """What an observer emits is told with the turn of the loop after that."""

    async def main(ion):
        echo.function = ion.emit
        ion.emit(EVENT)
        for _ in range(20):
            await asyncio.sleep(0)
        echo.function = lambda _: None
        return len(echo.seen)

    echo = Plain()

    assert 20 == observing(main, echo)


def test_observers_that_go_hear_of_what_was_due():
    """Whoever is taken out is told what happened before, and nothing that happens after."""
    gone, stays = Plain(), Plain()
    both = [trusted(gone), attrs.evolve(trusted(stays), plugin="q")]

    async def run():
        observers = Observers()
        observers.take(both)
        observers.start()
        observers.emit(told(1))
        lanes = observers.take(both[1:])
        observers.emit(told(2))
        await close_lanes(lanes, 1)
        await observers.close(1)
        return observers.stats()

    assert {"q": ObserverStats(2)} == run_virtual(run())
    assert (["r-1"], ["r-1", "r-2"]) == (gone.seen, stays.seen)


def test_a_plain_function_for_which_there_is_no_place_is_not_called():
    """While calls that run take all places of its plugin, events are dropped and counted."""
    plain, bulkhead = Plain(), Bulkhead(places=1)
    item = trusted(plain, containment=Containment(bulkhead))

    async def run():
        observers = Observers()
        observers.take([item])
        observers.start()
        place = bulkhead.enter("ion_generate", "p")
        observers.emit(told(1))
        await asyncio.sleep(0)
        place.leave()
        observers.emit(told(2))
        await asyncio.sleep(0)
        await observers.close(1)
        return observers.stats()["p"]

    assert ObserverStats(1, 1, 0) == run_virtual(run())
    assert (["r-2"], 0, 1) == (plain.seen, bulkhead.running, bulkhead.refused)
