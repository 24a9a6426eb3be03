"""``ion plugins verify``: the installed plugins against a list of ``ion plugins freeze``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ion_framework.cli.failures import told
from ion_framework.cli.options import json_option, language_option
from ion_framework.cli.output import Output
from ion_framework.cli.tables import Cell, Table
from ion_framework.cli.texts import locale_language
from ion_framework.domain.language import Language
from ion_framework.plugin_host.discovery import installed
from ion_framework.plugin_host.trust_compare import Row, compare
from ion_framework.plugin_host.trust_pins import read_pins

_SUMMARIES = {
    Language.ENGLISH: (
        "Everything is as it was pinned ({count} plugins).",
        "{count} differences from what was pinned. Reinstall what is pinned, or, if you trust what "
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
    same, different = _SUMMARIES[language or locale_language(os.environ)]
    if rows:
        output.table(_table(rows))
        output.line()
    count = len(rows) or len(pins.plugin)
    output.line((different if rows else same).format(count=count, file=file))
    context.exit(1 if rows else 0)


def _table(rows: tuple[Row, ...]) -> Table:
    return Table(
        ("plugin", "difference", "distribution", "what differs"),
        tuple(
            (row.name, Cell(row.difference.value, "bad"), row.distribution, row.message)
            for row in rows
        ),
    )
