"""What an implementation of a third party may do wrong."""

import asyncio


class UnrulyError(BaseException):
    """An exception that is no Exception."""


class Release:
    """Ends what hangs, so that the test's loop can end."""

    def __init__(self):
        self.event = asyncio.Event()


async def raise_it(error):
    """Raise, once awaited."""
    raise error


def raise_at_once(error):
    """Raise, as a plain function does."""
    raise error


def exhaust_stack(depth=0):
    """Call itself without end."""
    return exhaust_stack(depth + 1)


async def cancel_own_task(_):
    """Cancel the task that runs it, and wait to be cancelled."""
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def cancel_own_task_and_return(_):
    """Cancel the task that runs it, and return."""
    asyncio.current_task().cancel()


async def hang(release):
    """Wait until the test is over."""
    await release.event.wait()


async def hang_stubbornly(release):
    """Wait until the test is over, and ignore every cancellation."""
    while not release.event.is_set():
        try:
            await release.event.wait()
        except asyncio.CancelledError:
            continue


async def return_wrong_type(_):
    """Return what no hook allows."""
    return object()


async def recurse(_):
    """Exhaust the stack, once awaited."""
    exhaust_stack()
