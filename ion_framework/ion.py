"""`Ion`: the framework as an object. Hosts, the command line and your own code use this."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import attrs

from ion_framework.assembly import assemble
from ion_framework.changing import Changes
from ion_framework.changing import Means as ChangeMeans
from ion_framework.clock import Clock, SystemClock
from ion_framework.domain.language import Language
from ion_framework.domain.resonance import Resonance
from ion_framework.domain.routing import RoutingDecision
from ion_framework.errors import PluginError
from ion_framework.inventory import Inventory
from ion_framework.pipeline.chunks import Usage
from ion_framework.pipeline.engine import Engine
from ion_framework.pipeline.events import Event, PluginStatusChanged
from ion_framework.pipeline.life import shut_down, start_up
from ion_framework.pipeline.observers import Lane, Observers, ObserverStats, close_lanes
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.reply import Reply, ReplyEvent
from ion_framework.pipeline.trace import Trace
from ion_framework.pipeline.turn import Turn, TurnRequest
from ion_framework.pipeline.unanswered import ROUTERS, unanswered
from ion_framework.plugin_host.discovery import Source, installed
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.telling import log_change
from ion_framework.settings.loading import load_settings
from ion_framework.settings.model import Settings
from ion_framework.summarizing.summary import Summary, SummaryBounds

EARLY_EVENTS = 1000
"""Events that wait until the observers listen; the oldest go first."""

OBSERVER_CLOSE_S = 2.0
"""Seconds that observers have, at the end, for what still waits in their queues."""


class Ion(Inventory):
    """One installation of ION: its plugins, personas and pipeline.

    Making one finds the installed plugins and imports none. ``async with`` activates them, starts
    them and stops them at the end::

        async with Ion() as ion:
            reply = await ion.respond("How do I read a query plan?")
            print(reply.persona, reply.content)

    Several differently configured ones may live in one process. Each is open once at a time; after
    its end it may be opened again, with the same plugins.

    Args:
        settings: the settings; by default those of the environment and of the file that
            ``ION_CONFIG`` names, as the command line reads them.
        source: where plugins come from; by default the installed distributions.
        environ: the environment; by default that of the process.
        clock: the clock.

    Raises:
        PluginOrderError: (on ``activate``) the order of plugins is contradictory or ambiguous.
        RequiredPluginError: (on ``activate``) a required plugin is not active.
        SettingsError: (on ``activate``) a plugin's settings are wrong.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        source: Source = installed,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        settings = load_settings(environ) if settings is None else settings
        clock = clock or SystemClock()
        host = PluginHost(settings, source, environ, clock, lambda: self._parts.hooks)
        super().__init__(settings, host, clock)
        self._host.on_change(self._status_changed)
        self._early: deque[Event] = deque(maxlen=EARLY_EVENTS)
        self._observing = False
        self._listeners: tuple[Callable[[Event], None], ...] = ()
        self._observers = Observers()
        self.engine = Engine(lambda: self._parts, self.settings, self.clock, self.emit)
        self._changes = Changes(
            ChangeMeans(
                self._host, self.settings, self._swap, self.engine.in_use, lambda: self._open
            )
        )
        self._open = False

    # --- life ---------------------------------------------------------------------------------

    def activate(self) -> None:
        """Import and register the plugins. Runs their code; does no I/O of its own.

        Once is enough: what is imported already stays as it is.

        Raises:
            PluginOrderError: the order of plugins is contradictory or ambiguous; says what to
                write.
            RequiredPluginError: a required plugin is not active.
            SettingsError: a plugin's settings are wrong.
        """
        if self._open:
            return
        self._host.activate()
        self._assemble()

    async def start(self) -> None:
        """Call ``ion_startup`` of every plugin; one that fails is taken out and the rest goes on.

        After `close` the same plugins may be started again; one that failed stays out.

        Raises:
            PluginError: it is started already.
            RequiredPluginError: a required plugin failed.
        """
        self._refuse_if_open()
        self._open = True
        budget_s = self.settings.plugins.startup_budget_s
        table = self._host.table()
        for started in await start_up(table["ion_startup"], budget_s):
            self._host.note_startup(started)
        self._host.check_required(Status.ACTIVE)
        self._assemble()
        self.engine.open()
        self._begin_to_observe()

    async def close(self) -> None:
        """Tell observers what still waits, and call ``ion_shutdown`` in reverse order.

        Does nothing where nothing was started, or a second time.
        """
        if not self._open:
            return
        self._open = self._observing = False
        try:
            await self.engine.close()
            await self._changes.close()
            await self._observers.close(OBSERVER_CLOSE_S)
        finally:
            await shut_down(self._host.table()["ion_shutdown"])

    async def __aenter__(self) -> Self:
        self._refuse_if_open()
        self.activate()
        try:
            await self.start()
        except BaseException:
            # What was opened before the one that failed must be closed again.
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # --- turns --------------------------------------------------------------------------------

    async def respond(self, request: TurnRequest | str) -> Reply:
        """Answer a message.

        Args:
            request: the request, or just its text.

        Raises:
            InvalidRequestError: the request cannot be answered as it is.
            TurnRefusedError: a guard refused it.
            NoAnswerError: nobody could answer; says what is missing or failed.
        """
        if isinstance(request, str):
            request = TurnRequest(text=request)
        return await self.engine.respond(request)

    def stream(self, request: TurnRequest | str) -> AsyncGenerator[ReplyEvent, None]:
        """Answer a message as a stream: `ReplyStarted`, `ReplyDelta` …, `ReplyDone`.

        Close the generator (``contextlib.aclosing``) to stop the answer before its end.

        Args:
            request: the request, or just its text.

        Raises:
            TurnError: while iterating, as `respond`.
        """
        if isinstance(request, str):
            request = TurnRequest(text=request)
        return self.engine.stream(request)

    async def analyze(self, text: str) -> Resonance:
        """Read a message's resonance without answering it.

        Raises:
            NoAnswerError: no analyser is active, or none could read it.
        """
        trace = Trace(self.clock, self.settings.turn.deadline_s)
        return await self.engine.analyze(Turn(TurnRequest(text=text)), trace)

    async def route(self, text: str, resonance: Resonance) -> RoutingDecision:
        """Decide which persona would answer, without answering.

        Args:
            text: the message.
            resonance: its reading.

        Raises:
            NoAnswerError: no router is active, or none could decide.
        """
        turn = Turn(TurnRequest(text=text), resonance=resonance)
        trace = Trace(self.clock, self.settings.turn.deadline_s)
        found = await self._parts.hooks.route(turn, self.personas, trace)
        if found is None:
            raise unanswered(ROUTERS, self._parts.hooks, "", trace)
        return attrs.evolve(found[0], router=found[0].router or found[1].plugin)

    def forget(self) -> None:
        """Forget every message that is remembered to be read and prepared faster next time.

        For hosts that delete what they keep of a user. Stored answers are the cache's.
        """
        self.engine.forget()

    async def summarize(
        self,
        messages: Sequence[str],
        language: Language | None = None,
        bounds: SummaryBounds | None = None,
        request: TurnRequest | None = None,
        on_spent: Callable[[Usage], None] | None = None,
    ) -> Summary:
        """Summarise a conversation: by the language model, or with sentences of its own.

        Args:
            messages: the messages, oldest first, each with or without a mark as ``User:``.
            language: the language to write in; by default that of the conversation.
            bounds: pieces, time and length.
            request: on whose behalf the model is asked.
            on_spent: told of the tokens of every answer of the model as soon as it is there.
        """
        from ion_framework.summarizing.map_reduce import Summarizer  # only who summarises pays

        summarizer = Summarizer(self.language_model, self.clock, bounds)
        return await summarizer.summarize(messages, language, request, on_spent)

    # --- what happens ---------------------------------------------------------------------------

    @property
    def changes(self) -> Changes:
        """Takes plugins out, lets them in and reads personas again while turns run."""
        return self._changes

    def observer_stats(self) -> Mapping[str, ObserverStats]:
        """Figures of every observer, by plugin."""
        return self._observers.stats()

    def emit(self, event: Event) -> None:
        """Tell the observers of an event; returns at once.

        What happens before they listen (a plugin that fails to start) waits for them.
        """
        for listener in self._listeners:
            listener(event)
        if self._observing:
            self._observers.emit(event)
        else:
            self._early.append(event)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have a function told of every event at the moment when it happens, none left out.

        It runs within the turn or the request: it must take no more than a few microseconds and
        never raise. Plugins observe instead.
        """
        self._listeners = (*self._listeners, listener)

    # --- inside ---------------------------------------------------------------------------------

    def _refuse_if_open(self) -> None:
        if self._open:
            raise PluginError("this Ion is open already; close it first, or make another Ion")

    def _begin_to_observe(self) -> None:
        self._observers.start()
        self._observing = True
        while self._early:
            self._observers.emit(self._early.popleft())

    def _assemble(self) -> tuple[Lane, ...]:
        """Put the parts together anew; gives the observers that are gone."""
        self._assembly = assemble(self._host, self.settings)
        self.engine.forget()
        return self._observers.take(self._assembly.observers)

    def _swap(self) -> Parts:
        old = self._parts
        gone = self._assemble()
        if gone:
            self._changes.keep(close_lanes(gone, OBSERVER_CLOSE_S))
        return old

    def _status_changed(self, before: PluginRecord, after: PluginRecord) -> None:
        if before.status is Status.READY and after.status is Status.ACTIVE:
            return  # what every plugin does at the start is no news
        if self._observing:
            log_change(before, after)
        self.emit(
            PluginStatusChanged(
                plugin=after.name,
                before=before.status.value,
                after=after.status.value,
                reason=after.reason,
                at=self.clock.time(),
            )
        )
