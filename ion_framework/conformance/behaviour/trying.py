"""Trying a plugin: a data-only one here, one with code in a process of its own with limits."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ion_framework.conformance.behaviour.following import followed
from ion_framework.conformance.behaviour.order import Order
from ion_framework.conformance.behaviour.world import answers, data_only_world
from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.subject import Subject
from ion_framework.manifest.model import FileAccess, Manifest
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.source_tree import is_source_tree
from ion_framework.running import run
from ion_framework.settings.plugin_values import variables_of


def behaviour_findings(subject: Subject) -> list[Finding]:
    """What comes to light when a plugin runs.

    Args:
        subject: a plugin without static errors.
    """
    record, manifest = subject.record, subject.manifest
    if manifest is None:
        return []
    if record.status is not Status.READY:
        return [found("not-tried", record.name, reason=record.reason)]
    if not subject.candidate.has_code:
        return run(answers(data_only_world(subject.candidate, subject.settings), subject.persona))
    if subject.candidate.factory is not None and not is_source_tree(subject.candidate):
        reason = "it lives in this process only; it can be tried from a folder or an installation"
        return [found("not-tried", record.name, reason=reason)]
    return _tried(subject, manifest)


def _tried(subject: Subject, manifest: Manifest) -> list[Finding]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        home = Path(scratch).resolve()
        for folder in (home / "tmp", home / "work"):
            folder.mkdir()
        result = followed(_order(subject, manifest), home)
    return [found(item.code, item.where, **item.values) for item in result]


def _order(subject: Subject, manifest: Manifest) -> Order:
    candidate, capabilities = subject.candidate, manifest.capabilities
    wanted = {
        *capabilities.environment,
        *(name for spec in manifest.settings.values() for name in variables_of(spec)),
    }
    return Order(
        name=candidate.name,
        distribution=candidate.distribution,
        path=str(subject.tree.folder) if subject.tree and is_source_tree(candidate) else "",
        settings=dict(subject.settings.plugin.get(candidate.name, {})),
        environ={name: text for name, text in subject.environ.items() if name in wanted},
        blocking=manifest.blocking,
        network=capabilities.network,
        files=capabilities.files is FileAccess.WRITE,
        reads=capabilities.files is not FileAccess.NONE,
        variables=sorted(wanted),
    )
