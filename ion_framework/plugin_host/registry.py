"""The registry: pluggy holds the plugins, this builds the table of implementations from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
import pluggy

from ion_framework.errors import PluginError
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.pipeline import hookspecs
from ion_framework.pipeline.cache_key import GeneratorModel
from ion_framework.pipeline.containment import Containment
from ion_framework.pipeline.implementation import CallMode, Implementation
from ion_framework.pipeline.markers import PROJECT, Family, is_pure
from ion_framework.pipeline.redaction import secret_texts
from ion_framework.pipeline.threads import Threads
from ion_framework.plugin_host.importing import describe
from ion_framework.plugin_host.inspection import RULES, SPECS, nearest_hook
from ion_framework.plugin_host.ordering import Place, arrange, refuse_ambiguity
from ion_framework.plugin_host.record import PluginRecord
from ion_framework.settings.model import Settings

ONE_ONLY = ("ion_provide_cache",)
"""Provide hooks of which one implementation serves; two need an order, as deciders do."""


@attrs.frozen
class Registration:
    """One object among the plugins.

    Attributes:
        record: the plugin that it belongs to.
        target: the object.
        persona: name of the persona whose turns alone it serves, empty for a general one.
        standard: it is the core's own stand-in for a manifest, which comes last.
        threads: those in which its blocking functions run.
        containment: the plugin's bounds; the core's own stand-in has none.
        model: a generator's model, as it names it.
    """

    record: PluginRecord
    target: object
    persona: str = ""
    standard: bool = False
    threads: Threads = attrs.field(factory=Threads, repr=False, eq=False)
    containment: Containment = attrs.field(factory=Containment, repr=False, eq=False)
    model: GeneratorModel = attrs.field(factory=GeneratorModel)

    @property
    def key(self) -> str:
        """Its name in pluggy."""
        return f"{self.record.name}:{self.persona}" if self.standard else self.record.name


class Registry:
    """Objects with hook implementations, and the table of those in order.

    One registry belongs to one `Ion`; nothing is global.

    Args:
        order: the lists ``order.<hook>`` of the settings.
        file: the settings file in use, for errors.
    """

    def __init__(self, order: Mapping[str, Sequence[str]], file: Path | None = None) -> None:
        self._order = order
        self._file = file
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hookspecs)
        self._registrations: dict[str, Registration] = {}

    def add(self, registration: Registration) -> None:
        """Register an object.

        Raises:
            PluginError: pluggy refuses it; nothing of it stays behind.
        """
        for known in self._registrations.values():
            if known.target is registration.target:
                raise PluginError(
                    f"its factory returned the object that {known.record.name} has returned "
                    "already; make a new one at every call"
                )
        try:
            self._manager.register(registration.target, registration.key)
            self._manager.check_pending()
        except Exception as error:  # a plugin's own __eq__ may raise anything
            if self._manager.has_plugin(registration.key):
                self._manager.unregister(name=registration.key)
            record = registration.record
            secrets = secret_texts(record.manifest, record.settings)
            told = describe(error, record.candidate.folder, secrets)
            raise PluginError(f"cannot be registered: {told}") from error
        self._registrations[registration.key] = registration

    def remove(self, plugin: str) -> None:
        """Take everything of a plugin out."""
        for key, registration in list(self._registrations.items()):
            if registration.record.name == plugin:
                self._manager.unregister(name=key)
                del self._registrations[key]

    def registrations(self) -> tuple[Registration, ...]:
        """What is registered, in order of registration."""
        return tuple(self._registrations.values())

    def table(self) -> dict[str, tuple[Implementation, ...]]:
        """Implementations by hook, each in the order in which they are called.

        Raises:
            PluginOrderError: the order is contradictory or ambiguous.
        """
        return {hook: self.implementations(hook) for hook in SPECS}

    def implementations(self, hook: str) -> tuple[Implementation, ...]:
        """Implementations of one hook, in the order in which they are called.

        Raises:
            PluginOrderError: the order is contradictory or ambiguous.
        """
        found: list[tuple[Registration, Implementation]] = []
        for impl in getattr(self._manager.hook, hook).get_hookimpls():
            registration = self._registrations[impl.plugin_name]
            arguments = (*impl.argnames, *impl.kwargnames)
            found.append(
                (registration, _implementation(hook, registration, impl.function, arguments))
            )
        general = [registration for registration, _ in found if not registration.persona]
        places = [place_of(registration.record) for registration in general]
        explicit = tuple(self._order.get(hook, ()))
        if RULES[hook].family is Family.DECIDE or hook in ONE_ONLY:
            refuse_ambiguity(hook, places, explicit, self._file)
        position = {name: index for index, name in enumerate(arrange(places, explicit))}
        found.sort(key=lambda pair: _rank(pair[0], position, explicit))
        return tuple(implementation for _, implementation in found)


def unknown_hooks(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the keys of ``[order]``, one sentence each."""
    file = f"{settings.file}: " if settings.file else ""
    return tuple(
        f"{file}order.{hook}: there is no such hook; {nearest_hook(hook)}"
        for hook in settings.order
        if hook not in SPECS
    )


def _rank(
    registration: Registration, position: Mapping[str, int], explicit: Sequence[str]
) -> tuple[int, int, int, str]:
    """Sort key: a persona's own first, then general ones in their order, then the standard.

    Guards come after the rest, except where the operator's list says otherwise.
    """
    if registration.standard:
        return (2, 0, 0, registration.key)
    if registration.persona:
        return (0, 0, 0, registration.key)
    name = registration.record.name
    guards_last = int(Kind.GUARD in registration.record.provides and name not in explicit)
    return (1, guards_last, position[name], registration.key)


def place_of(record: PluginRecord) -> Place:
    """What the order of a plugin depends on, by its manifest."""
    manifest = record.manifest
    if manifest is None:
        return Place(record.name)
    return Place(record.name, manifest.before, manifest.after, manifest.fallback)


def _implementation(
    hook: str, registration: Registration, function: object, arguments: tuple[str, ...]
) -> Implementation:
    record, manifest = registration.record, registration.record.manifest
    return Implementation(
        hook=hook,
        plugin=record.name,
        distribution=record.distribution,
        version=record.version,
        function=function,  # type: ignore[arg-type]  # pluggy holds only callables
        arguments=arguments,
        returns=RULES[hook].returns,
        mode=_mode(registration, manifest),
        fallback=bool(manifest and manifest.fallback),
        persona=registration.persona,
        guard=Kind.GUARD in record.provides,
        pure=is_pure(function),
        secrets=secret_texts(manifest, record.settings),
        threads=registration.threads,
        containment=registration.containment,
    )


def _mode(registration: Registration, manifest: Manifest | None) -> CallMode:
    if registration.standard:
        return CallMode.DIRECT
    if manifest is not None and manifest.blocking:
        return CallMode.THREAD
    return CallMode.DIRECT if registration.record.candidate.first_party else CallMode.SUPERVISED
