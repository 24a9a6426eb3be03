"""Bringing plugins to life: import, check, register; and taking them out and in again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from ion_framework.clock import Clock
from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginError
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.pipeline.hooks import Hooks
from ion_framework.pipeline.language_model import LanguageModel
from ion_framework.plugin_host.containing import Containing
from ion_framework.plugin_host.context import PluginContext
from ion_framework.plugin_host.importing import Imported, Job, import_all
from ion_framework.plugin_host.manifest_persona import ManifestPersona
from ion_framework.plugin_host.providing import PERSONAS, Taken
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.records import Records
from ion_framework.plugin_host.registry import Registration, Registry
from ion_framework.plugin_host.secret_lookup import completed, look_up, wanted
from ion_framework.settings.model import Settings


@attrs.frozen
class TakenOut:
    """A plugin that was taken out and may come back.

    Attributes:
        record: its record as it was.
        registrations: its objects.
        provided: what its provide hooks returned, by hook.
    """

    record: PluginRecord
    registrations: tuple[Registration, ...]
    provided: Mapping[str, Any]


class Activation:
    """The plugins that run.

    Args:
        records: all plugins; those that are READY become ACTIVE, FAILED or INVALID.
        settings: the settings.
        clock: the clock that plugins are given.
        hooks: the hooks in use, through which plugins ask the language model; without it they are
            told that there is none.
        containing: gives each plugin its bounds.
    """

    def __init__(
        self,
        records: Records,
        settings: Settings,
        clock: Clock,
        hooks: Callable[[], Hooks] | None,
        containing: Containing,
    ) -> None:
        self.registry = Registry(settings.order, settings.file)
        self._records = records
        self._settings = settings
        self._clock = clock
        self._hooks = hooks
        self._containing = containing
        self._provided: dict[str, dict[str, Any]] = {}
        self._taken = Taken()

    def bring_to_life(self) -> None:
        """Activate every plugin that is READY; sources of secrets first.

        Raises:
            RequiredPluginError: the settings of a required plugin are not complete.
        """
        self._activate_all([r for r in self._records.ready() if _keeps_secrets(r)])
        self._complete_settings()
        self._records.check_required(self._settings.plugins.required, Status.READY)
        self._activate_all(self._records.ready())

    def provided(self, hook: str) -> tuple[tuple[PluginRecord, Any], ...]:
        """What plugins returned from a provide hook, with the plugin, in the hook's order."""
        values = self._provided.get(hook, {})
        plugins = (item.plugin for item in self.registry.implementations(hook))
        return tuple(
            (self._records.of(name), values[name])
            for name in dict.fromkeys(plugins)
            if name in values
        )

    def take_out(self, record: PluginRecord) -> TakenOut:
        """Take everything of a plugin out; what it was is returned."""
        name = record.name
        mine = tuple(r for r in self.registry.registrations() if r.record.name == name)
        provided = {hook: values[name] for hook, values in self._provided.items() if name in values}
        self._forget(name)
        return TakenOut(record, mine, provided)

    def bring_back(self, taken_out: TakenOut) -> None:
        """Register again what was taken out."""
        name = taken_out.record.name
        self._taken.claim(taken_out.provided.get(PERSONAS, ()), name)
        for registration in taken_out.registrations:
            self.registry.add(registration)
        self._keep(name, taken_out.provided)

    def put_persona(self, record: PluginRecord) -> None:
        """Register a data-only persona with what its record's manifest says.

        Raises:
            PluginError: somebody else has its name.
        """
        provided = {PERSONAS: _own_persona(record)}
        self._register(record, None, provided)
        self._keep(record.name, provided)

    def _activate_all(self, ready: Sequence[PluginRecord]) -> None:
        jobs = [self._job(r, r.manifest) for r in ready if r.candidate.has_code and r.manifest]
        imported = {
            done.name: done for done in import_all(jobs, self._settings.plugins.import_budget_s)
        }
        for record in ready:
            # Before anybody else: no extension takes the name of a persona that is installed.
            self._taken.reserve(_own_persona(record), record.name)
        for record in ready:
            self._activate(record, imported.get(record.name))

    def _complete_settings(self) -> None:
        """Ask the sources of secrets for what the settings lack."""
        sources = [source for _, source in self.provided("ion_provide_secrets")]
        names = wanted(self._records)
        if not sources or not names:
            return
        budget_s = self._settings.plugins.import_budget_s
        found = look_up(names, sources, budget_s)
        for record in self._records:
            self._records.replace(record, completed(record, found, budget_s))

    def _job(self, record: PluginRecord, manifest: Manifest) -> Job:
        return Job(
            record.candidate,
            PluginContext(
                name=record.name,
                version=record.version,
                settings=dict(record.settings),
                clock=self._clock,
                data_dir=self._settings.folder() / record.name,
                persona=manifest.persona,
                language_model=(
                    LanguageModel(self._hooks, self._settings.turn, self._clock, record.name)
                    if self._hooks
                    else LanguageModel.missing()
                ),
            ),
            manifest,
        )

    def _activate(self, record: PluginRecord, imported: Imported | None) -> None:
        """Register what a plugin's import has brought; a data-only persona has no import."""
        change = self._records.change
        if imported is not None:
            changed = attrs.evolve(record, import_ms=imported.import_ms)
            record = self._records.replace(record, changed)
            if imported.error:
                change(record, Status.FAILED, imported.error)
                return
            if imported.problems:
                change(record, Status.INVALID, "; ".join(imported.problems))
                return
        provided = _provided_by(record, imported)
        try:
            self._register(record, imported, provided)
        except PluginError as error:
            self.registry.remove(record.name)
            change(record, Status.INVALID, str(error))
            return
        self._keep(record.name, provided)
        change(record, Status.ACTIVE, "runs")

    def _register(
        self, record: PluginRecord, imported: Imported | None, provided: Mapping[str, Any]
    ) -> None:
        own = _own_persona(record)
        if imported is not None:
            self.registry.add(
                Registration(
                    record,
                    imported.target,
                    own[0].name if own else "",
                    model=imported.model,
                    containment=self._containing.of(record),
                )
            )
        personas: Sequence[Persona] = provided.get(PERSONAS, ())
        self._taken.claim(personas, record.name)
        for persona in personas:
            target = ManifestPersona(persona, self._settings.prompt)
            self.registry.add(Registration(record, target, persona.name, standard=True))

    def _keep(self, name: str, provided: Mapping[str, Any]) -> None:
        for hook, value in provided.items():
            self._provided.setdefault(hook, {})[name] = value

    def _forget(self, name: str) -> None:
        self.registry.remove(name)
        self._taken.release(name)
        for values in self._provided.values():
            values.pop(name, None)


def _provided_by(record: PluginRecord, imported: Imported | None) -> Mapping[str, Any]:
    own = _own_persona(record)
    if own:
        return {PERSONAS: own}
    return imported.provided if imported else {}


def _keeps_secrets(record: PluginRecord) -> bool:
    return record.manifest is not None and Kind.SECRETS in record.manifest.provides


def _own_persona(record: PluginRecord) -> tuple[Persona, ...]:
    """The persona of a plugin's manifest, none for another kind of plugin."""
    persona = record.manifest.persona if record.manifest else None
    return (persona,) if persona else ()
