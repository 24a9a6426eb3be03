"""The expiry queue hands out what has expired, in order, and stays bounded."""

from __future__ import annotations

import random

from ion_two_tier_cache.expiry import Deadline, ExpiryQueue


def make_queue():
    """A queue, and the set of deadlines that count as live."""
    live = set()
    return ExpiryQueue(live.__contains__), live


def add(queue, live, *deadlines):
    """Add deadlines and count them as live."""
    for deadline in deadlines:
        live.add(deadline)
        queue.add(deadline)


def test_deadlines_come_out_earliest_first_once_they_have_passed():
    """Deadlines come out by time, then by age, and none before its time."""
    queue, live = make_queue()
    late, tie, first = Deadline(9.0, 1, "a"), Deadline(5.0, 3, "b"), Deadline(5.0, 2, "c")
    add(queue, live, late, tie, first)

    assert [queue.pop_expired(5.0) for _ in range(3)] == [first, tie, None]
    assert queue.pop_expired(9.0) == late


def test_a_dropped_entry_is_skipped():
    """The deadline of an entry that was dropped does not come out."""
    queue, live = make_queue()
    dropped, kept = Deadline(1.0, 1, "a"), Deadline(2.0, 2, "b")
    add(queue, live, dropped, kept)
    live.remove(dropped)
    queue.leave_behind()

    assert [queue.pop_expired(2.0), queue.pop_expired(2.0)] == [kept, None]


def test_what_is_left_behind_is_bounded():
    """Ten thousand stores of one digest leave no more than the slack behind."""
    queue, live = make_queue()
    longest = 0
    for serial in range(10_000):
        if live:
            live.clear()
            queue.leave_behind()
        add(queue, live, Deadline(serial + 100.0, serial, "a"))
        longest = max(longest, len(queue))

    assert longest <= ExpiryQueue.SLACK + 2
    assert queue.pop_expired(1e9) == Deadline(10_099.0, 9999, "a")


def test_the_order_survives_tidying_up():
    """What is still live comes out in order after most deadlines were left behind."""
    queue, live = make_queue()
    choose = random.Random(7)  # noqa: S311  an order for a test, the same in every run
    deadlines = [Deadline(float(at), at, str(at)) for at in range(1000)]
    add(queue, live, *choose.sample(deadlines, 1000))
    dropped = set(choose.sample(deadlines, 900))
    for deadline in dropped:
        live.remove(deadline)
        queue.leave_behind()
    expected = [deadline for deadline in deadlines if deadline not in dropped]

    assert len(queue) < 300
    assert [queue.pop_expired(1e9) for _ in range(101)] == [*expected, None]


def test_tidying_up_is_cheap_on_average():
    """Over ten thousand drops each deadline is looked at a few times, not once per drop."""
    looks = 0
    live = set()

    def is_live(deadline):
        nonlocal looks
        looks += 1
        return deadline in live

    queue = ExpiryQueue(is_live)
    add(queue, live, *(Deadline(1e9, serial, "kept") for serial in range(1000)))
    for serial in range(5000):
        queue.add(Deadline(float(serial), serial, "dropped and passed"))
        queue.leave_behind()
        queue.pop_expired(float(serial))

    assert looks == 5000  # what comes up by itself is not tidied up as well

    for serial in range(5000):
        queue.add(Deadline(2e9, serial, "dropped"))
        queue.leave_behind()

    assert looks <= 30_000
