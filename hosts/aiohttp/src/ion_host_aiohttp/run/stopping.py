"""Being told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from ion_host_aiohttp.run.last_resort import end_now


def end_by(number: int) -> None:
    """End at once, with the code that shells expect of a process that a signal ended."""
    end_now(128 + number)


class StopSignal:
    """SIGTERM or SIGINT, as something to wait for.

    Args:
        again: called with the signal's number at a second one: whoever asks twice does not want to
            wait.
    """

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self, again: Callable[[int], None] = end_by) -> None:
        self._again = again
        self._received: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()

    def install(self) -> None:
        """Take the signals over."""
        loop = asyncio.get_running_loop()
        for number in self._SIGNALS:
            try:
                loop.add_signal_handler(number, self._receive, number)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda n, _: loop.call_soon_threadsafe(self._receive, n))

    def remove(self) -> None:
        """Give the signals back."""
        loop = asyncio.get_running_loop()
        for number in self._SIGNALS:
            try:
                loop.remove_signal_handler(number)
            except NotImplementedError:  # Windows
                signal.signal(number, signal.SIG_DFL)

    def ask(self, number: signal.Signals) -> None:
        """Ask for the same as a signal would, by other means; a second time changes nothing."""
        if not self._received.done():
            self._received.set_result(number)

    @property
    def is_asked(self) -> bool:
        """Whether it is time to stop."""
        return self._received.done()

    async def wait(self) -> signal.Signals:
        """The first signal received."""
        return await asyncio.shield(self._received)

    def _receive(self, number: int) -> None:
        if self._received.done():
            self._again(number)
        else:
            self._received.set_result(signal.Signals(number))
