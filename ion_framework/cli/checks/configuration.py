"""The settings: file, environment, names of plugins, and the folder for data."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ion_framework.cli.checks.finding import Finding, error, ok, warning
from ion_framework.errors import SettingsError
from ion_framework.manifest.model import FileAccess
from ion_framework.plugin_host.record import PluginRecord, Status
from ion_framework.settings.fallback import fallback_settings
from ion_framework.settings.loading import CommandLine, load_settings
from ion_framework.settings.model import Settings


def check_settings(environ: Mapping[str, str], line: CommandLine) -> tuple[Settings, list[Finding]]:
    """The settings, and what is wrong with them; where they cannot be read, others to go on with.

    Args:
        environ: the environment.
        line: what the command line says.
    """
    try:
        settings = load_settings(environ, line)
    except SettingsError as failure:
        fix = "correct it; until then the rest was tested with the default settings"
        findings = [error("settings", problem, fix=fix) for problem in failure.problems]
        return fallback_settings(environ, line), findings
    return settings, [ok("settings", "readable")]


def check_names(warnings: Iterable[str]) -> list[Finding]:
    """A finding for every name of a plugin, variable, hook or command that leads nowhere."""
    return [warning("settings", text, fix="correct the name, or remove it") for text in warnings]


def check_data_folder(settings: Settings, records: Iterable[PluginRecord]) -> Finding:
    """Whether the folder for data can be written to, or be made."""
    folder = settings.folder()
    problem = _why_not_writable(folder)
    if not problem:
        return ok("data folder", f"{folder} can be written to")
    writers = [
        record.name
        for record in records
        if record.status in (Status.READY, Status.ACTIVE)
        and record.manifest
        and record.manifest.capabilities.files is FileAccess.WRITE
    ]
    message = f"{folder} cannot be written to: {problem}"
    fix = "give yourself the right to write there, or set ION_DATA_DIR to another folder"
    if writers:
        return error("data folder", message, cause=f"needed by {', '.join(writers)}", fix=fix)
    return warning("data folder", message, cause="no plugin needs it so far", fix=fix)


def _why_not_writable(folder: Path) -> str:
    """Why nothing can be written there; tried where the folder exists, judged where it does not."""
    if not folder.exists():
        parent = next(parent for parent in folder.parents if parent.exists())
        if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
            return ""
        return f"it does not exist and cannot be made in {parent}"
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as failure:
        return failure.strerror or str(failure)
