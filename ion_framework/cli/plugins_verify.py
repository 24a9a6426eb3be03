"""``ion plugins verify``: the installed plugins against a list of ``ion plugins freeze``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.failures import told
from ion_framework.cli.options import json_option, language_option
from ion_framework.cli.output import Output
from ion_framework.cli.tables import Cell, Table
from ion_framework.cli.texts import counted, locale_language
from ion_framework.cli.translating import translated
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.trust_compare import Row, compare
from ion_framework.plugin_host.trust_pins import read_pins

_HEADINGS = {
    Language.ENGLISH: ("plugin", "difference", "distribution", "what differs"),
    Language.KOREAN: ("플러그인", "차이", "배포 패키지", "내용"),
}

_SUMMARIES = {
    Language.ENGLISH: (
        "Everything is as it was pinned ({count} plugins).",
        "{differences} from what was pinned. Reinstall what is pinned, or, if you trust what "
        "is installed, pin anew: ion plugins freeze --out {file}",
    ),
    Language.KOREAN: (
        "모두 고정해 둔 그대로입니다(플러그인 {count}개).",
        "고정해 둔 것과 다른 점이 {count}건 있습니다. 고정한 것을 다시 설치하거나, 지금 설치된 "
        "것을 믿는다면 다시 고정하세요: ion plugins freeze --out {file}",
    ),
}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@language_option
@json_option
@click.pass_context
def verify(context: click.Context, file: Path, language: Language | None, as_json: bool) -> None:
    """Compare the installed plugins with FILE, which ion plugins freeze wrote.

    Shows what is missing, extra, of another version, has a changed file, or cannot be verified.
    Nothing is imported. The exit code is 1 where anything differs.
    """
    output = Output()
    with told():
        pins = read_pins(file)
        rows = compare(pins, installed())
    if as_json:
        output.json({"same": not rows, "differences": rows})
        context.exit(1 if rows else 0)
    chosen = language or locale_language(os.environ)
    same, different = _SUMMARIES[chosen]
    if rows:
        output.table(_table(rows, chosen))
        output.line()
    count = len(rows) or len(pins.plugin)
    said = different if rows else same
    output.line(said.format(count=count, differences=counted(count, "difference"), file=file))
    context.exit(1 if rows else 0)


def _table(rows: tuple[Row, ...], language: Language) -> Table:
    return Table(
        _HEADINGS[language],
        tuple(
            (
                row.name,
                Cell(row.difference.value, "bad"),
                row.distribution,
                translated(row.message, language),
            )
            for row in rows
        ),
    )
