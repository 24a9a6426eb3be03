"""The full reason for a plugin's status: every decision about it, in the order in which they fall.

Told from metadata, manifests and settings; nothing is imported. A value of a setting is never part
of it, only what sets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path

import attrs

from ion_framework.cli.checks.finding import reportable
from ion_framework.cli.checks.requirements import unmet
from ion_framework.cli.plugin_plan import Plan, make_plan
from ion_framework.manifest.model import API_MAJOR, MANIFEST_NAME, Kind, Manifest
from ion_framework.plugin_host.discovery import canonical
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.naming import called, told_apart
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import is_named
from ion_framework.plugin_host.trust_files import is_editable, start_files
from ion_framework.plugin_host.trust_freeze import distribution_of
from ion_framework.settings.model import PluginSettings, Settings, Trust
from ion_framework.settings.plugin_values import variables_of


class AmbiguousNameError(Exception):
    """A name may mean several plugins.

    Args:
        name: the name.
        choices: the plugins, by names that are not ambiguous.
    """

    def __init__(self, name: str, choices: str) -> None:
        super().__init__(f"{name!r} may mean any of {choices}; give the plugin's name")


class Outcome(StrEnum):
    """What a decision came to.

    ``ok``      nothing stands in the way
    ``note``    worth a look
    ``stops``   this is why it does not run
    ``open``    not looked at, because something before it stops the plugin
    """

    OK = "ok"
    NOTE = "note"
    STOPS = "stops"
    OPEN = "open"


@attrs.frozen
class Decision:
    """One decision about a plugin.

    Attributes:
        subject: what was decided (``lists``, ``trust``).
        outcome: what it came to.
        text: why, one sentence.
    """

    subject: str
    outcome: Outcome
    text: str


@attrs.frozen
class Explanation:
    """One plugin and why it has its status.

    Attributes:
        name: the plugin.
        distribution: its distribution.
        version: the distribution's version.
        entry_point: what its entry point names.
        file: folder of its package, None where it was not found.
        provides: what it provides.
        status: its status, before anything is imported.
        reason: the reason in one sentence, as ``ion plugins`` shows it.
        decisions: every decision, in order.
        report: where problems with it are reported, empty where its metadata does not say.
    """

    name: str
    distribution: str
    version: str
    entry_point: str
    file: Path | None
    provides: tuple[Kind, ...]
    status: Status
    reason: str
    decisions: tuple[Decision, ...]
    report: str


def explain(
    name: str, host: PluginHost, settings: Settings, environ: Mapping[str, str]
) -> tuple[Explanation, ...]:
    """Explain every plugin that goes by a name; several only where one distribution brings them.

    Args:
        name: of a plugin or a distribution, or the shown name of a persona.
        host: the plugins with their static status.
        settings: the settings that the host was made with.
        environ: the environment that the host was made with.

    Raises:
        AmbiguousNameError: plugins of different names and distributions may be meant.
    """
    meant = called(name, host.records)
    if len({r.name for r in meant}) > 1 and len({r.distribution for r in meant}) > 1:
        raise AmbiguousNameError(name, told_apart(meant))
    plan = make_plan(host, settings) if meant else None
    return tuple(
        Explanation(
            name=record.name,
            distribution=record.distribution,
            version=record.version,
            entry_point=record.candidate.target,
            file=record.file,
            provides=record.provides,
            status=record.status,
            reason=record.reason,
            decisions=tuple(_Judgement(record, host, settings, environ).decisions(plan)),
            report=reportable(record.candidate.issues_url),
        )
        for record in meant
        if plan
    )


def near(name: str, host: PluginHost) -> tuple[str, ...]:
    """Names of plugins and distributions that are like a name that nobody has."""
    import difflib  # only a mistake needs it

    names = {record.name for record in host.records}
    names |= {canonical(record.distribution) for record in host.records}
    return tuple(difflib.get_close_matches(canonical(name), sorted(names), n=3))


class _Judgement:
    """One plugin, decision by decision."""

    def __init__(
        self,
        record: PluginRecord,
        host: PluginHost,
        settings: Settings,
        environ: Mapping[str, str],
    ) -> None:
        self._record = record
        self._records = host.records
        self._settings = settings
        self._environ = environ

    def decisions(self, plan: Plan) -> Iterator[Decision]:
        """All of them, in the order in which the host makes them."""
        yield self._found()
        yield self._lists()
        yield from self._manifest()
        yield from self._values()
        yield self._trust()
        yield from self._needs()
        yield self._name()
        yield from self._requirements()
        yield from self._order(plan)

    def _found(self) -> Decision:
        candidate = self._record.candidate
        where = f"{candidate.distribution} {candidate.version}, entry point {candidate.target!r}"
        if candidate.folder is None and candidate.problem:
            return Decision("found", Outcome.STOPS, f"{where}: {candidate.problem}")
        found = distribution_of(candidate.distribution)
        how = ", installed in place (editable)" if found and is_editable(found) else ""
        return Decision("found", Outcome.OK, f"{where}, in {candidate.folder}{how}")

    def _manifest(self) -> Iterator[Decision]:
        record, manifest = self._record, self._record.manifest
        if manifest is None:
            if record.status in (Status.INVALID, Status.INCOMPATIBLE) and record.file:
                subject = "plugin API" if record.status is Status.INCOMPATIBLE else "manifest"
                yield Decision(subject, Outcome.STOPS, record.reason)
            else:
                yield Decision("manifest", Outcome.OPEN, "was not read")
            return
        kinds = ", ".join(manifest.provides)
        yield Decision("manifest", Outcome.OK, f"{MANIFEST_NAME} is sound; it provides {kinds}")
        told = f"needs plugin API {manifest.ion_api}, this core offers {API_MAJOR}"
        yield Decision("plugin API", Outcome.OK, told)
        if record.status is Status.INVALID and not record.settings_problems:
            yield Decision("contract", Outcome.STOPS, record.reason)

    def _lists(self) -> Decision:
        if self._record.status is Status.DISABLED:
            return Decision("lists", Outcome.STOPS, self._record.reason)
        return Decision("lists", Outcome.OK, _wanted_by(self._record, self._settings.plugins))

    def _values(self) -> Iterator[Decision]:
        record = self._record
        for problem in record.settings_problems:
            yield Decision("settings", Outcome.STOPS, problem)
        if record.manifest and not record.settings_problems:
            set_by = [
                f"{key} by {source}"
                for key in record.manifest.settings
                if (source := self._source(record.manifest, key))
            ]
            told = "; ".join(set_by) or "nothing is set, its defaults count"
            yield Decision("settings", Outcome.OK, told)

    def _source(self, manifest: Manifest, key: str) -> str:
        """What sets a setting, empty where nothing does."""
        for name in variables_of(manifest.settings[key]):
            if self._environ.get(name, "").strip():
                return name
        table = self._settings.plugin.get(manifest.name, {})
        where = self._settings.file or "the settings"
        return f"[plugin.{manifest.name}] in {where}" if key in table else ""

    def _trust(self) -> Decision:
        plugins, record = self._settings.plugins, self._record
        if plugins.trust is Trust.ANY:
            return Decision("trust", Outcome.OK, "plugins.trust is any: whatever is installed")
        if record.status is Status.UNTRUSTED:
            return Decision("trust", Outcome.STOPS, record.reason)
        if record.status in (Status.READY, Status.IDLE, Status.CONFLICT):
            return Decision("trust", Outcome.OK, f"is exactly as pinned in {plugins.pins}")
        return Decision("trust", Outcome.OPEN, "was not verified, because it does not run anyway")

    def _needs(self) -> Iterator[Decision]:
        record, manifest = self._record, self._record.manifest
        for group in manifest.needs if manifest else ():
            missing = manifest is not None and not any(
                record.settings.get(key) or self._source(manifest, key) for key in group
            )
            ways = " or ".join(_way(manifest, key) for key in group) if manifest else ""
            if record.status is Status.IDLE and missing:
                yield Decision("needs", Outcome.STOPS, f"nothing gives it {ways}")
            elif missing:
                yield Decision("needs", Outcome.NOTE, f"nothing gives it {ways} so far")
            else:
                yield Decision("needs", Outcome.OK, f"has what it needs: {' or '.join(group)}")

    def _name(self) -> Decision:
        record = self._record
        if record.status is Status.CONFLICT:
            return Decision("name", Outcome.STOPS, record.reason)
        others = [r for r in self._records if r.name == record.name and r is not record]
        told = ", ".join(f"{r.distribution} {r.version} ({r.status.value})" for r in others)
        return Decision(
            "name",
            Outcome.NOTE if others else Outcome.OK,
            f"also brought by {told}" if others else "no other distribution brings it",
        )

    def _requirements(self) -> Iterator[Decision]:
        found = distribution_of(self._record.distribution)
        if found is None:
            yield Decision("requirements", Outcome.OPEN, "it has no distribution that names any")
            return
        findings = list(unmet("requirements", found, ""))
        for finding in findings:
            told = f"{finding.message}; {finding.fix}"
            yield Decision("requirements", Outcome.NOTE, told)
        if not findings:
            yield Decision("requirements", Outcome.OK, "everything that it requires is installed")
        for file in start_files(found):
            told = f"brings {file}, which Python runs at every start, before ION can verify it"
            yield Decision("start of Python", Outcome.NOTE, told)

    def _order(self, plan: Plan) -> Iterator[Decision]:
        record = self._record
        if record.status is not Status.READY:
            yield Decision("order", Outcome.OPEN, "it has no place, because it does not run")
            return
        for persona in plan.personas:
            if persona.name == record.name:
                told = f"rank {persona.rank} decides where personas are level"
                yield Decision("order", Outcome.OK, told)
        for stage in plan.stages:
            for place, step in enumerate(stage.steps, 1):
                if step.plugin == record.name:
                    may = "" if step.certain else ", if it has this hook"
                    told = f"{stage.hook}: {place} of {len(stage.steps)} ({step.why}){may}"
                    yield Decision("order", Outcome.OK, told)


def _wanted_by(record: PluginRecord, settings: PluginSettings) -> str:
    """What lets a plugin run that is not disabled."""
    for layer in reversed(settings.layers):
        if is_named(layer.enable, record.candidate):
            return f"enabled by {layer.source}"
    return "no list names it, and without a list of enabled plugins all run"


def _way(manifest: Manifest, key: str) -> str:
    names = " or ".join(manifest.settings[key].env)
    table = f"{key} in [plugin.{manifest.name}]"
    return f"{table} ({names})" if names else table
