"""Checking one plugin: everything that the kit knows, in the order in which causes come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ion_framework.conformance.behaviour.trying import behaviour_findings
from ion_framework.conformance.cast import cast_beside
from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding, Grade
from ion_framework.conformance.report import Report, make_report
from ion_framework.conformance.routing import (
    Standing,
    installed_findings,
    routing_findings,
    standing_of,
)
from ion_framework.conformance.static_code import code_findings
from ion_framework.conformance.static_manifest import manifest_findings
from ion_framework.conformance.static_package import package_findings
from ion_framework.conformance.subject import Subject, tree_beside
from ion_framework.domain.persona import Persona
from ion_framework.errors import PluginError
from ion_framework.plugin_host.assessment import assess
from ion_framework.plugin_host.discovery import Candidate, Source, installed
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.source_tree import candidate_of, source_tree_of
from ion_framework.settings.model import Settings


def check_path(
    path: Path,
    source: Source = installed,
    settings: Settings | None = None,
    environ: Mapping[str, str] | None = None,
) -> Report:
    """Check the plugin whose source lies in a folder; it need not be installed.

    Code of the plugin runs in a process of its own, within limits. Not to be called while an event
    loop runs in the same thread.

    Args:
        path: the project's folder, or one inside it.
        source: the plugins beside which it would run, which are told about and cost no grade; by
            default those that are installed.
        settings: settings, of which its own table ``[plugin.<name>]`` counts.
        environ: the environment that its settings are read from; by default empty.

    Raises:
        PluginError: there is no ``pyproject.toml``, or it names no plugin, or more than one.
    """
    subject = Subject(
        candidate_of(path), settings or Settings(), environ or {}, source_tree_of(path)
    )
    return _check(subject, source)


def check_installed(
    name: str,
    source: Source = installed,
    settings: Settings | None = None,
    environ: Mapping[str, str] | None = None,
) -> Report:
    """Check a plugin that is installed.

    Code of the plugin runs in a process of its own, within limits. Not to be called while an event
    loop runs in the same thread.

    Args:
        name: name of the plugin.
        source: the installed plugins.
        settings: settings, of which its own table ``[plugin.<name>]`` counts.
        environ: the environment that its settings are read from; by default empty.

    Raises:
        PluginError: no plugin of this name is there.
    """
    matching = [candidate for candidate in source() if candidate.name == name]
    if not matching:
        known = ", ".join(sorted({candidate.name for candidate in source()})) or "none"
        raise PluginError(f"no plugin {name!r} is installed; installed are: {known}")
    subject = Subject(matching[0], settings or Settings(), environ or {}, tree_beside(matching[0]))
    return _check(subject, source, tuple(_conflicts(matching)))


def _check(subject: Subject, source: Source, known: tuple[Finding, ...] = ()) -> Report:
    findings = [
        *known,
        *manifest_findings(subject),
        *package_findings(subject),
        *code_findings(subject),
    ]
    standing = None
    if subject.persona is not None:
        standing, odd = _routing(subject.persona, subject.candidate, source)
        findings += odd
    if not any(finding.blocks is Grade.BRONZE for finding in findings):
        findings += _unsaid(behaviour_findings(subject), findings)
    candidate = subject.candidate
    title = f"{candidate.name} ({candidate.distribution} {candidate.version})"
    return make_report(title, findings, standing)


def _unsaid(seen: Iterable[Finding], said: Iterable[Finding]) -> Iterable[Finding]:
    """What came to light besides what the text of the code has shown, with its place, already."""
    known = {(finding.code, finding.message) for finding in said}
    codes = {code for code, _ in known} & {"capability-environment-open"}
    return [
        finding
        for finding in seen
        if (finding.code, finding.message) not in known and finding.code not in codes
    ]


def _routing(
    persona: Persona, candidate: Candidate, source: Source
) -> tuple[Standing, list[Finding]]:
    """Graded beside the reference cast; what is installed here is only told about."""
    cast, here = cast_beside(persona.name), _installed_beside(candidate, source)
    standing = standing_of(persona, cast, here)
    graded = list(routing_findings(persona, cast, standing))
    # What is said beside the cast already need not be said again of those who are here.
    known = {finding.code.replace("routing-", "routing-here-") for finding in graded}
    notes = [note for note in installed_findings(persona, here) if note.code not in known]
    return standing, [*graded, *notes]


def _installed_beside(candidate: Candidate, source: Source) -> tuple[Persona, ...]:
    """The other personas that can run here."""
    rest = tuple(known for known in source() if known.name != candidate.name)
    return tuple(
        record.manifest.persona
        for record in assess(rest, Settings(), {})
        if record.status is Status.READY and record.manifest and record.manifest.persona
    )


def _conflicts(matching: Iterable[Candidate]) -> Iterable[Finding]:
    names = [f"{candidate.distribution} {candidate.version}" for candidate in matching]
    if len(names) > 1:
        (name,) = {candidate.name for candidate in matching}
        yield found("name-conflict", name, name=name, distributions=", ".join(names))
