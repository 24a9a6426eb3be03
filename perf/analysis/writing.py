"""The files of a report: Markdown, JSON and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ion_framework.domain.language import Language
from perf.analysis.compare import Difference
from perf.analysis.diagram import diagram
from perf.analysis.gate import Broken
from perf.analysis.heatmap import heatmap
from perf.analysis.markdown import markdown
from perf.analysis.parts import ALL
from perf.analysis.report import Report, document
from perf.analysis.rows import InputError

REPORT_FILES = ("report.md", "report.json")


def pictures(report: Report) -> dict[str, str]:
    """The pictures by file name: of all messages, and of each language where there are two.

    Args:
        report: the report.
    """
    languages = [language.value for language in Language if language.value in report.parts]
    made = {}
    for name in (ALL, *(languages if len(languages) > 1 else ())):
        components = report.parts[name].components
        suffix = "" if name == ALL else f"-{name}"
        for component, scores in components.items():
            title = f"{component.value}, {name} ({scores.rows} messages)"
            made[f"confusion-{component.value}{suffix}.svg"] = heatmap(title, scores)
        title = f"confidence against accuracy, {name}"
        made[f"reliability{suffix}.svg"] = diagram(title, components)
    return made


def write(
    report: Report, folder: Path, compared: Sequence[Difference], failed: Sequence[Broken]
) -> None:
    """Write every file of a report; the folder is made where it does not exist.

    Args:
        report: the report.
        folder: where to.
        compared: differences to another report.
        failed: promises that are not kept.

    Raises:
        InputError: the folder cannot be written to.
    """
    drawn = pictures(report)
    text = markdown(report, tuple(drawn), compared, failed)
    contents = dict(zip(REPORT_FILES, (text, document(report)), strict=True)) | drawn
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_text(content, "utf-8")
    except OSError as error:
        raise InputError(f"--out {folder}: cannot be written to: {error.strerror}") from error
