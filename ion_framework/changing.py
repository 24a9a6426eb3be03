"""Changing the plugins of an `Ion` that is open: taking one out, letting it in, reading it again.

The parts are swapped as a whole: a turn that has begun finishes with what it began with, and a
change that cannot be made leaves everything as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import attrs

from ion_framework.domain.persona import Persona
from ion_framework.errors import (
    LastPluginError,
    ManifestError,
    PluginChangeError,
    SettingsError,
)
from ion_framework.manifest.model import Kind
from ion_framework.pipeline.implementation import Implementation
from ion_framework.pipeline.life import shut_down, start_up
from ion_framework.pipeline.parts import Parts
from ion_framework.pipeline.parts_in_use import PartsInUse
from ion_framework.plugin_host.activation import TakenOut
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.losses import Loss, losses
from ion_framework.plugin_host.naming import called, told_apart
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import is_named
from ion_framework.settings.model import Settings

BY_HAND = "taken out by hand; until a restart or `ion plugins enable`"
LET_IN = "let in by hand"
FIXED = (Kind.HOST, Kind.SECRETS, Kind.STORE)
"""Kinds whose plugins a host is built upon at its start."""

_OUT = (Status.ACTIVE, Status.QUARANTINED, Status.FAILED)


@attrs.frozen
class Means:
    """What changes are made with.

    Attributes:
        host: the plugin host.
        settings: the settings.
        swap: puts the parts together anew and has turns begin with them; gives those of before.
        in_use: knows which parts turns still work with.
        is_open: says whether the `Ion` is open.
    """

    host: PluginHost
    settings: Settings
    swap: Callable[[], Parts]
    in_use: PartsInUse
    is_open: Callable[[], bool]


class Changes:
    """Changes of plugins while turns run; one after the other.

    Args:
        means: what they are made with.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._host = means.host
        self._lock = asyncio.Lock()
        self._out: dict[str, TakenOut] = {}
        self._first: dict[str, Persona] = {}
        self._later: set[str] = set()
        self._stopping: set[asyncio.Task[None]] = set()

    async def disable(
        self, name: str, *, unguarded: bool = False, force: bool = False
    ) -> PluginRecord:
        """Take a plugin out; it is stopped once the turns that began with it have ended.

        Args:
            name: the plugin; here and below also its distribution or the shown name of its persona.
            unguarded: whether a guard may be taken out, after which nobody checks what it checked.
            force: whether the last active plugin of a kind that every turn needs may be taken out;
                `ion_framework.plugin_host.losses.losses` says what stops working then.

        Returns:
            its record then.

        Raises:
            LastPluginError: it is the last of its kind, and force does not say that this is meant.
            PluginChangeError: it cannot be taken out; says why.
        """
        async with self._lock:
            record = self._record(name)
            name = record.name
            if name in self._out:
                return record
            self._refuse_to_take_out(record, unguarded=unguarded)
            if not force:
                self._refuse_to_lose(name)
            stops = [i for i in self._host.table()["ion_shutdown"] if i.plugin == name]
            self._out[name] = self._host.activation.take_out(record)
            self._host.change(name, Status.DISABLED, BY_HAND)
            self.keep(self._stop(stops, self._means.swap()))
            return self._record(name)

    async def enable(self, name: str) -> PluginRecord:
        """Let a plugin in again: one that was taken out by hand, is in quarantine or deactivated.

        Args:
            name: the plugin.

        Returns:
            its record then.

        Raises:
            PluginChangeError: it cannot be let in; says why.
        """
        async with self._lock:
            record = self._record(name)
            if record.name in self._out:
                await self._bring_back(record.name)
            elif record.status is not Status.ACTIVE:
                self._end_quarantine(record)
            return self._record(record.name)

    async def reload(self, name: str, *, is_later: bool = False) -> PluginRecord:
        """Read the manifest and the texts of a data-only persona again.

        Args:
            name: the plugin.
            is_later: whether other processes did this before this one began, so that answers of an
                older version may lie in a cache that they share. Said once, it holds from then on.

        Returns:
            its record then.

        Raises:
            PluginChangeError: it cannot be read again, or not be used; says why. The persona stays
                as it was.
        """
        async with self._lock:
            record = self._record(name)
            first = self._first.setdefault(record.name, self._persona_to_reload(record))
            if is_later:
                self._later.add(record.name)
            changed = await asyncio.to_thread(self._reread, record, first)
            if changed.manifest == record.manifest:
                return record
            self._host.activation.take_out(record)
            self._host.activation.put_persona(changed)
            self._host.replace(record, changed)
            self._means.swap()
            return changed

    async def close(self) -> None:
        """Stop the plugins that were taken out and wait for their last turns no longer."""
        for task in tuple(self._stopping):
            task.cancel()
        if self._stopping:
            await asyncio.wait(self._stopping)

    def keep(self, ending: Coroutine[Any, Any, None]) -> None:
        """Have something that ends run in the background, until it is done or `close` is called."""
        task = asyncio.create_task(ending)
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    def _record(self, name: str) -> PluginRecord:
        if not self._means.is_open():
            raise PluginChangeError("state", "this Ion is not open; plugins change in one that is")
        found = called(name, self._host.records)
        names = {record.name for record in found}
        if not names:
            raise PluginChangeError(
                "unknown", f"no plugin {name!r} is installed; ion plugins lists what is"
            )
        if len(names) > 1:
            raise PluginChangeError(
                "ambiguous", f"{name!r} may mean any of {told_apart(found)}; give the plugin's name"
            )
        return self._host.record(names.pop())

    def _refuse_to_lose(self, name: str) -> None:
        lost = losses(name, self._host)
        if lost:
            raise LastPluginError(
                name, {loss.kind.value: loss.effect for loss in lost}, _others(lost)
            )

    def _refuse_to_take_out(self, record: PluginRecord, *, unguarded: bool) -> None:
        name = record.name
        if is_named(self._means.settings.plugins.required, record.candidate):
            raise PluginChangeError("required", f"{name} is on the list plugins.required")
        fixed = [kind.value for kind in FIXED if kind in record.provides]
        if fixed:
            raise PluginChangeError(
                "fixed",
                f"{name} is a {fixed[0]}, which a host is built upon at its start; write it into "
                "plugins.disable and restart",
            )
        if Kind.GUARD in record.provides and not unguarded:
            raise PluginChangeError(
                "guard",
                f"{name} is a guard: without it nobody checks what it checks; if you mean it, add "
                f'"unguarded": true (ion plugins disable {name} --unguarded)',
            )
        if record.status not in _OUT or not self._is_registered(name):
            raise PluginChangeError(
                "state", f"{name} does not run: it is {record.status.value}: {record.reason}"
            )

    def _is_registered(self, name: str) -> bool:
        return any(one.record.name == name for one in self._host.registrations())

    async def _bring_back(self, name: str) -> None:
        taken_out = self._out[name]
        self._host.activation.bring_back(taken_out)
        problem = await self._start(name)
        if problem:
            self._host.activation.take_out(taken_out.record)
            self._host.change(name, Status.DISABLED, f"could not be let in again: {problem}")
            raise PluginChangeError("start", problem)
        del self._out[name]
        self._host.let_in(name, LET_IN)
        if self._record(name).status is not Status.ACTIVE:
            self._host.change(name, Status.ACTIVE, LET_IN)
        self._means.swap()

    async def _start(self, name: str) -> str:
        """What was wrong with its ``ion_startup``, empty where nothing was."""
        starts = [i for i in self._host.table()["ion_startup"] if i.plugin == name]
        budget_s = self._means.settings.plugins.startup_budget_s
        return next((one.problem for one in await start_up(starts, budget_s) if one.problem), "")

    def _end_quarantine(self, record: PluginRecord) -> None:
        if not self._is_registered(record.name) or record.status not in _OUT:
            raise PluginChangeError(
                "state",
                f"{record.name} is {record.status.value}: {record.reason}; only a restart can "
                "change that",
            )
        self._host.let_in(record.name, LET_IN)

    def _persona_to_reload(self, record: PluginRecord) -> Persona:
        name, persona = record.name, record.manifest.persona if record.manifest else None
        if persona is None:
            raise PluginChangeError("code", f"{name} is no persona; restart the host to load it")
        if record.candidate.has_code:
            raise PluginChangeError(
                "code",
                f"{name} has code, which a running process cannot load again; restart the host",
            )
        if record.candidate.folder is None:
            raise PluginChangeError("code", f"{name} lives in this process only and has no files")
        if record.status is not Status.ACTIVE:
            raise PluginChangeError(
                "state", f"{name} does not run: it is {record.status.value}: {record.reason}"
            )
        return persona

    def _reread(self, record: PluginRecord, first: Persona) -> PluginRecord:
        """Verify the files and read them; waits for the disk."""
        from ion_framework.plugin_host.rereading import reread  # only a reload needs it
        from ion_framework.plugin_host.trust import distrust_of

        try:
            doubt = distrust_of(self._means.settings.plugins)(record.candidate)
        except SettingsError as error:
            raise PluginChangeError("untrusted", str(error)) from error
        if doubt:
            raise PluginChangeError("untrusted", doubt)
        try:
            return reread(record, first, is_later=record.name in self._later)
        except ManifestError as error:
            raise PluginChangeError("invalid", str(error)) from error

    async def _stop(self, stops: list[Implementation], old: Parts) -> None:
        try:
            await self._means.in_use.until_unused(old, self._means.settings.turn.deadline_s)
        finally:
            await shut_down(stops)


def _others(lost: tuple[Loss, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(other for loss in lost for other in loss.others))
