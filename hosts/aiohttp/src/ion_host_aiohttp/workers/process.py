"""One worker as the supervisor sees it: a process, and what it says."""

from __future__ import annotations

import asyncio
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress

import attrs

from ion_framework.clock import Clock
from ion_host_aiohttp.workers.control import Control
from ion_host_aiohttp.workers.figures import Figures
from ion_host_aiohttp.workers.fleet import PluginTrouble, WorkerPhase
from ion_host_aiohttp.workers.messages import (
    ChangeAsked,
    ChangeDone,
    DesiredState,
    Failed,
    Heartbeat,
    Message,
    NoticeTaken,
    PluginStatus,
    Ready,
    Serve,
    Serving,
    Stop,
)

MODULE = "ion_host_aiohttp.workers.worker"

Word = ChangeAsked | ChangeDone | NoticeTaken
"""What a worker says that is for others than who keeps it."""


@attrs.frozen
class Blank:
    """A process that could be a worker, and has not been told yet what to be.

    Attributes:
        process: the process.
        control: the channel to it.
    """

    process: Process
    control: Control

    @classmethod
    async def started(cls) -> Blank:
        """A fresh process.

        It gets the environment of this one, so its secrets, too; they stand on no command line.

        Raises:
            OSError: the system has no room for one more.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", MODULE, str(theirs.fileno())),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    # Ctrl-C at a terminal is for the supervisor, which tells the workers.
                    process_group=0,
                )
            except BaseException:
                ours.close()
                raise
        try:
            return cls(process, await Control.over(ours))
        except BaseException:
            process.kill()
            raise

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self.process.returncode is None

    def give_up(self) -> None:
        """End it: it has nothing to finish."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.control.close()

    async def gone(self) -> None:
        """Wait for its end."""
        await self.process.wait()


class WorkerProcess:
    """A worker that was started.

    Args:
        process: its process.
        control: the channel to it.
        clock: the clock.
        changed: called when something changed that others should know of.
        relay: called with itself and what it says of changes of plugins, and of notices.

    Attributes:
        phase: what it does.
        figures: what it has told last.
        troubles: its plugins that are out of service.
        reason: why it cannot serve, empty where it has not said that it cannot.
        is_ready: an event: its plugins are started.
        serves: an event: it listens.
    """

    def __init__(
        self,
        process: Process,
        control: Control,
        clock: Clock,
        changed: Callable[[], None],
        relay: Callable[[WorkerProcess, Word], None],
    ) -> None:
        self._process = process
        self._control = control
        self._clock = clock
        self._changed = changed
        self._relay = relay
        self._heard_at = self._started_at = clock.monotonic()
        self._served_at: float | None = None
        self.phase = WorkerPhase.STARTING
        self.figures = Figures()
        self.troubles: tuple[PluginTrouble, ...] = ()
        self.reason = ""
        self.is_ready = asyncio.Event()
        self.serves = asyncio.Event()
        self._hearing = asyncio.create_task(self._hear())

    @classmethod
    async def started(
        cls,
        desired: Callable[[], DesiredState],
        clock: Clock,
        changed: Callable[[], None],
        relay: Callable[[WorkerProcess, Word], None],
        blank: Blank | None = None,
    ) -> WorkerProcess:
        """A process that is told what it is to be.

        Args:
            desired: gives what it is to be. Between that and the end of this function nothing else
                runs, so that who then knows the worker has missed nothing.
            clock: as of the class.
            changed: as of the class.
            relay: as of the class.
            blank: the process; None starts one.
        """
        blank = blank or await Blank.started()
        blank.control.send(desired())
        return cls(blank.process, blank.control, clock, changed, relay)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def silent_s(self) -> float:
        """Seconds since it last gave a sign of life."""
        return self._clock.monotonic() - self._heard_at

    @property
    def served_s(self) -> float:
        """Seconds since it began to listen, 0 where it never did."""
        if self._served_at is None:
            return 0.0
        return max(self._clock.monotonic() - self._served_at, 1e-6)

    def serve(self) -> None:
        """Have it listen."""
        self._control.send(Serve())

    def tell(self, message: Message) -> bool:
        """Tell it something; False where it is gone, or does not listen."""
        return self._control.send(message)

    def stop(self, *, gently: bool) -> None:
        """Have it finish what it has begun, and end.

        Args:
            gently: whether a load balancer is to be given time to notice.
        """
        self.phase = WorkerPhase.STOPPING
        self._control.send(Stop(gently=gently))

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> int:
        """Wait for its end; gives its exit code."""
        code = await self._process.wait()
        # What it said last may still be on its way.
        await asyncio.wait({self._hearing}, timeout=_LAST_WORDS_S)
        self._hearing.cancel()
        self._control.close()
        self.phase = WorkerPhase.DOWN
        return code

    async def _hear(self) -> None:
        async for message in self._control.heard():
            self._heard_at = self._clock.monotonic()
            self._note(message)

    def _note(self, message: Message) -> None:
        match message:
            case Heartbeat():
                self.figures = message.figures
            case PluginStatus():
                self.troubles = message.troubles
                self._changed()
            case ChangeAsked() | ChangeDone() | NoticeTaken():
                self._relay(self, message)
            case Ready():
                self.is_ready.set()
                self._changed()
            case Serving():
                self._served_at = self._clock.monotonic()
                if self.phase is WorkerPhase.STARTING:
                    self.phase = WorkerPhase.SERVING
                self.serves.set()
                self._changed()
            case Failed():
                self.reason = message.reason
            case _:
                return  # a sign of life, and no more


_LAST_WORDS_S = 0.5
