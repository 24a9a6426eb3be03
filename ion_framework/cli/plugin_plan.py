"""The plan: what would run and in which order, told from manifests and settings alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from ion_framework.cli.failures import sentence
from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginOrderError, RequiredPluginError
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.pipeline.markers import Family, HookRules
from ion_framework.plugin_host.host import PluginHost
from ion_framework.plugin_host.inspection import RULES
from ion_framework.plugin_host.ordering import Place, arrange, refuse_ambiguity
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.registry import ONE_ONLY, unknown_hooks
from ion_framework.settings.model import Settings, Trust


@attrs.frozen
class Step:
    """One plugin in one hook.

    Attributes:
        plugin: the plugin.
        distribution: its distribution and version.
        certain: whether its kind exists for this hook; otherwise it may have the hook or not.
        why: what gives it its place.
    """

    plugin: str
    distribution: str
    certain: bool
    why: str


@attrs.frozen
class Stage:
    """One hook.

    Attributes:
        hook: the hook.
        family: how the results of several plugins combine.
        steps: the plugins, in order.
    """

    hook: str
    family: Family
    steps: tuple[Step, ...]


@attrs.frozen
class PlannedPersona:
    """A persona of a manifest, in the order that decides ties."""

    name: str
    rank: int
    distribution: str


@attrs.frozen
class LeftOut:
    """A plugin that would not run."""

    plugin: str
    distribution: str
    status: Status
    reason: str


@attrs.frozen
class Plan:
    """What a start would do.

    Attributes:
        stops: what would stop the start; empty where it would start.
        warnings: what looks like a mistake, or could stop the start.
        personas: by rank, then by name.
        hosts: plugins that can serve.
        stages: every hook that a plugin has or may have, in the order of a turn.
        left_out: plugins that would not run.
        trust: whose plugins may run.
        pins: the list that they have to be on, None where there is none.
    """

    stops: tuple[str, ...]
    warnings: tuple[str, ...]
    personas: tuple[PlannedPersona, ...]
    hosts: tuple[str, ...]
    stages: tuple[Stage, ...]
    left_out: tuple[LeftOut, ...]
    trust: Trust
    pins: Path | None


def make_plan(host: PluginHost, settings: Settings) -> Plan:
    """The plan for a plugin host that is not activated.

    Args:
        host: the plugins with their static status.
        settings: the settings that the host was made with.
    """
    ready = [record for record in host.records if record.status is Status.READY]
    stages = [_Stage(hook, rules, ready, settings) for hook, rules in RULES.items() if rules.kinds]
    problems = [stage.problem() for stage in stages]
    stops = [
        *host.settings_problems(),
        *unknown_hooks(settings),
        *_required(host),
        *(problem.text for problem in problems if problem.certain),
    ]
    doubts = [f"may stop the start: {p.text}" for p in problems if p.text and not p.certain]
    return Plan(
        stops=tuple(dict.fromkeys(filter(None, stops))),
        warnings=(*host.warnings(), *order_warnings(host, settings), *dict.fromkeys(doubts)),
        personas=_personas(ready),
        hosts=tuple(record.name for record in ready if Kind.HOST in record.provides),
        stages=tuple(stage.written() for stage in stages if stage.has_plugins),
        left_out=tuple(
            LeftOut(r.name, _distribution(r), r.status, r.reason)
            for r in host.records
            if r.status is not Status.READY
        ),
        trust=settings.plugins.trust,
        pins=settings.plugins.pins,
    )


def order_warnings(host: PluginHost, settings: Settings) -> tuple[str, ...]:
    """A warning for every plugin under ``[order]`` that is not installed."""
    known = {record.name for record in host.records}
    return tuple(
        f"order.{hook} names {name!r}, which is not installed"
        for hook, names in settings.order.items()
        for name in names
        if name not in known
    )


@attrs.frozen
class _Problem:
    """Why an order cannot be made; empty where it can."""

    text: str = ""
    certain: bool = False


class _Stage:
    """One hook while its order is worked out."""

    def __init__(
        self, hook: str, rules: HookRules, ready: Sequence[PluginRecord], settings: Settings
    ) -> None:
        self._hook = hook
        self._rules = rules
        self._explicit = tuple(settings.order.get(hook, ()))
        self._file = settings.file
        self._records = {record.name: record for record in ready if self._may_have(record)}

    @property
    def has_plugins(self) -> bool:
        return bool(self._records)

    def problem(self) -> _Problem:
        """What would keep the registry from putting these plugins in order."""
        try:
            arrange(self._places(), self._explicit)
            if self._rules.family is Family.DECIDE or self._hook in ONE_ONLY:
                refuse_ambiguity(self._hook, self._places(), self._explicit, self._file)
        except PluginOrderError as error:
            return _Problem(str(error), self._certain)
        return _Problem()

    def written(self) -> Stage:
        return Stage(self._hook, self._rules.family, tuple(map(self._step, self._in_order())))

    @property
    def _certain(self) -> bool:
        """Whether every plugin of the kind has this hook: a generator generates."""
        return len(self._rules.kinds) == 1 and self._rules.kinds != (Kind.EXTENSION.value,)

    def _may_have(self, record: PluginRecord) -> bool:
        return record.candidate.has_code and bool(set(self._rules.kinds) & set(record.provides))

    def _places(self) -> list[Place]:
        return [_place(record.name, _manifest(record)) for record in self._records.values()]

    def _in_order(self) -> list[PluginRecord]:
        try:
            names = list(arrange(self._places(), self._explicit))
        except PluginOrderError:
            names = sorted(self._records)
        # As the registry has it: guards have the last word, unless the settings say otherwise.
        names.sort(key=self._is_late)
        return [self._records[name] for name in names]

    def _is_late(self, name: str) -> bool:
        return Kind.GUARD in self._records[name].provides and name not in self._explicit

    def _step(self, record: PluginRecord) -> Step:
        why = "; ".join(self._reasons(record)) or "by name"
        return Step(record.name, _distribution(record), self._certain, why)

    def _reasons(self, record: PluginRecord) -> Iterator[str]:
        if len(self._records) == 1:
            yield "the only one"
            return
        if record.name in self._explicit:
            yield f"listed in order.{self._hook}"
            return
        manifest = _manifest(record)
        for word, names in (("before", manifest.before), ("after", manifest.after)):
            present = [name for name in names if name in self._records]
            if present:
                yield f"{word} {', '.join(present)}"
        if manifest.fallback:
            yield "fallback, goes last"
        if self._is_late(record.name) and len(self._rules.kinds) > 1:
            yield "guard, goes after the others"


def _required(host: PluginHost) -> list[str]:
    try:
        host.check_required(Status.READY)
    except RequiredPluginError as error:
        return [sentence(error)]
    return []


def _personas(ready: Sequence[PluginRecord]) -> tuple[PlannedPersona, ...]:
    found: list[tuple[Persona, PluginRecord]] = [
        (record.manifest.persona, record)
        for record in ready
        if record.manifest and record.manifest.persona
    ]
    found.sort(key=lambda pair: (pair[0].rank, pair[0].name))
    return tuple(PlannedPersona(p.name, p.rank, _distribution(record)) for p, record in found)


def _place(name: str, manifest: Manifest) -> Place:
    return Place(name, manifest.before, manifest.after, manifest.fallback)


def _manifest(record: PluginRecord) -> Manifest:
    if record.manifest is None:
        raise LookupError(f"{record.name} is ready without a manifest")
    return record.manifest


def _distribution(record: PluginRecord) -> str:
    return f"{record.distribution} {record.version}"
