"""What ``ion persona check`` and ``ion plugins check`` share: options, subjects, outcome."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from ion_framework.conformance.findings import Grade
from ion_framework.conformance.report import Report
from ion_framework.domain.language import Language
from ion_framework.settings.model import Settings

at_least_option = click.option(
    "--at-least",
    type=click.Choice([grade.value for grade in Grade if grade is not Grade.NONE]),
    default=Grade.BRONZE.value,
    show_default=True,
    help="Exit with 1 below this grade.",
)


def checked(what: str, settings: Settings) -> Report:
    """The report on a folder, or on an installed plugin by its name.

    Args:
        what: the folder or the name.
        settings: settings, of which the plugin's own table counts.

    Raises:
        click.UsageError: it is neither.
        PluginError: the folder holds no plugin.
    """
    from ion_framework.conformance.checking import check_installed, check_path
    from ion_framework.plugin_host.discovery import installed
    from ion_framework.plugin_host.source_tree import PYPROJECT

    path, names = Path(what), {candidate.name for candidate in installed()}
    # A folder that merely has the name of an installed plugin is not meant.
    if path.is_dir() and (what not in names or (path / PYPROJECT).is_file()):
        return check_path(path, settings=settings, environ=os.environ)
    if what not in names:
        raise click.UsageError(
            f"{what!r} is neither a folder nor the name of an installed plugin; "
            "ion plugins lists those"
        )
    return check_installed(what, settings=settings, environ=os.environ)


def exit_code(reports: Sequence[Report], wanted: Grade) -> int:
    """1 where a report is below a grade, else 0."""
    return int(any(not report.grade.reaches(wanted) for report in reports))


def write_svg(report: Report, file: Path, language: Language) -> None:
    """Write the heat map of a persona.

    Args:
        report: the report.
        file: where to.
        language: language of its sentences.

    Raises:
        click.UsageError: the plugin is no persona, or its manifest cannot be read.
        click.FileError: the file cannot be written.
    """
    from ion_framework.conformance.svg import svg_of

    if report.standing is None:
        raise click.UsageError(f"{report.subject} has no routing to draw")
    try:
        file.write_text(svg_of(report.standing, language), "utf-8")
    except OSError as error:
        raise click.FileError(str(file), error.strerror or str(error)) from error
