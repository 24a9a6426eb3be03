"""The plugin host: from what is installed to what runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import PluginError, SettingsError
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, Source
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.records import Records
from ion_framework.plugin_host.selection import unmatched
from ion_framework.settings.environment import unknown_variables
from ion_framework.settings.model import Settings
from ion_framework.settings.plugin_values import variables_of

if TYPE_CHECKING:
    from ion_framework.domain.plugin_texts import PluginTexts
    from ion_framework.pipeline.cache_key import GeneratorModel
    from ion_framework.pipeline.containment import Containment
    from ion_framework.pipeline.hooks import Hooks
    from ion_framework.pipeline.implementation import Implementation
    from ion_framework.pipeline.life import Started
    from ion_framework.plugin_host.activation import Activation
    from ion_framework.plugin_host.containing import Containing
    from ion_framework.plugin_host.registry import Registration


class PluginHost:
    """Everything about plugins of one `Ion`.

    Making one finds and judges the installed plugins and imports none of them; `activate` does.

    Args:
        settings: the settings.
        source: where candidates come from.
        environ: the environment, for the variables that manifests name.
        clock: the clock that plugins are given.
        hooks: the hooks in use, through which plugins ask the language model; without it they are
            told that there is none.
    """

    def __init__(
        self,
        settings: Settings,
        source: Source,
        environ: Mapping[str, str],
        clock: Clock,
        hooks: Callable[[], Hooks] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._hooks = hooks
        self._candidates: tuple[Candidate, ...] = tuple(source())
        self._records = Records(assess(self._candidates, settings, environ))
        self._environ = environ
        self._life: tuple[Activation, Containing] | None = None

    @property
    def records(self) -> tuple[PluginRecord, ...]:
        """Every installed plugin with its status, by name."""
        return tuple(self._records)

    def warnings(self) -> tuple[str, ...]:
        """What looks like a mistake but does not stop the start."""
        names = [
            name
            for record in self._records
            if record.manifest
            for spec in record.manifest.settings.values()
            for name in variables_of(spec)
        ]
        return (
            *unmatched(self._candidates, self._settings.plugins),
            *unknown_variables(self._environ, names),
        )

    def settings_problems(self) -> tuple[str, ...]:
        """Tables of ``[plugin.<name>]`` that belong to nobody, and values that are wrong."""
        known = {record.name for record in self._records}
        file = f"{self._settings.file}: " if self._settings.file else ""
        problems = [
            f"{file}plugin.{name}: no plugin of this name is installed; installed are: "
            f"{', '.join(sorted(known)) or 'none'}"
            for name in self._settings.plugin
            if name not in known
        ]
        problems += [
            f"{record.name}: {record.reason}"
            for record in self._records
            if record.status is Status.INVALID and record.settings_problems
        ]
        return tuple(problems)

    def on_change(self, listener: Callable[[PluginRecord, PluginRecord], None]) -> None:
        """Have a function called with the record before and after each change of status."""
        self._records.on_change(listener)

    def activate(self) -> None:
        """Import every READY plugin, check it against the hook specs and register it.

        What fails becomes FAILED or INVALID with a reason; the rest goes on. A second time nothing
        is imported again; plugins that were in quarantine are active.

        Raises:
            SettingsError: a ``[plugin.…]`` table is wrong or belongs to nobody, or ``[order]``
                names a hook that does not exist.
            RequiredPluginError: a required plugin is not active.
        """
        if self._life is None:
            self._bring_to_life()
        for record in self._records:
            if record.status is Status.QUARANTINED:
                self.let_in(record.name, _LET_IN)
        self.check_required(Status.ACTIVE)

    def _bring_to_life(self) -> None:
        from ion_framework.plugin_host.activation import Activation  # listing needs none of it
        from ion_framework.plugin_host.containing import Containing
        from ion_framework.plugin_host.registry import unknown_hooks

        problems = (*self.settings_problems(), *unknown_hooks(self._settings))
        if problems:
            raise SettingsError(*problems)
        containing = Containing(self._clock, self._settings.plugins.bulkhead, self._stands)
        activation = Activation(self._records, self._settings, self._clock, self._hooks, containing)
        self._life = (activation, containing)
        activation.bring_to_life()

    def table(self) -> dict[str, tuple[Implementation, ...]]:
        """Implementations by hook, in order.

        Raises:
            PluginOrderError: the order is contradictory or ambiguous.
        """
        return self.activation.registry.table()

    def registrations(self) -> tuple[Registration, ...]:
        """The objects that are registered."""
        return self.activation.registry.registrations()

    def provided(self, hook: str) -> tuple[tuple[PluginRecord, Any], ...]:
        """What plugins returned from a provide hook, with the plugin, in the hook's order."""
        return self.activation.provided(hook)

    def texts(self) -> PluginTexts:
        """The sentences that the active plugins bring, in their order.

        Raises:
            PluginOrderError: the order is contradictory.
        """
        from ion_framework.plugin_host.texts import texts_of

        return texts_of(self.records)

    def models(self) -> dict[str, GeneratorModel]:
        """What each plugin says of its model, by plugin; nothing, unless it is a generator."""
        return {item.record.name: item.model for item in self.registrations() if not item.standard}

    def containments(self) -> Mapping[str, Containment]:
        """The bounds of each plugin with code, by name; none before `activate`."""
        return self._life[1].known if self._life else {}

    def record(self, name: str) -> PluginRecord:
        """The record of a plugin; of two that share a name the one that is not disabled.

        Raises:
            LookupError: no plugin of this name is installed.
        """
        return self._records.of(name)

    def note_startup(self, started: Started) -> None:
        """Note how a plugin's ``ion_startup`` went, and take the plugin out where it failed."""
        record = self.record(started.plugin)
        changed = attrs.evolve(record, startup_ms=started.duration_ms)
        record = self._records.replace(record, changed)
        if started.problem:
            self.fail(record.name, started.problem)

    def fail(self, name: str, reason: str) -> None:
        """Take a plugin out that failed after it was activated."""
        self.activation.registry.remove(name)
        self.change(name, Status.FAILED, reason)

    def change(self, name: str, status: Status, reason: str) -> None:
        """Give a plugin another status, and tell of it."""
        self._records.change(self.record(name), status, reason)

    def replace(self, record: PluginRecord, changed: PluginRecord) -> None:
        """Put another record in the place of one, without telling of it."""
        self._records.replace(record, changed)

    def let_in(self, name: str, reason: str) -> None:
        """Let a plugin in that is in quarantine, or was deactivated.

        Args:
            name: the plugin.
            reason: why, one sentence.
        """
        known = self.containments().get(name)
        if known is not None and known.quarantine is not None:
            known.quarantine.let_in(reason)
        if self.record(name).status is Status.QUARANTINED:
            self.change(name, Status.ACTIVE, reason)

    def quarantine(self, name: str, reason: str) -> None:
        """Mark a plugin as quarantined."""
        self.change(name, Status.QUARANTINED, reason)

    @property
    def activation(self) -> Activation:
        """The plugins that run.

        Raises:
            PluginError: they are not activated yet.
        """
        if self._life is None:
            raise PluginError("the plugins are not activated yet; call activate() first")
        return self._life[0]

    def check_required(self, wanted: Status) -> None:
        """Stop where a required plugin does not have the status that it should have by now.

        Raises:
            RequiredPluginError: it has not; says why.
        """
        self._records.check_required(self._settings.plugins.required, wanted)

    def _stands(self, name: str, status: Status, reason: str) -> None:
        """What a plugin's quarantine tells; who was taken out meanwhile keeps its status."""
        if self.record(name).status in (Status.ACTIVE, Status.QUARANTINED, Status.FAILED):
            self.change(name, status, reason)


_LET_IN = "let in again after its quarantine"
