"""Another set of plugins: the installed ones with a few changes, for a replay."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import attrs

from ion_framework.clock import SystemClock
from ion_framework.errors import PluginError
from ion_framework.manifest.model import Kind
from ion_framework.plugin_host.discovery import Candidate, Source
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import is_named
from ion_framework.settings.model import PluginSettings, SelectionLayer, Settings

_CLOCK = SystemClock()

_IDLE_KINDS = frozenset({Kind.CACHE, Kind.STORE, Kind.MONITOR, Kind.HOST})
"""What a replay must not have: stored answers, and anybody who counts its turns as real ones.

A plugin that is something else besides stays, because that may decide what is compared.
"""


@attrs.frozen(kw_only=True)
class Changes:
    """What is different.

    Attributes:
        added: names of installed plugins or distributions that run as well, and folders with the
            source of a plugin, which takes the place of an installed one of its name.
        removed: names of plugins or distributions that do not run.
        router: the plugin that decides first.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    router: str | None = None


@attrs.frozen
class Variant:
    """A set of plugins.

    Attributes:
        settings: settings that choose them.
        source: where they come from.
        wanted: names of plugins or distributions that have to run.
    """

    settings: Settings
    source: Source
    wanted: tuple[str, ...] = ()


def make_variant(base: Source, settings: Settings, changes: Changes) -> Variant:
    """The plugins that a replay runs.

    Args:
        base: where the installed ones come from.
        settings: the settings without the changes.
        changes: what is different.

    Raises:
        PluginError: a plugin that is named is not there, or is no router.
    """
    source, names = base, []
    for added in changes.added:
        candidate = _candidate(added, base)
        if candidate is not None:
            from ion_framework.plugin_host.source_tree import source_with  # only here is a tree

            source = source_with(source, candidate)
        names.append(candidate.name if candidate else added)
    known = tuple(source())
    for name in changes.removed:
        _check_known(name, known, "--without")
    plugins = settings.plugins
    if changes.router is not None:
        _check_known(changes.router, known, "--router")
        names.append(changes.router)
        order = {**settings.order, "ion_route": _first(changes.router, settings.order)}
        settings = attrs.evolve(settings, order=order)
    plugins = _running(plugins, tuple(c for c in known if any(is_named((n,), c) for n in names)))
    settings = attrs.evolve(settings, plugins=plugins)
    return Variant(_without(settings, source, changes.removed), source, tuple(names))


def check_router(variant: Variant, name: str) -> None:
    """Refuse a router that is none.

    Raises:
        PluginError: names those that there are.
    """
    records = PluginHost(variant.settings, variant.source, os.environ, _CLOCK).records
    routers = [record.name for record in records if Kind.ROUTER in record.provides]
    if name not in routers:
        raise PluginError(f"--router: {name!r} is no router; routers are: {_listed(routers)}")


def check_running(variant: Variant, records: Sequence[PluginRecord]) -> None:
    """Refuse to play without a plugin that was asked for.

    Args:
        variant: what was asked for.
        records: the plugins as they are.

    Raises:
        PluginError: one of them does not run; says why.
    """
    for record in records:
        if is_named(variant.wanted, record.candidate) and record.status is not Status.ACTIVE:
            raise PluginError(f"{record.name} is {record.status.value}: {record.reason}")


def _candidate(added: str, base: Source) -> Candidate | None:
    """The plugin of a folder; None for one that is installed.

    Raises:
        PluginError: it is neither.
    """
    path = Path(added)
    if os.sep not in added and not added.startswith("."):
        known = tuple(base())
        if any(is_named((added,), candidate) for candidate in known):
            return None
        if not path.is_dir():
            _check_known(added, known, "--with")
    if not path.exists():
        raise PluginError(f"--with: {added}: there is no such folder")
    from ion_framework.plugin_host.source_tree import candidate_of  # only here is a tree

    return candidate_of(path)


def _check_known(name: str, known: Sequence[Candidate], option: str) -> None:
    if not any(is_named((name,), candidate) for candidate in known):
        installed = sorted({candidate.name for candidate in known})
        raise PluginError(
            f"{option}: no plugin {name!r} is installed; installed are: {_listed(installed)}"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _first(router: str, order: object) -> tuple[str, ...]:
    known = order.get("ion_route", ()) if isinstance(order, dict) else ()
    return (router, *(name for name in known if name != router))


def _running(plugins: PluginSettings, wanted: Sequence[Candidate]) -> PluginSettings:
    """The selection in which some plugins run, whatever any list said of them."""
    if not wanted:
        return plugins

    def let_in(disable: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in disable if not any(is_named((name,), c) for c in wanted))

    has_list = any(layer.enable for layer in plugins.layers)
    layer = SelectionLayer("--with", enable=tuple(c.name for c in wanted) if has_list else ())
    overrides = tuple(
        attrs.evolve(layer, disable=let_in(layer.disable)) for layer in plugins.overrides
    )
    return attrs.evolve(plugins, disable=let_in(plugins.disable), overrides=(*overrides, layer))


def _without(settings: Settings, source: Source, removed: tuple[str, ...]) -> Settings:
    """The settings in which nothing runs that is removed, or that has no place in a replay."""
    records = PluginHost(settings, source, os.environ, _CLOCK).records
    idle = tuple(
        record.name
        for record in records
        if record.provides and _IDLE_KINDS.issuperset(record.provides)
    )
    layer = SelectionLayer("ion replay", disable=(*removed, *idle))
    required = tuple(name for name in settings.plugins.required if name not in layer.disable)
    plugins = attrs.evolve(
        settings.plugins, required=required, overrides=(*settings.plugins.overrides, layer)
    )
    return attrs.evolve(settings, plugins=plugins)
