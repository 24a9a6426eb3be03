"""The status of every candidate that can be known without importing it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from ion_framework.errors import ApiMismatchError, ManifestError
from ion_framework.manifest.model import Kind, Manifest
from ion_framework.manifest.reading import read_manifest
from ion_framework.plugin_host.discovery import Candidate, canonical
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.plugin_host.selection import why_disabled
from ion_framework.plugin_host.trust import Distrust, distrust_of
from ion_framework.settings.model import Settings
from ion_framework.settings.plugin_values import resolve

CAN_RUN = "can be activated"


def assess(
    candidates: tuple[Candidate, ...], settings: Settings, environ: Mapping[str, str]
) -> tuple[PluginRecord, ...]:
    """Judge every candidate; nothing is imported, nothing is left out.

    Args:
        candidates: what discovery found.
        settings: the settings.
        environ: the environment, for the variables that manifests name.

    Raises:
        SettingsError: only pinned plugins may run, and the pins cannot be read.
    """
    distrust = distrust_of(settings.plugins)
    records = [_assess(candidate, settings, environ, distrust) for candidate in candidates]
    return tuple(_conflicts(records))


def _assess(
    candidate: Candidate, settings: Settings, environ: Mapping[str, str], distrust: Distrust
) -> PluginRecord:
    manifest, status, problem = _manifest(candidate)
    disabled = why_disabled(candidate, settings.plugins)
    if disabled:
        return PluginRecord(candidate, Status.DISABLED, disabled, manifest)
    if manifest is None:
        return PluginRecord(candidate, status, problem)
    broken = _broken_contract(candidate, manifest)
    if broken:
        return PluginRecord(candidate, Status.INVALID, broken, manifest)
    sound = PluginRecord(candidate, Status.READY, CAN_RUN, manifest)
    return _settled(sound, manifest, settings, environ, distrust)


def _settled(
    record: PluginRecord,
    manifest: Manifest,
    settings: Settings,
    environ: Mapping[str, str],
    distrust: Distrust,
) -> PluginRecord:
    """A plugin that is sound in itself: whether settings and the operator's trust let it run."""
    given = settings.plugin.get(manifest.name, {})
    resolved = resolve(manifest.name, manifest.settings, given, environ, settings.file)
    if resolved.problems:
        reason = "its settings are wrong: " + "; ".join(resolved.problems)
        invalid = record.become(Status.INVALID, reason)
        return attrs.evolve(invalid, settings_problems=resolved.problems)
    record = attrs.evolve(record, settings=resolved.values)
    # One that is idle is verified as well: a source of secrets may still complete its settings.
    doubt = distrust(record.candidate)
    if doubt:
        return record.become(Status.UNTRUSTED, doubt)
    missing = missing_setting(manifest, resolved.values)
    return record.become(Status.IDLE, missing) if missing else record


def _manifest(candidate: Candidate) -> tuple[Manifest | None, Status, str]:
    known = candidate.manifest or candidate.read
    if known is not None:
        return known, Status.READY, ""
    if candidate.folder is None:
        return None, Status.INVALID, candidate.problem
    try:
        return read_manifest(candidate.folder, candidate.version), Status.READY, ""
    except ApiMismatchError as error:
        return None, Status.INCOMPATIBLE, str(error)
    except ManifestError as error:
        return None, Status.INVALID, str(error)


_WITHOUT_CODE = {Kind.PERSONA, Kind.HOST}


def _broken_contract(candidate: Candidate, manifest: Manifest) -> str:
    if manifest.name != candidate.name:
        return (
            f"its entry point is called {candidate.name!r} and its manifest {manifest.name!r}; "
            "give both the same name"
        )
    needs_code = not manifest.texts and not set(manifest.provides) <= _WITHOUT_CODE
    if needs_code and not candidate.has_code:
        return (
            f"its entry point {candidate.target!r} names no factory; write "
            f'{manifest.name} = "{candidate.package}.plugin:plugin"'
        )
    return ""


def missing_setting(manifest: Manifest, values: Mapping[str, object]) -> str:
    """The setting that a plugin needs and does not have, and how to give it; empty without one.

    Args:
        manifest: its manifest.
        values: its settings.
    """
    for group in manifest.needs:
        if not any(values.get(key) for key in group):
            ways = [
                f"{key} in [plugin.{manifest.name}]"
                + "".join(f" or {name}" for name in manifest.settings[key].env)
                for key in group
            ]
            return "needs a setting: " + ", or ".join(ways)
    return ""


def _conflicts(records: list[PluginRecord]) -> list[PluginRecord]:
    holders: dict[str, list[PluginRecord]] = {}
    for record in records:
        if record.status is not Status.DISABLED:
            holders.setdefault(record.name, []).append(record)
    return [_conflict(record, holders.get(record.name, [])) for record in records]


def _conflict(record: PluginRecord, holders: list[PluginRecord]) -> PluginRecord:
    if record.status is Status.DISABLED or len(holders) == 1:
        return record
    names = " and ".join(f"{held.distribution} {held.version}" for held in holders)
    others = [held for held in holders if held is not record]
    return record.become(
        Status.CONFLICT,
        f"the name {record.name!r} is brought by {names}; uninstall one, or disable it by its "
        f"distribution: plugins.disable = [{canonical(others[0].distribution)!r}]",
    )
