"""A coroutine that is run up to where it first waits behaves as if it were awaited."""

from __future__ import annotations

import asyncio

import pytest

from ion_framework.pipeline.begun import Begun


async def test_what_never_waits_is_done_at_once():
    """A coroutine that waits for nothing has its result without being awaited."""

    async def answer() -> int:
        return 7

    begun = Begun(answer())

    assert begun.is_done
    assert begun.result == 7


async def test_what_waits_goes_on_where_it_is_awaited():
    """Whatever it waits for is passed on, and what comes back is passed in."""
    loop = asyncio.get_running_loop()
    given = loop.create_future()

    async def answer() -> list[object]:
        first = await given
        await asyncio.sleep(0)
        return [first, await asyncio.sleep(0, "second")]

    begun = Begun(answer())
    assert not begun.is_done
    loop.call_soon(given.set_result, "first")

    assert await begun == ["first", "second"]


@pytest.mark.parametrize("waits", [False, True])
async def test_what_it_raises_is_raised(waits):
    """An exception comes out, before the first wait at once and after it where it is awaited."""

    async def answer() -> None:
        if waits:
            await asyncio.sleep(0)
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        await Begun(answer())


async def test_cancellation_reaches_it():
    """Whoever awaits it and is cancelled cancels it, and what it does about that counts."""
    seen = []

    async def answer() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "never"

    async def ask() -> str:
        return await Begun(answer())

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking
    assert seen == ["cancelled"]


async def test_a_time_limit_ends_it():
    """A time limit around the rest of it ends it like any other wait."""

    async def answer() -> None:
        await asyncio.Event().wait()

    begun = Begun(answer())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await begun


async def test_it_is_closed_with_who_awaits_it():
    """Where whoever awaits it is thrown away, it runs its own clean-up."""
    seen = []

    async def answer() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            seen.append("closed")

    async def ask() -> None:
        await Begun(answer())

    asking = ask()
    asking.send(None)
    asking.close()

    assert seen == ["closed"]
