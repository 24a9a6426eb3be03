"""The trial of a plugin, step by step: import, start, turns, hooks, company, end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import attrs

from ion_framework.conformance.behaviour.calls import told
from ion_framework.conformance.behaviour.cases import ORDINARY_CASES, Values
from ion_framework.conformance.behaviour.hanging import HangingLoop
from ion_framework.conformance.behaviour.hook_trial import HookTrial
from ion_framework.conformance.behaviour.kinds import broken_promises
from ion_framework.conformance.behaviour.order import Order
from ion_framework.conformance.behaviour.progress import Progress
from ion_framework.conformance.behaviour.remains import Remains
from ion_framework.conformance.behaviour.watching import Watcher
from ion_framework.conformance.behaviour.world import Dependencies, companion, stand_ins, unanswered
from ion_framework.domain.language import Language
from ion_framework.errors import IonError
from ion_framework.ion import Ion
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.turn import TurnRequest
from ion_framework.plugin_host.discovery import Candidate, installed
from ion_framework.plugin_host.manifest_persona import ManifestPersona
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.source_tree import candidate_of
from ion_framework.settings.model import Settings

IMPORT_S = 1.0
"""Seconds of computing and sleeping that import and factory may take."""

OFTEN = 5
"""Processes in turns from which on they are not the one that a plugin starts at its first."""


@attrs.define
class _Life:
    """One `Ion` with the plugin.

    Attributes:
        ion: the Ion.
        hooks: the plugin's implementations, taken before the start could take it out.
    """

    ion: Ion
    hooks: tuple[Implementation, ...] = ()


class Trial:
    """One plugin on trial.

    Args:
        order: which plugin, and with what.
        home: the folder in which it may do as it likes.
        watcher: sees what it does outside.
        progress: what was found.
    """

    def __init__(self, order: Order, home: Path, watcher: Watcher, progress: Progress) -> None:
        self._order = order
        self._home = home
        self._watcher = watcher
        self._progress = progress
        self._dependencies = Dependencies()
        self._candidate = _candidate(order)

    def run(self) -> None:
        """Try everything that can be tried."""
        # No asyncio.Runner: it handles Ctrl-C, which would look like the plugin's doing, and waits
        # at its end for whatever the plugin has left behind.
        loop = HangingLoop(self._dependencies)
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._warm_up())
        root = self._candidate.folder.parent if self._candidate.folder else Path()
        if self._candidate.folder:
            self._watcher.knows(self._candidate.folder)
        remains = Remains(self._home, str(root) if self._order.path else "", self._watcher)
        first = self._brought_to_life()
        if first is not None:
            loop.run_until_complete(self._lived(first, remains))
            self._judge_effects()

    async def _warm_up(self) -> None:
        """Import all of the core that a turn needs, so that the plugin's import is its own."""
        async with self._world(plugin=False) as ion:
            await ion.respond("hello")

    def _world(self, *, plugin: bool = True) -> Ion:
        order, table = self._order, dict(self._order.settings)
        settings = Settings(
            plugin={order.name: table} if table and plugin else {},
            data_dir=self._home / "data",
        )
        kinds = frozenset(self._kinds()) if plugin else frozenset()
        own = (self._candidate,) if plugin else ()
        candidates = (*own, *stand_ins(kinds, self._dependencies, order.name))
        return Ion(settings, source=lambda: candidates, environ=order.environ)

    def _kinds(self) -> tuple[Kind, ...]:
        bare = Ion(Settings(), source=lambda: (self._candidate,), environ={})
        return bare.host.record(self._order.name).provides

    def _record(self, ion: Ion) -> PluginRecord:
        return ion.host.record(self._order.name)

    def _brought_to_life(self) -> _Life | None:
        """Import it and call its factory; None where it does not come to life."""
        ion = self._world()
        computed = time.process_time()
        try:
            with self._progress.step("its import", "activation"), self._watcher.during("import"):
                ion.activate()
        except IonError as error:
            self._progress.add("activation", self._order.name, reason=error)
            return None
        slept = sum(effect.seconds for effect in self._watcher.effects)
        spent = time.process_time() - computed + slept
        record = self._record(ion)
        if record.status is not Status.ACTIVE:
            self._progress.add("activation", record.name, reason=record.reason)
            return None
        if spent > IMPORT_S:
            self._progress.add("import-slow", record.candidate.target, seconds=f"{spent:.1f}")
        return _Life(ion, self._hooks_of(ion))

    def _hooks_of(self, ion: Ion) -> tuple[Implementation, ...]:
        table = ion.host.table()
        return tuple(
            item
            for items in table.values()
            for item in items
            if item.plugin == self._order.name and not _standard(item)
        )

    async def _lived(self, first: _Life, remains: Remains) -> None:
        """Start it, use it, have two of it, and stop it."""
        async with self._world(plugin=False) as plain:
            reply = await plain.respond(TurnRequest(text="hello", persona="companion"))
        second = self._second(first)
        with self._progress.step("ion_startup", "start"), self._watcher.during("startup"):
            await first.ion.start()
            if second:
                await second.ion.start()
        started = self._started(first)
        if started:
            await self._turns(first.ion, second)
            await self._promises(first.ion)
        own = self._record(first.ion).manifest
        persona = (own.persona if own else None) or companion()
        values = Values(reply, persona, self._dependencies)
        network = self._order.network
        trial = HookTrial(self._progress, self._watcher, values, self._dependencies)
        for item in first.hooks:
            await trial.examine(item, blocking=self._order.blocking, network=network)
        await self._stopped(first, second, trial)
        await remains.look(self._progress)

    def _second(self, first: _Life) -> _Life | None:
        """Another `Ion` with the plugin in the same process."""
        ion = self._world()
        try:
            with self._progress.step("its factory", "a second Ion"):
                ion.activate()
        except IonError as error:
            self._progress.add("shared-between-ions", self._order.name, reason=error)
            return None
        record = self._record(ion)
        if record.status is not Status.ACTIVE:
            self._progress.add("shared-between-ions", record.name, reason=record.reason)
            return None
        known = {id(item.target) for item in first.ion.host.registrations() if not item.standard}
        if any(id(item.target) in known for item in ion.host.registrations()):
            reason = "its factory returned the same object twice"
            self._progress.add("shared-between-ions", record.name, reason=reason)
            return None
        return _Life(ion, self._hooks_of(ion))

    def _started(self, life: _Life) -> bool:
        record = self._record(life.ion)
        if record.status is Status.ACTIVE:
            return True
        # Connections are refused here: a plugin that declares the network may say so and stay out.
        if not (self._order.network and self._watcher.count("network")):
            self._progress.add("startup", record.name, reason=record.reason)
        return False

    async def _turns(self, ion: Ion, second: _Life | None) -> None:
        record = self._record(ion)
        persona = record.name if Kind.PERSONA in record.provides else None
        with self._progress.step("a turn", "ordinary"), self._watcher.during("turn"):
            findings = await unanswered(ion, persona)
            if len(findings) == 1 and second:
                # A limit to everybody's turns refuses whoever comes second, in any language.
                language = Language(findings[0].values["language"])
                findings = await unanswered(second.ion, persona, (language,))
            for finding in findings:
                self._progress.add(finding.code, finding.where, **finding.values)

    async def _promises(self, ion: Ion) -> None:
        """What its kinds promise; where connections are needed for it, they are refused here."""
        name, before = self._order.name, self._watcher.count("network")
        for kind in self._record(ion).provides:
            try:
                with self._progress.step(kind.value, "promises"), self._watcher.during("turn"):
                    broken = [text async for text in broken_promises(ion, name, kind)]
            except Exception as error:  # noqa: BLE001  a cache or a store may raise anything
                broken = [f"it raised {told(error)}"]
            if self._order.network and self._watcher.count("network") > before:
                continue
            for sentence in broken:
                self._progress.add("kind-contract", name, kind=kind.value, promise=sentence)

    async def _stopped(self, first: _Life, second: _Life | None, trial: HookTrial) -> None:
        """Close one after the other; the second has to work without the first."""
        await self._shut(first, trial)
        if second is None:
            return
        for item in second.hooks:
            await trial.again(item, ORDINARY_CASES[0])
        await self._shut(second, trial)

    async def _shut(self, life: _Life, trial: HookTrial) -> None:
        for item in life.hooks:
            if item.hook == "ion_shutdown":
                outcome = await trial.called(item, ORDINARY_CASES[0])
                if outcome.failed:
                    self._progress.add("shutdown", item.hook, reason=outcome.told())
        with self._progress.step("ion_shutdown", "end"):
            await life.ion.close()

    def _judge_effects(self) -> None:
        """What it did outside, against the moment and against what it declares."""
        declared = {
            "network": self._order.network,
            "write": self._order.files,
            "read": self._order.reads,
        }
        # One of each kind is enough: a hook may have done the same a hundred times.
        first = {(each.phase == "import", each.kind): each for each in self._watcher.effects[::-1]}
        for (at_import, kind), effect in first.items():
            if kind == "read" and self._order.reads:
                continue
            if kind == "process":
                self._progress.add("runs-processes", self._order.name, effect=effect.text)
            if at_import and kind != "sleep":
                self._progress.add("import-effects", self._order.name, effect=effect.text)
            elif not declared.get(kind, True):
                self._progress.add("effects-undeclared", self._order.name, effect=effect.text)
        in_turns = [each for each in self._watcher.effects if each.phase == "turn"]
        started = [each for each in in_turns if each.kind == "process"]
        if len(started) >= OFTEN:
            self._progress.add("process-every-turn", self._order.name, effect=started[0].text)
        self._judge_variables()

    def _judge_variables(self) -> None:
        """What its own code read of the environment, against what its manifest names."""
        name, read = self._order.name, self._watcher.variables
        if read.all:
            self._progress.add("capability-environment-open", name, use="all of them, as it ran")
            return
        for variable in read.names:
            if variable not in self._order.variables:
                self._progress.add("capability-environment", name, variable=variable)


def _standard(item: Implementation) -> bool:
    """Whether it is the core's own stand-in for the manifest of a persona."""
    return isinstance(getattr(item.function, "__self__", None), ManifestPersona)


def _candidate(order: Order) -> Candidate:
    if order.path:
        return candidate_of(Path(order.path))
    return next(
        candidate
        for candidate in installed()
        if candidate.name == order.name and candidate.distribution == order.distribution
    )
