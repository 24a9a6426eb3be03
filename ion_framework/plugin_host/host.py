"""The plugin host: from what is installed to what runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from ion_framework.clock import Clock
from ion_framework.errors import PluginError, RequiredPluginError, SettingsError
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, Source
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import is_named, unmatched
from ion_framework.settings.environment import unknown_variables
from ion_framework.settings.model import Settings
from ion_framework.settings.plugin_values import variables_of

if TYPE_CHECKING:
    from ion_framework.domain.persona import Persona
    from ion_framework.domain.plugin_texts import PluginTexts
    from ion_framework.pipeline.cache_key import GeneratorModel
    from ion_framework.pipeline.hooks import Hooks
    from ion_framework.pipeline.implementation import Implementation
    from ion_framework.pipeline.life import Started
    from ion_framework.plugin_host.importing import Imported, Job
    from ion_framework.plugin_host.providing import Taken
    from ion_framework.plugin_host.registry import Registration, Registry


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
        self._records = list(assess(self._candidates, settings, environ))
        self._environ = environ
        self._registry: Registry | None = None
        self._provided: dict[str, dict[str, Any]] = {}
        self._on_change: Callable[[PluginRecord, PluginRecord], None] | None = None

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
        self._on_change = listener

    def activate(self) -> None:
        """Import every READY plugin, check it against the hook specs and register it.

        What fails becomes FAILED or INVALID with a reason; the rest goes on. A second time nothing
        is imported again; plugins that were in quarantine are active.

        Raises:
            SettingsError: a ``[plugin.…]`` table is wrong or belongs to nobody, or ``[order]``
                names a hook that does not exist.
            RequiredPluginError: a required plugin is not active.
        """
        if self._registry is None:
            self._bring_to_life()
        for record in self._records:
            if record.status is Status.QUARANTINED:
                self.quarantine(record.name, "")
        self.check_required(Status.ACTIVE)

    def _bring_to_life(self) -> None:
        from ion_framework.plugin_host.providing import Taken
        from ion_framework.plugin_host.registry import Registry, unknown_hooks

        problems = (*self.settings_problems(), *unknown_hooks(self._settings))
        if problems:
            raise SettingsError(*problems)
        self._registry = Registry(self._settings.order, self._settings.file)
        taken = Taken()
        self._activate_all([r for r in self._ready() if _keeps_secrets(r)], taken)
        self._complete_settings()
        self.check_required(Status.READY)
        self._activate_all(self._ready(), taken)

    def _ready(self) -> list[PluginRecord]:
        return [record for record in self._records if record.status is Status.READY]

    def _activate_all(self, ready: Sequence[PluginRecord], taken: Taken) -> None:
        from ion_framework.plugin_host.importing import import_all  # listing needs none of it

        jobs = [self._job(r, r.manifest) for r in ready if r.candidate.has_code and r.manifest]
        imported = {
            done.name: done for done in import_all(jobs, self._settings.plugins.import_budget_s)
        }
        for record in ready:
            # Before anybody else: no extension takes the name of a persona that is installed.
            taken.reserve(_own_persona(record), record.name)
        for record in ready:
            self._activate(record, imported.get(record.name), taken)

    def _complete_settings(self) -> None:
        """Ask the sources of secrets for what the settings lack."""
        from ion_framework.plugin_host.secret_lookup import completed, look_up, wanted

        sources = [source for _, source in self.provided("ion_provide_secrets")]
        names = wanted(self._records)
        if not sources or not names:
            return
        budget_s = self._settings.plugins.import_budget_s
        found = look_up(names, sources, budget_s)
        for record in tuple(self._records):
            self._replace(record, completed(record, found, budget_s))

    def table(self) -> dict[str, tuple[Implementation, ...]]:
        """Implementations by hook, in order.

        Raises:
            PluginOrderError: the order is contradictory or ambiguous.
        """
        return self._active_registry.table()

    def registrations(self) -> tuple[Registration, ...]:
        """The objects that are registered."""
        return self._active_registry.registrations()

    def provided(self, hook: str) -> tuple[tuple[PluginRecord, Any], ...]:
        """What plugins returned from a provide hook, with the plugin, in the hook's order."""
        values = self._provided.get(hook, {})
        plugins = (item.plugin for item in self._active_registry.implementations(hook))
        return tuple(
            (self.record(name), values[name]) for name in dict.fromkeys(plugins) if name in values
        )

    def texts(self) -> PluginTexts:
        """The sentences that the active plugins bring, in their order.

        Raises:
            PluginOrderError: the order is contradictory.
        """
        from ion_framework.plugin_host.texts import texts_of

        return texts_of(self._records)

    def models(self) -> dict[str, GeneratorModel]:
        """What each plugin says of its model, by plugin; nothing, unless it is a generator."""
        return {item.record.name: item.model for item in self.registrations() if not item.standard}

    def record(self, name: str) -> PluginRecord:
        """The record of a plugin; of two that share a name the one that is not disabled.

        Raises:
            LookupError: no plugin of this name is installed.
        """
        found = [record for record in self._records if record.name == name]
        if not found:
            raise LookupError(f"no plugin {name!r} is installed")
        found.sort(key=lambda record: record.status is Status.DISABLED)
        return found[0]

    def note_startup(self, started: Started) -> None:
        """Note how a plugin's ``ion_startup`` went, and take the plugin out where it failed."""
        record = self.record(started.plugin)
        record = self._replace(record, attrs.evolve(record, startup_ms=started.duration_ms))
        if started.problem:
            self.fail(record.name, started.problem)

    def fail(self, name: str, reason: str) -> None:
        """Take a plugin out that failed after it was activated."""
        self._active_registry.remove(name)
        self._change(self.record(name), Status.FAILED, reason)

    def quarantine(self, name: str, reason: str) -> None:
        """Mark a plugin as quarantined, or as active again where the reason is empty."""
        status = Status.QUARANTINED if reason else Status.ACTIVE
        self._change(self.record(name), status, reason or "let in again after its quarantine")

    @property
    def _active_registry(self) -> Registry:
        if self._registry is None:
            raise PluginError("the plugins are not activated yet; call activate() first")
        return self._registry

    def check_required(self, wanted: Status) -> None:
        """Stop where a required plugin does not have the status that it should have by now.

        Raises:
            RequiredPluginError: it has not; says why.
        """
        for name in self._settings.plugins.required:
            found = [r for r in self._records if is_named((name,), r.candidate)]
            if not found:
                raise RequiredPluginError(
                    f"the required plugin {name!r} is not installed; install it, or take it off "
                    "plugins.required"
                )
            for plugin in dict.fromkeys(record.name for record in found):
                record = self.record(plugin)
                if record.status is not wanted:
                    raise RequiredPluginError(
                        f"the required plugin {name!r} is {record.status.value}: {record.reason}"
                    )

    def _job(self, record: PluginRecord, manifest: Manifest) -> Job:
        from ion_framework.pipeline.language_model import LanguageModel
        from ion_framework.plugin_host.context import PluginContext
        from ion_framework.plugin_host.importing import Job

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

    def _activate(self, record: PluginRecord, imported: Imported | None, taken: Taken) -> None:
        """Register what a plugin's import has brought; a data-only persona has no import."""
        if imported is not None:
            record = self._replace(record, attrs.evolve(record, import_ms=imported.import_ms))
            if imported.error:
                self._change(record, Status.FAILED, imported.error)
                return
            if imported.problems:
                self._change(record, Status.INVALID, "; ".join(imported.problems))
                return
        provided = self._provided_by(record, imported)
        try:
            self._register(record, imported, provided, taken)
        except PluginError as error:
            self._active_registry.remove(record.name)
            self._change(record, Status.INVALID, str(error))
            return
        for hook, value in provided.items():
            self._provided.setdefault(hook, {})[record.name] = value
        self._change(record, Status.ACTIVE, "runs")

    def _provided_by(self, record: PluginRecord, imported: Imported | None) -> Mapping[str, Any]:
        from ion_framework.plugin_host.providing import PERSONAS

        own = _own_persona(record)
        if own:
            return {PERSONAS: own}
        return imported.provided if imported else {}

    def _register(
        self,
        record: PluginRecord,
        imported: Imported | None,
        provided: Mapping[str, Any],
        taken: Taken,
    ) -> None:
        from ion_framework.plugin_host.manifest_persona import ManifestPersona
        from ion_framework.plugin_host.providing import PERSONAS
        from ion_framework.plugin_host.registry import Registration

        own = _own_persona(record)
        if imported is not None:
            name = own[0].name if own else ""
            self._active_registry.add(
                Registration(record, imported.target, name, model=imported.model)
            )
        personas: Sequence[Persona] = provided.get(PERSONAS, ())
        taken.claim(personas, record.name)
        for persona in personas:
            target = ManifestPersona(persona, self._settings.prompt)
            self._active_registry.add(Registration(record, target, persona.name, standard=True))

    def _change(self, record: PluginRecord, status: Status, reason: str) -> None:
        changed = self._replace(record, record.become(status, reason))
        if self._on_change is not None:
            self._on_change(record, changed)

    def _replace(self, record: PluginRecord, changed: PluginRecord) -> PluginRecord:
        for index, known in enumerate(self._records):
            if known.candidate == record.candidate:
                self._records[index] = changed
        return changed


def _keeps_secrets(record: PluginRecord) -> bool:
    return record.manifest is not None and Kind.SECRETS in record.manifest.provides


def _own_persona(record: PluginRecord) -> tuple[Persona, ...]:
    """The persona of a plugin's manifest, none for another kind of plugin."""
    persona = record.manifest.persona if record.manifest else None
    return (persona,) if persona else ()
