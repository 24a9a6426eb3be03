"""Trying a plugin: a data-only one here, one with code in a process of its own with limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ion_framework.conformance.behaviour.order import PROGRESS, Order, read_result
from ion_framework.conformance.behaviour.world import answers, data_only_world
from ion_framework.conformance.catalogue import found
from ion_framework.conformance.findings import Finding
from ion_framework.conformance.subject import Subject
from ion_framework.manifest.model import FileAccess, Manifest
from ion_framework.plugin_host.record import Status
from ion_framework.plugin_host.source_tree import is_source_tree
from ion_framework.running import run
from ion_framework.settings.plugin_values import variables_of

WHOLE_LIMIT_S = 120.0
"""Seconds after which the process that tries a plugin is ended."""


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
    with tempfile.TemporaryDirectory(prefix="ion-check-", ignore_cleanup_errors=True) as scratch:
        control = Path(scratch) / "control"
        home = Path(scratch) / "home"
        for folder in (control, home / "tmp", home / "work"):
            folder.mkdir(parents=True)
        _order(subject, manifest).write(control)
        ending = _run(control, home)
        result = read_result(control)
        if result is None:
            step = control / PROGRESS
            doing = step.read_text("utf-8") if step.is_file() else "its start"
            reason = f"{ending} at {doing}"
            return [found("behaviour-died", subject.record.name, reason=reason)]
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
    )


def _run(control: Path, home: Path) -> str:
    """Run the other process to its end; returns how it ended, in words."""
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-P", "-B", "-m", f"{__package__}.child", str(control), str(home)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=home / "work",
        env=_environment(home),
        start_new_session=True,
    )
    try:
        code = process.wait(WHOLE_LIMIT_S)
    except subprocess.TimeoutExpired:
        return f"it took longer than {WHOLE_LIMIT_S:g} s"
    finally:
        _end(process)
    if code < 0:
        return f"it ended by {signal.Signals(-code).name}"
    return f"it ended with the exit code {code}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, and whatever it has started and left behind."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.poll()  # nobody of its group is left
    else:
        process.kill()
    process.wait()


_KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")


def _environment(home: Path) -> Mapping[str, str]:
    """An environment without anybody's secrets, and with folders of its own."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    temporary = str(home / "tmp")
    return {
        **kept,
        "HOME": str(home),
        "TMPDIR": temporary,
        "TEMP": temporary,
        "TMP": temporary,
        "ION_DATA_DIR": str(home / "data"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
