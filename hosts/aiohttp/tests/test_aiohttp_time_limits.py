"""Time limits of requests, which share their timers, on a clock that waits for nobody."""

from __future__ import annotations

import asyncio

import pytest
from ion_host_aiohttp.run.time_limits import TimeLimits

from ion_framework.testing import run_virtual


def now() -> float:
    """Seconds on the clock of the running loop."""
    return asyncio.get_running_loop().time()


def test_what_takes_too_long_ends_in_time():
    """Who still waits at the end of its limit gets a TimeoutError, neither before nor after."""

    async def main() -> tuple[float, bool]:
        began, limit = now(), TimeLimits().within(3.0)
        with pytest.raises(TimeoutError), limit:
            await asyncio.sleep(100)
        return now() - began, limit.expired

    took_s, expired = run_virtual(main())

    assert expired
    assert took_s == pytest.approx(3.0)


def test_each_of_many_has_its_own_end():
    """Limits that begin one after the other end one after the other, whoever is done before."""

    async def bounded(limits: TimeLimits, start_s: float, work_s: float) -> tuple[float, bool]:
        await asyncio.sleep(start_s)
        try:
            with limits.within(10.0):
                await asyncio.sleep(work_s)
        except TimeoutError:
            return now(), True
        return now(), False

    async def main() -> list[tuple[float, bool]]:
        limits, began = TimeLimits(), now()
        work = ((0, 1), (1, 50), (2, 3), (4, 50), (30, 5), (31, 50))
        ends = await asyncio.gather(*(bounded(limits, *each) for each in work))
        return [(round(at - began, 3), late) for at, late in ends]

    assert [
        (1, False),
        (11, True),
        (5, False),
        (14, True),
        (35, False),
        (41, True),
    ] == run_virtual(main())


def test_who_is_cancelled_stays_cancelled():
    """A task that somebody else cancels does not end as one whose time was over."""

    async def work(limits: TimeLimits) -> None:
        with limits.within(5.0):
            await asyncio.sleep(100)

    async def main() -> bool:
        task = asyncio.create_task(work(TimeLimits()))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelled()

    assert run_virtual(main())


def test_a_limit_that_is_lifted_bounds_nothing():
    """Work whose limit was lifted goes on beyond its end, also beyond that of everything."""

    async def main() -> float:
        limits, began = TimeLimits(), now()
        with limits.within(2.0) as limit:
            await asyncio.sleep(1)
            limit.lift()
            limits.expire()
            await asyncio.sleep(9)
        assert not limit.expired
        return now() - began

    assert run_virtual(main()) == pytest.approx(10.0)


def test_at_the_end_of_everything_nothing_has_time_left():
    """Whatever is being done ends then, and so does what begins afterwards, where it waits."""

    async def work(limits: TimeLimits, seconds: float) -> str:
        try:
            with limits.within(seconds):
                await asyncio.sleep(100)
        except TimeoutError:
            return f"{now():g}"
        return "done"

    async def main() -> list[str]:
        limits = TimeLimits()
        tasks = [asyncio.create_task(work(limits, seconds)) for seconds in (5.0, 50.0)]
        await asyncio.sleep(1)
        at = f"{now():g}"
        limits.expire()
        later = [asyncio.create_task(work(limits, seconds)) for seconds in (5.0, 7.0)]
        assert limits.are_over
        return [str(end == at) for end in await asyncio.gather(*tasks, *later)]

    assert ["True"] * 4 == run_virtual(main())


def test_work_that_waits_for_nothing_is_done():
    """What is over before it waits for anything is not disturbed by a limit that is over."""

    async def main() -> str:
        limits = TimeLimits()
        limits.expire()
        with limits.within(1.0) as limit:
            pass
        await asyncio.sleep(1)
        return f"done, {limit.expired}"

    assert "done, False" == run_virtual(main())


def test_a_limit_needs_a_task():
    """Outside of every task nothing could be ended, so that no limit begins."""
    with pytest.raises(RuntimeError):
        TimeLimits().within(1.0).__enter__()
