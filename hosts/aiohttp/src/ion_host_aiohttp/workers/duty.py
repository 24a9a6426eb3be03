"""What a worker owes the supervisor: signs of life, figures, news of its plugins, obedience."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path

import attrs

from ion_framework.plugin_host.discovery import Source
from ion_host_aiohttp.health import OUT
from ion_host_aiohttp.run.stopping import StopSignal
from ion_host_aiohttp.service import Service
from ion_host_aiohttp.workers.asking import Asking
from ion_host_aiohttp.workers.changes import ChangeOrder, ChangeOutcome, carry_out
from ion_host_aiohttp.workers.control import Control
from ion_host_aiohttp.workers.figures import Figures
from ion_host_aiohttp.workers.fleet import Member, PluginTrouble
from ion_host_aiohttp.workers.messages import (
    ChangeDone,
    ChangeSent,
    ChangeTold,
    ChangeWanted,
    DesiredState,
    FleetState,
    Heartbeat,
    Message,
    NoticeSent,
    NoticeTaken,
    PluginStatus,
    Ready,
    Serve,
    Serving,
    Stop,
)
from ion_host_aiohttp.workers.pins import pinned

BEAT_S = 0.5
"""Seconds between two signs of life."""


class Duty:
    """The station of a worker.

    Args:
        desired: what it is to be.
        control: the channel to the supervisor.
    """

    def __init__(self, desired: DesiredState, control: Control) -> None:
        self._desired = desired
        self._control = control
        self._source = pinned(desired.plugins)
        self._may_serve = asyncio.Event()
        self._service: Service | None = None
        self._told: tuple[PluginTrouble, ...] = ()
        self._beating: asyncio.Task[None] | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._early: deque[ChangeWanted] = deque()
        self._is_open = False
        self._asking = Asking(control.send, desired.number)
        self._member = Member(
            desired.number,
            lambda: self._service.own_figures() if self._service else Figures(),
            lambda: self._service.clock.monotonic() - desired.started_at if self._service else 0.0,
            self._asking.ask,
        )

    @property
    def source(self) -> Source:
        """The plugins that the supervisor has found, and no others."""
        return self._source

    async def opening(self, service: Service, stop: StopSignal) -> Service:
        """Wait until all workers are ready, or until it is time to stop."""
        shared = self._desired.shared_dir
        self._service = attrs.evolve(
            service, fleet=self._member, shared_dir=Path(shared) if shared else None
        )
        for order in self._desired.changes:
            await self._carry_out(order)
        while self._early:
            await self._change(self._early.popleft())
        self._is_open = True
        self._control.send(Ready())
        self._beating = asyncio.create_task(self._beat())
        waiting = {
            asyncio.ensure_future(self._may_serve.wait()),
            asyncio.ensure_future(stop.wait()),
        }
        _, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for each in left:
            each.cancel()
        return self._service

    def serving(self) -> None:
        """Tell the supervisor."""
        self._control.send(Serving())

    def end(self) -> None:
        """Nothing more is owed."""
        if self._beating is not None:
            self._beating.cancel()

    async def listen(self, stop: StopSignal) -> None:
        """Do what the supervisor says, until it is gone: then there is nothing left to do.

        Args:
            stop: how the host is told to stop.
        """
        with suppress(asyncio.CancelledError):
            async for message in self._control.heard():
                self._obey(message, stop)
            stop.ask(signal.SIGTERM)

    def _obey(self, message: Message, stop: StopSignal) -> None:
        match message:
            case Serve():
                self._may_serve.set()
            case FleetState():
                self._member.hear(message.workers, message.troubles, message.past)
                if self._service is not None and message.slo is not None:
                    self._service.slo.hear(message.slo)
            case ChangeWanted() if not self._is_open:
                self._early.append(message)
            case ChangeWanted():
                self._begin(self._change(message))
            case NoticeSent():
                self._begin(self._notify(message))
            case ChangeSent() | ChangeTold():
                self._asking.hear(message)
            case Stop():
                stop.ask(signal.SIGTERM if message.gently else signal.SIGINT)
            case _:
                return  # nothing else is said to a worker

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _notify(self, sent: NoticeSent) -> None:
        assert self._service is not None  # noqa: S101  notices go to workers that serve
        await self._service.slo.notify(sent.notice)
        self._control.send(NoticeTaken(id=sent.id))

    async def _change(self, wanted: ChangeWanted) -> None:
        outcome = await self._carry_out(wanted.order)
        self._control.send(ChangeDone(id=wanted.id, outcome=outcome))

    async def _carry_out(self, order: ChangeOrder) -> ChangeOutcome:
        assert self._service is not None  # noqa: S101  changes begin once it is known
        outcome = await carry_out(self._service.ion, order, self._desired.number)
        if outcome.fault and not self._is_open:
            # Nobody waits for this answer, and the others may have made the change.
            self._service.logger.warning(
                "a change of a plugin was not made at the start",
                plugin=order.plugin,
                change=order.act.value,
                reason=outcome.reason,
            )
        return outcome

    async def _beat(self) -> None:
        while True:
            assert self._service is not None  # noqa: S101  beating begins once it is known
            self._control.send(Heartbeat(figures=self._service.own_figures()))
            troubles = self._troubles(self._service)
            if troubles != self._told:
                self._told = troubles
                self._control.send(PluginStatus(troubles=troubles))
            await asyncio.sleep(BEAT_S)

    def _troubles(self, service: Service) -> tuple[PluginTrouble, ...]:
        return tuple(
            PluginTrouble(self._desired.number, record.name, record.status.value)
            for record in service.ion.plugins
            if record.status in OUT
        )
