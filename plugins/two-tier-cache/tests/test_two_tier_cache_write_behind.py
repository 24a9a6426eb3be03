"""Writes wait in a bounded queue, and nobody waits for them."""

from __future__ import annotations

import asyncio

from ion_two_tier_cache.redis_errors import RedisTroubleError, Trouble
from ion_two_tier_cache.write_behind import Write, WriteBehind

from ion_framework.testing import run_virtual


class Link:
    """Takes the place of Redis: writes after some time, or not at all."""

    def __init__(self, takes_s=1.0, error=None):
        self.batches = []
        self._takes_s = takes_s
        self._error = error

    async def write(self, commands):
        """Write some commands; the result of each is the command itself."""
        await asyncio.sleep(self._takes_s)
        if self._error is not None:
            raise self._error
        self.batches.append(len(commands))
        return list(commands)


def make_write(number, ended, size=10):
    """A write of two commands that says how it ended."""
    return Write(
        (("SET", number), ("DEL", number)), size, lambda results: ended.append((number, results))
    )


def test_writes_are_bounded_in_number_and_bytes():
    """What exceeds the queue in number or bytes is refused, and its end is not called."""

    async def main():
        ended = []
        by_number = WriteBehind(Link(), most=5, most_bytes=10_000)
        by_bytes = WriteBehind(Link(), most=100, most_bytes=35)
        return (
            [by_number.offer(make_write(n, ended)) for n in range(7)],
            [by_bytes.offer(make_write(n, ended)) for n in range(7)],
            (by_number.waiting, by_bytes.waiting_bytes),
            ended,
        )

    numbers, sizes, waiting, ended = run_virtual(main())

    assert numbers == [True] * 5 + [False] * 2
    assert sizes == [True] * 3 + [False] * 4
    assert waiting == (5, 30)
    assert ended == []


def test_writes_travel_together_and_learn_their_own_results():
    """Many writes go out in one round trip, in order, and each is told what came of it."""

    async def main():
        ended, link = [], Link()
        writer = WriteBehind(link, most=100, most_bytes=10_000)
        writer.start()
        for number in range(40):
            writer.offer(make_write(number, ended))
        await asyncio.sleep(1.5)
        await writer.close(1.0)
        return ended, link, writer

    ended, link, writer = run_virtual(main())

    assert ended == [(n, [("SET", n), ("DEL", n)]) for n in range(40)]
    assert link.batches == [80]
    assert (writer.waiting, writer.waiting_bytes) == (0, 0)


def test_a_batch_is_bounded_in_bytes():
    """Large writes are spread over several round trips."""

    async def main():
        ended, link = [], Link()
        writer = WriteBehind(link, most=100, most_bytes=1 << 30)
        writer.start()
        for number in range(4):
            writer.offer(make_write(number, ended, size=600_000))
        await asyncio.sleep(10)
        await writer.close(1.0)
        return link

    assert run_virtual(main()).batches == [2, 2, 2, 2]


def test_what_redis_does_not_take_is_given_up():
    """A failed batch is not tried again; its writes learn it, and the next ones are tried."""

    async def main():
        ended = []
        writer = WriteBehind(
            Link(error=RedisTroubleError(Trouble.TIMEOUT)), most=9, most_bytes=10_000
        )
        writer.start()
        writer.offer(make_write(1, ended))
        await asyncio.sleep(2)
        writer.offer(make_write(2, ended))
        await asyncio.sleep(2)
        await writer.close(1.0)
        return ended

    assert run_virtual(main()) == [(1, None), (2, None)]


async def closed_over_a_slow_link(link):
    """What two hundred writes learn of a writer closed at work, its time, and a later offer."""
    ended = []
    writer = WriteBehind(link, most=500, most_bytes=10_000)
    writer.start()
    for number in range(200):
        writer.offer(make_write(number, ended))
    await asyncio.sleep(0.1)
    begun = asyncio.get_running_loop().time()
    await writer.close(1.0)
    took = asyncio.get_running_loop().time() - begun
    return ended, took, writer.offer(make_write(200, ended))


def test_closing_is_bounded_in_time():
    """Closing writes what it can in its time; what is left learns that it was not written."""
    ended, took, _ = run_virtual(closed_over_a_slow_link(Link(takes_s=60)))

    assert sorted(number for number, _ in ended) == list(range(200))
    assert {results for _, results in ended} == {None}
    assert took <= 1.5


class DeafLink(Link):
    """Swallows the first cancellation, as `asyncio.wait_for` may."""

    async def write(self, commands):
        """Write some commands, in spite of one cancellation."""
        try:
            return await super().write(commands)
        except asyncio.CancelledError:
            return await super().write(commands)


def test_a_swallowed_cancellation_does_not_stop_closing():
    """Closing ends although the client swallows a cancellation, and every write learns its end."""
    ended, took, taken = run_virtual(closed_over_a_slow_link(DeafLink(takes_s=60)))

    assert sorted(number for number, _ in ended) == list(range(200))
    assert took < 5
    assert taken is False


def test_closing_writes_what_waits():
    """What was offered just before closing is written."""

    async def main():
        ended, link = [], Link(takes_s=0.1)
        writer = WriteBehind(link, most=500, most_bytes=10_000)
        writer.start()
        for number in range(10):
            writer.offer(make_write(number, ended))
        await writer.close(1.0)
        return ended

    assert [results for _, results in run_virtual(main())] == [
        [("SET", n), ("DEL", n)] for n in range(10)
    ]
