"""The process that keeps the workers: starts, watches, replaces and ends them, and serves nothing.

It owns what all workers are to be: the settings and the set of plugins as it found them. What one
worker tells of itself, every second or when a plugin fails, it tells all of them, so that each can
answer for the whole host.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

from ion_framework.clock import Clock, SystemClock
from ion_framework.errors import IonError
from ion_framework.settings.slo import SloSettings
from ion_host_aiohttp.run.stopping import StopSignal, end_by
from ion_host_aiohttp.workers.alarms import Alarms
from ion_host_aiohttp.workers.figures import total
from ion_host_aiohttp.workers.fleet import WorkerPhase
from ion_host_aiohttp.workers.messages import DesiredState, FleetState, NoticeTaken
from ion_host_aiohttp.workers.process import Word, WorkerProcess
from ion_host_aiohttp.workers.relay import Relay
from ion_host_aiohttp.workers.reserve import Reserve
from ion_host_aiohttp.workers.slot import Slot

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class StartError(IonError):
    """No worker can be started."""


@attrs.frozen
class Patience:
    """How long the supervisor waits.

    Attributes:
        start_s: seconds in which a worker's plugins must be started.
        silence_s: seconds without a sign of life after which its event loop counts as hanging.
        stop_s: seconds for all workers to end; platforms kill after 8 or more.
        tell_s: seconds between two reports to all workers.
        failures: failed starts in a row, of every worker, after which it gives up.
    """

    start_s: float = 60.0
    silence_s: float = 10.0
    stop_s: float = 7.4
    tell_s: float = 1.0
    failures: int = 5


class Supervisor:
    """Keeps the workers.

    Args:
        number: how many.
        desired: gives what they are to be, as it is now; asked at the start and at each SIGHUP.
        logger: where lines go.
        announce: called once, when all of them listen.
        patience: how long it waits.
        clock: the clock.
        reserve: whether a process waits to take the place of a worker that ends.
        slo: gives what the host promises, and when somebody is told, as it is now; asked at the
            start and at each SIGHUP.

    Attributes:
        reserve: the process that takes the place of the next worker that ends.
    """

    def __init__(  # noqa: PLR0913  two of them are seams for tests
        self,
        number: int,
        desired: Callable[[], DesiredState],
        logger: FilteringBoundLogger,
        announce: Callable[[], None],
        *,
        patience: Patience | None = None,
        clock: Clock | None = None,
        reserve: bool = True,
        slo: Callable[[], SloSettings] = SloSettings,
    ) -> None:
        self._slots = [Slot(index + 1) for index in range(number)]
        self._relay = Relay(self._slots, lambda: self._spare)
        self._make_desired = desired
        self._desired = desired()
        self._logger = logger
        self._announce = announce
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._make_slo = slo
        self._alarms = Alarms(slo(), self._clock)
        self._has_reserve = reserve
        self._is_open = self._is_announced = False
        self._news = asyncio.Event()
        self._kept: list[asyncio.Task[None]] = []
        self._rolling: asyncio.Task[None] | None = None
        self._spare: WorkerProcess | None = None
        self.reserve = Reserve(self._clock)

    async def run(self) -> None:
        """Keep the workers until SIGTERM or SIGINT; a second signal ends everything at once.

        Raises:
            StartError: none can be started.
        """
        stop = StopSignal(again=self._end_now)
        stop.install()
        _on_hangup(self._hang_up)
        self._kept = [asyncio.create_task(self._keep(slot)) for slot in self._slots]
        watching = asyncio.create_task(self._watch())
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait(
                {stopping, watching, *self._kept}, return_when=asyncio.FIRST_COMPLETED
            )
            if stopping.done():
                self._logger.info("stopping", signal=stopping.result().name)
            _raise_first(watching, *self._kept)
        finally:
            await self._stop(gently=stopping.done() and stopping.result() is signal.SIGTERM)
            for task in (watching, stopping, *self._kept):
                task.cancel()
            stop.remove()
            _on_hangup(None)

    # --- one worker -------------------------------------------------------------------------------

    async def _keep(self, slot: Slot) -> None:
        """Fill a place, and fill it again whenever it is empty."""
        while True:
            worker = slot.worker or await self._start(slot)
            slot.worker = worker
            telling = asyncio.create_task(self._tell_once_it_serves(slot, worker))
            code = await worker.ended()
            telling.cancel()
            slot.bury(worker)
            if slot.worker is not worker:
                continue  # another has taken its place, and it was asked to go
            slot.worker = None
            self._news.set()
            pause_s = slot.backoff.ended(worker.served_s)
            self._logger.error(
                "worker ended",
                worker=slot.number,
                pid=worker.pid,
                code=code,
                served_s=round(worker.served_s, 3),
                again_s=pause_s,
            )
            self._give_up_if_hopeless(worker)
            await asyncio.sleep(pause_s)
            slot.restarts += 1

    async def _tell_once_it_serves(self, slot: Slot, worker: WorkerProcess) -> None:
        await worker.serves.wait()
        self._logger.info(
            "worker serves", worker=slot.number, pid=worker.pid, restarts=slot.restarts
        )

    async def _start(self, slot: Slot, *, fresh: bool = False) -> WorkerProcess:
        def desired() -> DesiredState:
            changes = self._relay.standing
            return attrs.evolve(self._desired, number=slot.number, changes=changes)

        blank = None if fresh else self.reserve.take()
        worker = await WorkerProcess.started(
            desired, self._clock, self._news.set, self._hear, blank
        )
        if self._is_open:
            worker.serve()
        return worker

    def _hear(self, worker: WorkerProcess, message: Word) -> None:
        if isinstance(message, NoticeTaken):
            self._alarms.taken(message.id)
        else:
            self._relay.hear(worker, message)

    def _give_up_if_hopeless(self, worker: WorkerProcess) -> None:
        if any(slot.serves for slot in self._slots):
            return
        if worker.reason and not self._is_open:
            raise StartError(worker.reason)
        if all(slot.backoff.failures >= self._patience.failures for slot in self._slots):
            reason = worker.reason or "the log above says how they ended"
            raise StartError(f"no worker can be started: {reason}")

    # --- all of them ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Open when all are ready, replace who hangs, and tell everybody how everybody is."""
        while True:
            self._open_when_ready()
            self._end_hanging()
            self._tell()
            self._keep_reserve()
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience.tell_s):
                    await self._news.wait()

    def _open_when_ready(self) -> None:
        workers = [slot.worker for slot in self._slots]
        if not self._is_open and all(
            each is not None and each.is_ready.is_set() for each in workers
        ):
            self._is_open = True
            for worker in workers:
                assert worker is not None  # noqa: S101  it was looked at just above
                worker.serve()
        if not self._is_announced and all(slot.serves for slot in self._slots):
            self._is_announced = True
            self._announce()

    def _end_hanging(self) -> None:
        for slot in self._slots:
            worker = slot.worker
            if worker is None or worker.phase in (WorkerPhase.STOPPING, WorkerPhase.DOWN):
                continue
            is_started = worker.is_ready.is_set()
            most_s = self._patience.silence_s if is_started else self._patience.start_s
            if worker.silent_s > most_s:
                self._logger.error(
                    "worker hangs and is replaced",
                    worker=slot.number,
                    pid=worker.pid,
                    silent_s=round(worker.silent_s, 3),
                )
                worker.kill()

    def _keep_reserve(self) -> None:
        """Have a process wait for the next accident, once nobody needs the processor more."""
        rolls = self._rolling is not None and not self._rolling.done()
        wanted = self._has_reserve and self._is_announced and not rolls
        if wanted and all(slot.serves for slot in self._slots):
            self.reserve.fill()

    def _tell(self) -> None:
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        past = total(slot.done for slot in self._slots)
        self._alarms.look(workers, past)
        state = FleetState(
            workers=tuple(slot.state() for slot in self._slots),
            troubles=tuple(trouble for worker in workers for trouble in worker.troubles),
            past=past,
            slo=self._alarms.report,
        )
        for worker in workers:
            worker.tell(state)

    # --- replacing all, ending all ----------------------------------------------------------------

    def _hang_up(self) -> None:
        """SIGHUP: read the settings anew, and replace one worker after the other."""
        if self._rolling is not None and not self._rolling.done():
            return
        try:
            self._desired = self._make_desired()
            self._alarms.adopt(self._make_slo())
        except IonError as error:
            self._logger.warning("settings wrong: workers stay as they are", error=str(error))
            return
        self._rolling = asyncio.create_task(self._roll())

    async def _roll(self) -> None:
        self._logger.info("replacing workers")
        await self.reserve.empty()
        for slot in self._slots:
            # One that is down comes back by itself, as what is wanted now.
            if slot.serves and not await self._replace(slot):
                return
        self._logger.info("workers replaced")

    async def _replace(self, slot: Slot) -> bool:
        """Start a second process in a place, and let the first one go once it serves."""
        self._spare = new = await self._start(slot, fresh=True)
        began = {asyncio.create_task(new.ended()), asyncio.create_task(new.serves.wait())}
        await asyncio.wait(
            began, timeout=self._patience.start_s, return_when=asyncio.FIRST_COMPLETED
        )
        for task in began:
            task.cancel()
        self._spare = None
        old = slot.worker
        if old is None or new.phase is not WorkerPhase.SERVING:
            new.kill()
            self._logger.error(
                "worker not replaced: the new one does not serve; the others stay as they are",
                worker=slot.number,
                reason=new.reason,
            )
            return False
        slot.worker = new
        slot.leaving.append(old)
        slot.restarts += 1
        self._logger.info("worker replaced", worker=slot.number, pid=new.pid)
        old.stop(gently=True)
        return True

    async def _stop(self, *, gently: bool) -> None:
        for task in (*self._kept, self._rolling):
            if task is not None:
                task.cancel()
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        workers += [self._spare] if self._spare is not None else []
        await self.reserve.empty()
        if not workers:
            return
        for worker in workers:
            worker.stop(gently=gently)
        ends = {asyncio.create_task(worker.ended()) for worker in workers}
        _, left = await asyncio.wait(ends, timeout=self._patience.stop_s)
        for worker in workers:
            worker.kill()
        if left:
            self._logger.error("workers did not end in time and were killed", number=len(left))
            await asyncio.wait(left, timeout=_KILLED_S)

    def _end_now(self, number: int) -> None:
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.kill()
        if self._spare is not None:
            self._spare.kill()
        self.reserve.kill()
        end_by(number)


_KILLED_S = 0.3


def _on_hangup(act: Callable[[], None] | None) -> None:
    """Have SIGHUP do something, or again what it does by itself."""
    loop = asyncio.get_running_loop()
    if act is None:
        loop.remove_signal_handler(signal.SIGHUP)
    else:
        loop.add_signal_handler(signal.SIGHUP, act)


def _raise_first(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result()
